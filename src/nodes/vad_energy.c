#include "nodes/vad_energy.h"

#include <math.h>
#include <string.h>

enum { PAIRWISE_BLOCK = 128 };

/* Sum of squares in the order of NumPy's pairwise summation: eight running sums per block of up to 128, blocks in halves. */
static float
block_of_squares(const float *x, size_t n)
{
	float r[8];
	size_t i;
	if (n < 8) {
		float sum = -0.0F;
		for (i = 0; i < n; i++) {
			sum += x[i] * x[i];
		}
		return sum;
	}
	for (i = 0; i < 8; i++) {
		r[i] = x[i] * x[i];
	}
	for (; i < n - n % 8; i += 8) {
		for (size_t k = 0; k < 8; k++) {
			r[k] += x[i + k] * x[i + k];
		}
	}
	float sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
	for (; i < n; i++) {
		sum += x[i] * x[i];
	}
	return sum;
}

static float
sum_of_squares(const float *x, size_t n)
{
	if (n <= PAIRWISE_BLOCK) {
		return block_of_squares(x, n);
	}
	size_t half = n / 2;
	half -= half % 8;
	return sum_of_squares(x, half) + sum_of_squares(x + half, n - half);
}

void
rmi_vad_energy_mono(float *samples, uint32_t channels, size_t frames)
{
	for (size_t i = 0; i < frames && channels > 1; i++) {
		float sum = samples[i * channels];
		for (uint32_t c = 1; c < channels; c++) {
			sum += samples[i * channels + c];
		}
		samples[i] = sum / (float)channels;
	}
}

/* Insertion sort of at most 100 values. */
static void
sort_values(float *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		float x = v[i];
		size_t k = i;
		for (; k > 0 && v[k - 1] > x; k--) {
			v[k] = v[k - 1];
		}
		v[k] = x;
	}
}

/* Before the item's own frames enter the history. */
static float
adaptive_threshold(const struct rmi_vad_energy *v, double energy_threshold)
{
	if (v->n == 0) {
		return (float)energy_threshold;
	}
	float sorted[RMI_VAD_ENERGY_HISTORY];
	memcpy(sorted, v->history, v->n * sizeof sorted[0]);
	sort_values(sorted, v->n);
	float floor = sorted[(size_t)((double)v->n * 0.3)];
	float adaptive = floor * 2.5F;
	return 0.7F * adaptive + (float)(0.3 * energy_threshold);
}

static void
remember(struct rmi_vad_energy *v, float energy)
{
	if (v->n == RMI_VAD_ENERGY_HISTORY) {
		memmove(v->history, v->history + 1, (RMI_VAD_ENERGY_HISTORY - 1) * sizeof v->history[0]);
		v->n--;
	}
	v->history[v->n++] = energy;
}

void
rmi_vad_energy_item(struct rmi_vad_energy *v, const struct rmi_vad_energy_options *o, const float *mono, size_t n,
    struct rmi_vad_energy_result *out)
{
	struct rmi_vad_energy_result r = {
	    .frames = n / o->frame, .threshold = adaptive_threshold(v, o->energy_threshold)};
	float total = 0.0F;
	for (size_t i = 0; i < r.frames; i++) {
		float energy = sqrtf(sum_of_squares(mono + i * o->frame, o->frame) / (float)o->frame);
		total += energy;
		remember(v, energy);
		r.speech_frames += energy > r.threshold ? 1 : 0;
	}
	size_t divisor = r.frames > 0 ? r.frames : 1;
	r.avg_energy = total / (float)divisor;
	r.speech_ratio = (double)r.speech_frames / (double)divisor;
	r.is_speech = r.speech_ratio >= o->speech_threshold;
	*out = r;
}
