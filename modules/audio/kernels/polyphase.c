#include "polyphase.h"

#include <stddef.h>

#include "fmath.h"

struct design {
	double zeros;    /* zero crossings of the sinc on each side */
	double beta;     /* of the window */
	double roll_off; /* cutoff as a share of the lower of the two Nyquist frequencies */
};

static const struct design designs[] = {{8, 6.0, 0.86}, {32, 11.4, 0.94}, {48, 12.0, 0.95}};

enum { UP_MAX = 640, DOWN_MAX = 2048, FINE_PHASES = 2048 };

/* Modified Bessel function of order 0, by its series in (x/2)^2. */
static double
bessel_i0(double quarter_square)
{
	double term = 1.0;
	double sum = 1.0;
	for (int k = 1; k < 40 && term > sum * 1e-12; k++) {
		term *= quarter_square / (double)(k * k);
		sum += term;
	}
	return sum;
}

/* The filter's shape: constant over a table. */
struct shape {
	double cutoff;     /* in half cycles per input sample */
	double half_width; /* input samples */
	double quarter_beta_square, window_scale;
};

/* The filter at @p t input samples from its center. */
static double
kernel_at(const struct shape *s, double t)
{
	double u = t / s->half_width;
	if (u <= -1.0 || u >= 1.0) {
		return 0.0;
	}
	double window = bessel_i0(s->quarter_beta_square * (1.0 - u * u)) * s->window_scale;
	double x = t * s->cutoff;
	double sinc = x > -1e-9 && x < 1e-9 ? 1.0 : fm_sin_pi(x) / (3.14159265358979323846 * x);
	return s->cutoff * sinc * window;
}

/* A row of the table, scaled to pass a constant unchanged. */
static void
fill_row(float *row, const struct shape *s, uint32_t taps, double shift)
{
	double sum = 0.0;
	for (uint32_t k = 0; k < taps; k++) {
		double v = kernel_at(s, (double)k - (double)(taps / 2 - 1) - shift);
		row[k] = (float)v;
		sum += v;
	}
	float scale = (float)(1.0 / sum);
	for (uint32_t k = 0; k < taps; k++) {
		row[k] *= scale;
	}
}

/* Row f of n stands for outputs that lie f/n past the input sample left of the filter's middle; row n - f is row f backwards. */
static void
fill_table(struct polyphase *p, const struct shape *s)
{
	uint32_t last = p->interpolate ? p->phases : p->phases - 1;
	for (uint32_t f = 0; f <= last; f++) {
		float *row = p->table + (size_t)f * p->taps;
		if (2 * f <= p->phases) {
			fill_row(row, s, p->taps, (double)f / (double)p->phases);
			continue;
		}
		const float *other = p->table + (size_t)(p->phases - f) * p->taps;
		for (uint32_t k = 0; k < p->taps; k++) {
			row[k] = other[p->taps - 1 - k];
		}
	}
}

static uint32_t
common_divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static int
rate_is_good(uint32_t rate)
{
	return rate >= POLYPHASE_RATE_MIN && rate <= POLYPHASE_RATE_MAX;
}

int
polyphase_init(
    struct polyphase *p, uint32_t rate_in, uint32_t rate_out, uint32_t channels, enum polyphase_profile profile)
{
	if (!rate_is_good(rate_in) || !rate_is_good(rate_out) || channels == 0 || channels > POLYPHASE_CHANNELS) {
		return 0;
	}
	const struct design *d = &designs[profile];
	uint32_t divisor = common_divisor(rate_in, rate_out);
	p->up = rate_out / divisor;
	p->down = rate_in / divisor;
	p->channels = channels;
	p->interpolate = p->up > UP_MAX || p->down > DOWN_MAX;
	double ratio = p->up < p->down ? (double)p->up / (double)p->down : 1.0;
	p->phases = p->interpolate ? (uint32_t)((double)FINE_PHASES * ratio) + 1 : p->up;
	struct shape s = {.cutoff = d->roll_off * ratio,
	    .half_width = d->zeros / ratio,
	    .quarter_beta_square = d->beta * d->beta / 4.0};
	s.window_scale = 1.0 / bessel_i0(s.quarter_beta_square);
	p->taps = ((uint32_t)(2.0 * s.half_width + 0.999) + 7) & ~7u;
	fill_table(p, &s);
	polyphase_reset(p);
	return 1;
}

void
polyphase_reset(struct polyphase *p)
{
	p->fill = p->taps / 2 - 1; /* silence before the first sample */
	p->at = 0;
	p->phase = 0;
	p->taken = 0;
	p->given = 0;
	for (uint32_t c = 0; c < p->channels; c++) {
		for (uint32_t i = 0; i < p->fill; i++) {
			p->line[c][i] = 0.0f;
		}
	}
}

uint32_t
polyphase_bound(const struct polyphase *p, uint32_t n)
{
	return (uint32_t)(((uint64_t)n + p->taps) * p->up / p->down) + 2;
}

/* Dot products with two neighboring rows, @p part of the way from the first to the second. */
static float
between(const float *line, const float *row, uint32_t taps, float part)
{
	float a = f4_dot(line, row, taps);
	float b = f4_dot(line, row + taps, taps);
	return a + part * (b - a);
}

/* Forget what lies left of the filter. */
static void
shift_line(struct polyphase *p)
{
	uint32_t keep = p->fill - p->at;
	for (uint32_t c = 0; c < p->channels; c++) {
		__builtin_memmove(p->line[c], p->line[c] + p->at, keep * sizeof(float));
	}
	p->fill = keep;
	p->at = 0;
}

/* All outputs whose filter is covered, up to @p most. */
static uint32_t
run(struct polyphase *p, float *const *out, uint64_t most)
{
	uint32_t n = 0;
	uint32_t whole = p->down / p->up;
	uint32_t rest = p->down % p->up;
	for (; p->at + p->taps <= p->fill && n < most; n++) {
		if (p->interpolate) {
			uint64_t place = (uint64_t)p->phase * p->phases;
			const float *row = p->table + (size_t)(place / p->up) * p->taps;
			float part = (float)(place % p->up) / (float)p->up;
			for (uint32_t c = 0; c < p->channels; c++) {
				out[c][n] = between(p->line[c] + p->at, row, p->taps, part);
			}
		} else {
			const float *row = p->table + (size_t)p->phase * p->taps;
			for (uint32_t c = 0; c < p->channels; c++) {
				out[c][n] = f4_dot(p->line[c] + p->at, row, p->taps);
			}
		}
		p->at += whole;
		p->phase += rest;
		if (p->phase >= p->up) {
			p->phase -= p->up;
			p->at++;
		}
	}
	p->given += n;
	shift_line(p);
	return n;
}

uint32_t
polyphase_push(struct polyphase *p, const float *const *in, uint32_t n, float *const *out)
{
	for (uint32_t c = 0; c < p->channels; c++) {
		__builtin_memcpy(p->line[c] + p->fill, in[c], n * sizeof(float));
	}
	p->fill += n;
	p->taken += n;
	return run(p, out, UINT64_MAX);
}

uint32_t
polyphase_flush(struct polyphase *p, float *const *out)
{
	/* Outputs at times before the end of the input: ceil(taken L / M). */
	uint64_t all = (p->taken * p->up + p->down - 1) / p->down;
	uint32_t made = 0;
	while (made == 0 && p->given < all) {
		uint32_t n = p->taps / 2 + 1 < POLYPHASE_BLOCK ? p->taps / 2 + 1 : POLYPHASE_BLOCK;
		for (uint32_t c = 0; c < p->channels; c++) {
			for (uint32_t i = 0; i < n; i++) {
				p->line[c][p->fill + i] = 0.0f;
			}
		}
		p->fill += n;
		made = run(p, out, all - p->given);
	}
	if (made == 0) {
		polyphase_reset(p);
	}
	return made;
}
