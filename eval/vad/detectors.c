#include "detectors.h"

#include <speex/speex_preprocess.h>
#include <stdlib.h>
#include <string.h>

#include "nodes/vad_energy.h"
#include "sound.h"
#include "vad_kernel.h"

static void
run_vad(const int16_t *pcm, size_t n, float *score, uint8_t *decision, int low_latency)
{
	struct vad *v = need(malloc(sizeof *v));
	const struct vad_options o = {.threshold = 0.5f, .speech_ratio = 0.3f, .low_latency = low_latency};
	vad_init(v, &o);
	for (size_t k = 0; k < n / VAD_HOP; k++) {
		struct vad_summary s;
		vad_push(v, pcm + k * VAD_HOP, VAD_HOP, &s, score + k);
		decision[k] = s.speech_frames > 0;
	}
	free(v);
}

static void
run_fast(const int16_t *pcm, size_t n, float *score, uint8_t *decision)
{
	run_vad(pcm, n, score, decision, 0);
}

static void
run_low(const int16_t *pcm, size_t n, float *score, uint8_t *decision)
{
	run_vad(pcm, n, score, decision, 1);
}

/* The detector of existing services, in items of one 30 ms frame; the score is the ratio to its threshold. */
static void
run_energy(const int16_t *pcm, size_t n, float *score, uint8_t *decision)
{
	struct rmi_vad_energy v = {.n = 0};
	const struct rmi_vad_energy_options o = {.frame = 480, .energy_threshold = 0.02, .speech_threshold = 0.3};
	for (size_t k = 0; k + 3 <= n / VAD_HOP; k += 3) {
		float mono[480];
		struct rmi_vad_energy_result r;
		for (size_t i = 0; i < 480; i++) {
			mono[i] = (float)pcm[k * VAD_HOP + i] / 32768.0f;
		}
		rmi_vad_energy_item(&v, &o, mono, 480, &r);
		for (size_t j = 0; j < 3; j++) {
			score[k + j] = r.avg_energy / r.threshold;
			decision[k + j] = r.is_speech;
		}
	}
}

static void
run_speex(const int16_t *pcm, size_t n, float *score, uint8_t *decision)
{
	SpeexPreprocessState *s = speex_preprocess_state_init(2 * VAD_HOP, VAD_RATE_HZ);
	int on = 1;
	(void)speex_preprocess_ctl(s, SPEEX_PREPROCESS_SET_VAD, &on);
	for (size_t k = 0; k + 2 <= n / VAD_HOP; k += 2) {
		int16_t frame[2 * VAD_HOP];
		int percent = 0;
		memcpy(frame, pcm + k * VAD_HOP, sizeof frame);
		int speech = speex_preprocess_run(s, frame);
		(void)speex_preprocess_ctl(s, SPEEX_PREPROCESS_GET_PROB, &percent);
		for (size_t j = 0; j < 2; j++) {
			score[k + j] = (float)percent;
			decision[k + j] = speech != 0;
		}
	}
	speex_preprocess_state_destroy(s);
}

const struct detector detectors[] = {
    {"fast_vad", run_fast, VAD_LOOKAHEAD},
    {"no delay", run_low, 0},
    {"energy", run_energy, 0},
    {"speexdsp", run_speex, 0},
};
const size_t detectors_n = sizeof detectors / sizeof detectors[0];
