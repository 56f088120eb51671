#include "peak_limiter.h"

#include "fmath.h"

static const double ONE = 1073741824.0; /* 2^30 */

/* Interpolators of the oversampling: sinc with a Hann window, scaled to pass a constant. */
static void
make_phases(struct peak_limiter *l)
{
	double most = 1.0;
	for (uint32_t f = 0; f < 3; f++) {
		double sum = 0.0;
		double size = 0.0;
		double h[LIMITER_TAPS];
		for (uint32_t k = 0; k < LIMITER_TAPS; k++) {
			double t = (double)k - (double)(LIMITER_TAPS / 2 - 1) - (double)(f + 1) / 4.0;
			double window = 0.5 + 0.5 * fm_sin_pi(0.5 + t / (double)(LIMITER_TAPS / 2 + 1));
			h[k] = fm_sin_pi(t) / (3.14159265358979323846 * t) * window;
			sum += h[k];
			size += h[k] < 0.0 ? -h[k] : h[k];
		}
		most = size / sum > most ? size / sum : most;
		for (uint32_t k = 0; k < LIMITER_TAPS; k++) {
			l->phase[f][k] = (float)(h[k] / sum);
		}
	}
	l->near = l->ceiling * (float)(0.99 / most);
}

void
peak_limiter_init(struct peak_limiter *l, uint32_t rate, uint32_t channels, float ceiling_db)
{
	l->channels = channels;
	l->ahead = rate / 500;
	l->delay = l->ahead + LIMITER_TAPS / 2;
	l->ceiling = fm_from_db(ceiling_db - 0.1f); /* between four points a peak can be a little higher */
	l->release = 1.0 / (0.05 * (double)rate);
	make_phases(l);
	peak_limiter_reset(l);
}

void
peak_limiter_reset(struct peak_limiter *l)
{
	for (uint32_t c = 0; c < LIMITER_CHANNELS; c++) {
		for (uint32_t i = 0; i < 2 * LIMITER_TAPS; i++) {
			l->recent[c][i] = 0.0f;
		}
		for (uint32_t i = 0; i < LIMITER_DELAY_MAX; i++) {
			l->line[c][i] = 0.0f;
		}
	}
	for (uint32_t i = 0; i < LIMITER_AHEAD_MAX; i++) {
		l->held[i] = (int32_t)ONE;
	}
	l->recent_at = 0;
	l->quiet = LIMITER_TAPS;
	l->calm = LIMITER_CALM;
	l->line_at = 0;
	l->wanted = 1.0;
	l->queue_head = 0;
	l->queue_len = 0;
	l->now = 0;
	l->held_at = 0;
	l->held_sum = (int64_t)ONE * l->ahead;
}

static float
size_of(float x)
{
	return x < 0.0f ? -x : x;
}

/* Largest true peak of all channels around the sample LIMITER_TAPS / 2 ago. */
static float
true_peak(const struct peak_limiter *l)
{
	float peak = 0.0f;
	for (uint32_t c = 0; c < l->channels; c++) {
		const float *w = l->recent[c] + l->recent_at;
		float x = size_of(w[LIMITER_TAPS / 2 - 1]);
		peak = x > peak ? x : peak;
		for (uint32_t f = 0; f < 3; f++) {
			float y = size_of(f4_dot(w, l->phase[f], LIMITER_TAPS));
			peak = y > peak ? y : peak;
		}
	}
	return peak;
}

/* Take one sample of each channel. @return the true peak, or 0 where it is surely under the ceiling */
static float
listen(struct peak_limiter *l, float *const *x, uint32_t i)
{
	float sample_peak = 0.0f;
	for (uint32_t c = 0; c < l->channels; c++) {
		float v = x[c][i];
		l->recent[c][l->recent_at] = v;
		l->recent[c][l->recent_at + LIMITER_TAPS] = v;
		float size = size_of(v);
		sample_peak = size > sample_peak ? size : sample_peak;
	}
	l->recent_at = (l->recent_at + 1) % LIMITER_TAPS;
	l->quiet = sample_peak > l->near ? 0 : l->quiet + (l->quiet < LIMITER_TAPS ? 1 : 0);
	return l->quiet < LIMITER_TAPS ? true_peak(l) : 0.0f;
}

/* The smallest gain of the last `ahead` + 1 samples: a queue of candidates (Lemire, 2006). */
static float
hold(struct peak_limiter *l, float gain)
{
	uint32_t room = l->ahead + 1;
	while (l->queue_len > 0 && l->queue_gain[(l->queue_head + l->queue_len - 1) % room] >= gain) {
		l->queue_len--;
	}
	uint32_t end = (l->queue_head + l->queue_len) % room;
	l->queue_gain[end] = gain;
	l->queue_time[end] = l->now;
	l->queue_len++;
	if (l->now - l->queue_time[l->queue_head] > l->ahead) {
		l->queue_head = (l->queue_head + 1) % room;
		l->queue_len--;
	}
	l->now++;
	return l->queue_gain[l->queue_head];
}

/* Gain for the sample that leaves now, from the peak of the one that arrives. */
static float
gain_for(struct peak_limiter *l, float peak)
{
	float need = peak > l->ceiling ? l->ceiling / peak : 1.0f;
	if (need == 1.0f && l->calm == LIMITER_CALM) { /* the ring holds ones alone, and the queue nothing else */
		l->now++;
		return 1.0f;
	}
	float held = hold(l, need);
	l->wanted += (1.0 - l->wanted) * l->release;
	l->wanted = l->wanted < (double)held ? l->wanted : (double)held;
	l->wanted = l->wanted > 0.99999 && held == 1.0f ? 1.0 : l->wanted;
	l->calm = l->wanted < 1.0 ? 0 : l->calm + 1;
	int32_t units = (int32_t)(l->wanted * ONE);
	l->held_sum += units - l->held[l->held_at];
	l->held[l->held_at] = units;
	l->held_at = l->held_at + 1 < l->ahead ? l->held_at + 1 : 0;
	return (float)((double)l->held_sum / (ONE * (double)l->ahead));
}

void
peak_limiter_run(struct peak_limiter *l, float *const *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		float peak = listen(l, x, i);
		float gain = gain_for(l, peak);
		for (uint32_t c = 0; c < l->channels; c++) {
			float out = l->line[c][l->line_at];
			l->line[c][l->line_at] = x[c][i];
			x[c][i] = out * gain;
		}
		l->line_at = l->line_at + 1 < l->delay ? l->line_at + 1 : 0;
	}
}
