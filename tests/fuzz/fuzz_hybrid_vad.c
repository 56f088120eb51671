/* A module as its host sees it: configuration, the answer of a service, and audio, all of them anything. */

#include <stdlib.h>
#include "../unit/modules/rust_twin.h"
#include "../unit/modules/guest_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next piece as a string of its own size. */
static char *
cut(const uint8_t **data, size_t *size)
{
	size_t n = *size > 0 ? (*data)[0] % *size : 0;
	char *piece = calloc(1, n + 1);
	memcpy(piece, *data + (*size > 0), n);
	*data += *size > 0 ? n + 1 : 0;
	*size -= *size > 0 ? n + 1 : 0;
	return piece;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t out[512];
	uint32_t room = sizeof out;
	char *config = cut(&data, &size);
	char *reply = cut(&data, &size);
	uint8_t *audio = malloc(size + 1);
	memcpy(audio, data, size);
	host.reply = reply;
	memset(&rme_guest, 0, sizeof rme_guest);
	if (rme_export_configure(config, (uint32_t)strlen(config)) >= 0) {
		int r = rme_export_process(audio, (uint32_t)size, out, &room);
		float c = rme_export_confidence();
		if (r >= 0 && (room == 0 || room > sizeof out || !(c >= 0.0f && c <= 1.0f))) {
			abort();
		}
	}
	free(audio);
	free(config);
	free(reply);
	return 0;
}
