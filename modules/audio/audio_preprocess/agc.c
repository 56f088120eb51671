#include "agc.h"

#include "fmath.h"

enum { LEVEL_HOPS_MIN = 8, LEVEL_HOPS_MAX = 300 }; /* of 10 ms */

/* Speech measures this much more in its own 10 ms than in the blocks of BS.1770, which hold short pauses too. */
static const float PAUSES_LU = 1.8f;
static const float DOWN_S = 0.01f;
static const float UP_S = 0.3f;

void
agc_init(struct agc *a, uint32_t rate, uint32_t channels, float target_lufs, float max_gain_db)
{
	const struct vad_options o = {.threshold = 0.5f, .speech_ratio = 0.3f, .hold = 0, .low_latency = 1};
	a->rate = rate;
	a->channels = channels;
	a->hop = rate / 100;
	a->target = target_lufs;
	a->max_gain_db = max_gain_db;
	a->down = 1.0f - fm_exp(-1.0f / (DOWN_S * (float)rate));
	a->up = 1.0f - fm_exp(-1.0f / (UP_S * (float)rate));
	a->filter = k_weight_of(rate);
	vad_init(&a->vad, &o);
	if (rate != VAD_RATE_HZ) {
		(void)polyphase_init(&a->ear, rate, VAD_RATE_HZ, 1, POLYPHASE_COARSE);
	}
	agc_reset(a);
}

void
agc_reset(struct agc *a)
{
	a->gain = 1.0f;
	a->wanted = 1.0f;
	for (uint32_t c = 0; c < POLYPHASE_CHANNELS; c++) {
		a->state[c] = (struct k_weight_state){0};
	}
	a->hop_energy = 0.0;
	a->in_hop = 0;
	a->level = 0.0;
	a->level_hops = 0;
	a->in_speech = 0;
	a->n_mono = 0;
	vad_reset(&a->vad);
	if (a->rate != VAD_RATE_HZ) {
		polyphase_reset(&a->ear);
	}
}

static int16_t
to_s16(float x)
{
	x *= 32768.0f;
	x = x > 32767.0f ? 32767.0f : x < -32768.0f ? -32768.0f : x;
	return (int16_t)x;
}

/* Give the detector what it has not heard yet. */
static void
listen(struct agc *a)
{
	enum { ROOM = 2048 };
	float made[ROOM];
	int16_t pcm[ROOM];
	struct vad_summary s;
	const float *x = a->mono;
	uint32_t n = a->n_mono;
	if (a->rate != VAD_RATE_HZ) {
		const float *in[1] = {a->mono};
		float *out[1] = {made};
		n = polyphase_push(&a->ear, in, a->n_mono, out);
		x = made;
	}
	for (uint32_t i = 0; i < n; i++) {
		pcm[i] = to_s16(x[i]);
	}
	a->n_mono = 0;
	vad_push(&a->vad, pcm, n, &s, NULL);
	a->in_speech = s.is_speech;
}

/* Ten milliseconds are over. */
static void
end_hop(struct agc *a)
{
	listen(a);
	double power = a->hop_energy / (double)a->hop;
	a->hop_energy = 0.0;
	a->in_hop = 0;
	if (!a->in_speech || (a->level_hops >= LEVEL_HOPS_MIN && power < a->level * 0.1)) {
		return;
	}
	a->level_hops += a->level_hops < LEVEL_HOPS_MAX ? 1 : 0;
	a->level += (power - a->level) / (double)a->level_hops;
	if (a->level_hops >= LEVEL_HOPS_MIN) {
		float db = a->target + PAUSES_LU - loudness_of_power(a->level);
		db = db > a->max_gain_db ? a->max_gain_db : db < -30.0f ? -30.0f : db;
		a->wanted = fm_from_db(db);
	}
}

/* Up to the end of the hop. */
static void
level_piece(struct agc *a, float *const *x, uint32_t at, uint32_t n)
{
	float scale = 1.0f / (float)a->channels;
	for (uint32_t i = 0; i < n; i++) {
		float sum = 0.0f;
		for (uint32_t c = 0; c < a->channels; c++) {
			sum += x[c][at + i];
		}
		a->mono[a->n_mono++] = sum * scale;
	}
	for (uint32_t c = 0; c < a->channels; c++) {
		a->hop_energy += k_weight_energy(&a->filter, &a->state[c], x[c] + at, n);
	}
	for (uint32_t i = at; i < at + n; i++) {
		a->gain += (a->wanted - a->gain) * (a->wanted < a->gain ? a->down : a->in_speech ? a->up : 0.0f);
		for (uint32_t c = 0; c < a->channels; c++) {
			x[c][i] *= a->gain;
		}
	}
	a->in_hop += n;
}

void
agc_run(struct agc *a, float *const *x, uint32_t n)
{
	for (uint32_t at = 0; at < n;) {
		uint32_t take = a->hop - a->in_hop;
		take = take < n - at ? take : n - at;
		take = take < POLYPHASE_BLOCK - a->n_mono ? take : POLYPHASE_BLOCK - a->n_mono;
		level_piece(a, x, at, take);
		at += take;
		if (a->in_hop == a->hop) {
			end_hop(a);
		} else if (a->n_mono == POLYPHASE_BLOCK) {
			listen(a);
		}
	}
}
