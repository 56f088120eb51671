/* simple_tts as its host sees it: a configuration, a NUL, a text; both anything. */

#include <stdlib.h>
#include "simple_tts/simple_tts.c"
#include "../unit/modules/guest_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES_MAX = 400 }; /* a fuzzer has no time for more */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[2 * CHUNK_SAMPLES];
	const uint8_t *end = memchr(data, 0, size);
	size_t config = end != NULL ? (size_t)(end - data) : 0;
	size_t text = size - config - (end != NULL);
	uint8_t *copy = malloc(text + 1); /* its own size, so that a byte too far is noticed */
	memcpy(copy, data + size - text, text);
	memset(&rme_guest, 0, sizeof rme_guest);
	if (rme_export_configure((const char *)data, (uint32_t)config) >= 0) {
		uint32_t room = sizeof out;
		int r = rme_export_process(copy, (uint32_t)text, out, &room);
		for (int i = 0; r >= 0 && room > 0 && i < PIECES_MAX; i++) {
			room = sizeof out;
			r = rme_export_next(out, &room);
		}
		if (r >= 0 && room > sizeof out) {
			abort();
		}
	}
	free(copy);
	return 0;
}
