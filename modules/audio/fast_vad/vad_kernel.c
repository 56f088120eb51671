#include "vad_kernel.h"

void
vad_init(struct vad *v, const struct vad_options *options)
{
	vad_features_init(&v->features);
	vad_net_init(&v->net);
	v->options = *options;
	vad_reset(v);
}

void
vad_reset(struct vad *v)
{
	vad_features_reset(&v->features);
	vad_net_reset(&v->net);
	v->in_speech = 0;
	v->held = 0;
	v->n_rest = 0;
	v->last_probability = 0.0f;
	v->last_snr_db = 0.0f;
}

/* Hysteresis and hold. */
static int
decide(struct vad *v, float probability)
{
	if (probability >= v->options.threshold) {
		v->in_speech = 1;
		v->held = 0;
	} else if (v->in_speech && probability < v->options.threshold - 0.15f) {
		v->in_speech = v->held < v->options.hold;
		v->held++;
	}
	return v->in_speech;
}

static void
take_frame(struct vad *v, const int16_t *hop, struct vad_summary *sum, float *probabilities)
{
	vad_features_hop(&v->features, hop);
	float both[2];
	vad_net_step(&v->net, v->features.x, both);
	float p = both[v->options.low_latency ? 0 : 1];
	if (probabilities != NULL) {
		probabilities[sum->frames] = p;
	}
	sum->frames++;
	sum->speech_frames += decide(v, p) ? 1 : 0;
	sum->probability += p;
	sum->energy += v->features.rms;
	v->last_probability = p;
	v->last_snr_db = v->features.snr_db;
}

void
vad_push(struct vad *v, const int16_t *pcm, uint32_t n, struct vad_summary *out, float *probabilities)
{
	struct vad_summary sum = {0};
	while (v->n_rest + n >= VAD_HOP) {
		uint32_t take = VAD_HOP - v->n_rest;
		if (v->n_rest == 0) {
			take_frame(v, pcm, &sum, probabilities);
		} else {
			for (uint32_t i = 0; i < take; i++) {
				v->rest[v->n_rest + i] = pcm[i];
			}
			take_frame(v, v->rest, &sum, probabilities);
			v->n_rest = 0;
		}
		pcm += take;
		n -= take;
	}
	for (uint32_t i = 0; i < n; i++) {
		v->rest[v->n_rest + i] = pcm[i];
	}
	v->n_rest += n;
	sum.last = v->last_probability;
	sum.snr_db = v->last_snr_db;
	sum.latency_ms = v->options.low_latency ? 0 : VAD_LOOKAHEAD * 10;
	if (sum.frames == 0) {
		sum.probability = v->last_probability;
		sum.is_speech = v->in_speech;
	} else {
		float frames = (float)sum.frames;
		sum.probability /= frames;
		sum.energy /= frames;
		sum.is_speech = (float)sum.speech_frames >= v->options.speech_ratio * frames && sum.speech_frames > 0;
	}
	*out = sum;
}

float
vad_confidence(const struct vad_summary *s)
{
	return s->is_speech ? s->probability : 1.0f - s->probability;
}
