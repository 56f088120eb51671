/* A recognizer whose model and audio are anything: two bytes say how much of the input is audio, the rest is the model. */

#include <stdlib.h>
#include "simple_asr/simple_asr.c"
#include "../unit/modules/guest_host.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AUDIO_MAX = 3000, MODEL_MAX = 1 << 20 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[65536];
	static _Alignas(16) uint8_t audio[AUDIO_MAX];
	uint32_t room = sizeof out;
	uint32_t n = size >= 2 ? (uint32_t)(data[0] | data[1] << 8) % AUDIO_MAX : 0;
	if (size < 2 || n > size - 2 || size > MODEL_MAX) {
		return 0;
	}
	uint32_t len = (uint32_t)(size - 2 - n);
	uint8_t *model = aligned_alloc(16, (len + 16) & ~15u);
	memcpy(audio, data + 2, n);
	memcpy(model, data + 2 + n, len);
	rme_guest.state.has_model = rme_guest.state.ready = rme_guest.configured = 0;
	if (rme_export_asset("model", 5, model, len) >= 0 && rme_export_configure("{}", 2) >= 0) {
		int r = rme_export_process(audio, n, out, &room);
		float c = rme_export_confidence();
		if (r >= 0 && (room == 0 || room > sizeof out || !(c >= 0.0f && c <= 1.0f))) {
			abort();
		}
	}
	free(model);
	return 0;
}
