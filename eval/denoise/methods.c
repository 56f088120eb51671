#include "methods.h"

#include <speex/speex_preprocess.h>
#include <stdlib.h>
#include <string.h>

#include "denoise.h"
#include "sound.h"
#if EVAL_WEBRTC
#include "webrtc_ns.h"
#endif

const char *const method_names[METHODS] = {"noisy", "denoise asr", "denoise listen", "speexdsp", "webrtc NS"};

int
method_is_there(enum method m)
{
	return m != METHOD_WEBRTC || EVAL_WEBRTC;
}

static void
run_denoise(enum denoise_profile profile, const int16_t *in, size_t n, int16_t *out)
{
	struct denoise *d = need(malloc(sizeof *d));
	int16_t *room = need(calloc(n + 1024, sizeof *room));
	denoise_init(d, profile);
	size_t made = denoise_push(d, in, (uint32_t)n, room);
	made += denoise_flush(d, room + made);
	memcpy(out, room, (made < n ? made : n) * sizeof *out);
	free(room);
	free(d);
}

/* 16 ms frames, at most -15 dB as it comes; its output is 16 ms late. */
static void
run_speex(const int16_t *in, size_t n, int16_t *out)
{
	enum { FRAME = 256 };
	SpeexPreprocessState *s = speex_preprocess_state_init(FRAME, SOUND_RATE);
	int16_t frame[FRAME];
	for (size_t at = 0; at < n + FRAME; at += FRAME) {
		memset(frame, 0, sizeof frame);
		if (at < n) {
			memcpy(frame, in + at, (n - at < FRAME ? n - at : FRAME) * sizeof *frame);
		}
		(void)speex_preprocess_run(s, frame);
		if (at >= FRAME) {
			size_t to = at - FRAME;
			memcpy(out + to, frame, (n - to < FRAME ? n - to : FRAME) * sizeof *frame);
		}
	}
	speex_preprocess_state_destroy(s);
}

void
method_run(enum method m, const int16_t *in, size_t n, int16_t *out)
{
	memcpy(out, in, n * sizeof *out);
	switch (m) {
	case METHOD_ASR:
		run_denoise(DENOISE_ASR, in, n, out);
		break;
	case METHOD_LISTEN:
		run_denoise(DENOISE_LISTEN, in, n, out);
		break;
	case METHOD_SPEEX:
		run_speex(in, n, out);
		break;
	case METHOD_WEBRTC:
#if EVAL_WEBRTC
		webrtc_ns_run(in, n, out);
#endif
		break;
	case METHOD_NONE:
	case METHODS:
	default:
		break;
	}
}
