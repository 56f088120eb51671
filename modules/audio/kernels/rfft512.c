#include "rfft512.h"

#include <stddef.h>

#include "fmath.h"

void
rfft512_init(struct rfft512 *f)
{
	double c;
	double s;
	for (uint32_t k = 0; k < 3; k++) {
		for (uint32_t p = 0; p < 64; p++) {
			fm_unit_circle(p * (k + 1), 256, &c, &s);
			f->w_re[k][p] = (float)c;
			f->w_im[k][p] = (float)-s;
		}
	}
	for (uint32_t k = 0; k < 260; k++) {
		fm_unit_circle(k, 512, &c, &s);
		f->s_re[k] = (float)c;
		f->s_im[k] = (float)-s;
	}
}

struct lane {
	f32x4 re, im;
};

static inline struct lane
lane_load(const float *re, const float *im)
{
	return (struct lane){f4_load(re), f4_load(im)};
}

static inline struct lane
lane_mul(struct lane a, f32x4 w_re, f32x4 w_im)
{
	return (struct lane){a.re * w_re - a.im * w_im, a.re * w_im + a.im * w_re};
}

/* Radix-4 butterfly in place: x0 .. x3 -> the four outputs before their twiddle factors. */
static inline void
butterfly(struct lane x[4])
{
	struct lane s02 = {x[0].re + x[2].re, x[0].im + x[2].im};
	struct lane d02 = {x[0].re - x[2].re, x[0].im - x[2].im};
	struct lane s13 = {x[1].re + x[3].re, x[1].im + x[3].im};
	struct lane d13 = {x[1].re - x[3].re, x[1].im - x[3].im};
	x[0] = (struct lane){s02.re + s13.re, s02.im + s13.im};
	x[1] = (struct lane){d02.re + d13.im, d02.im - d13.re};
	x[2] = (struct lane){s02.re - s13.re, s02.im - s13.im};
	x[3] = (struct lane){d02.re - d13.im, d02.im + d13.re};
}

/* Rows to columns, so that results for four neighbors p land side by side. */
static inline void
transpose_store(float *out, f32x4 r0, f32x4 r1, f32x4 r2, f32x4 r3)
{
	f32x4 lo01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5);
	f32x4 hi01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
	f32x4 lo23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
	f32x4 hi23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
	f4_store(out, __builtin_shufflevector(lo01, lo23, 0, 1, 4, 5));
	f4_store(out + 4, __builtin_shufflevector(lo01, lo23, 2, 3, 6, 7));
	f4_store(out + 8, __builtin_shufflevector(hi01, hi23, 0, 1, 4, 5));
	f4_store(out + 12, __builtin_shufflevector(hi01, hi23, 2, 3, 6, 7));
}

/* Length 256, stride 1: four p at a time. */
static void
stage_first(const struct rfft512 *f, const float *xr, const float *xi, float *yr, float *yi)
{
	for (uint32_t p = 0; p < 64; p += 4) {
		struct lane x[4];
		for (uint32_t k = 0; k < 4; k++) {
			x[k] = lane_load(xr + p + 64 * k, xi + p + 64 * k);
		}
		butterfly(x);
		for (uint32_t k = 0; k < 3; k++) {
			x[k + 1] = lane_mul(x[k + 1], f4_load(f->w_re[k] + p), f4_load(f->w_im[k] + p));
		}
		transpose_store(yr + (size_t)4 * p, x[0].re, x[1].re, x[2].re, x[3].re);
		transpose_store(yi + (size_t)4 * p, x[0].im, x[1].im, x[2].im, x[3].im);
	}
}

/* The further stages: stride s = 4, 16, 64, four q at a time. */
static void
stage_next(const struct rfft512 *f, uint32_t s, const float *const x[2], float *const y[2])
{
	uint32_t m = 64 / s;
	for (uint32_t p = 0; p < m; p++) {
		f32x4 w_re[3];
		f32x4 w_im[3];
		for (uint32_t k = 0; k < 3; k++) {
			w_re[k] = f4_set1(f->w_re[k][p * s]);
			w_im[k] = f4_set1(f->w_im[k][p * s]);
		}
		for (uint32_t q = 0; q < s; q += 4) {
			struct lane v[4];
			for (uint32_t k = 0; k < 4; k++) {
				uint32_t at = q + s * (p + m * k);
				v[k] = lane_load(x[0] + at, x[1] + at);
			}
			butterfly(v);
			for (uint32_t k = 0; k < 4; k++) {
				uint32_t at = q + s * (4 * p + k);
				if (k > 0) {
					v[k] = lane_mul(v[k], w_re[k - 1], w_im[k - 1]);
				}
				f4_store(y[0] + at, v[k].re);
				f4_store(y[1] + at, v[k].im);
			}
		}
	}
}

/* From Z, the transform of even + i odd samples, to the spectrum of the real sequence. */
static void
split(const struct rfft512 *f, const float *zr, const float *zi, float *re, float *im)
{
	const f32x4 half = f4_set1(0.5f);
	for (uint32_t k = 4; k < 256; k += 4) {
		struct lane a = lane_load(zr + k, zi + k);
		struct lane b = {f4_reverse(f4_load(zr + 253 - k)), -f4_reverse(f4_load(zi + 253 - k))};
		struct lane even = {(a.re + b.re) * half, (a.im + b.im) * half};
		struct lane odd = {(a.im - b.im) * half, (b.re - a.re) * half};
		odd = lane_mul(odd, f4_load(f->s_re + k), f4_load(f->s_im + k));
		f4_store(re + k, even.re + odd.re);
		f4_store(im + k, even.im + odd.im);
	}
	for (uint32_t k = 1; k < 4; k++) {
		float er = (zr[k] + zr[256 - k]) * 0.5f;
		float ei = (zi[k] - zi[256 - k]) * 0.5f;
		float or = (zi[k] + zi[256 - k]) * 0.5f;
		float oi = (zr[256 - k] - zr[k]) * 0.5f;
		re[k] = er + (or *f->s_re[k] - oi * f->s_im[k]);
		im[k] = ei + (or *f->s_im[k] + oi * f->s_re[k]);
	}
	re[0] = zr[0] + zi[0];
	im[0] = 0.0f;
	re[256] = zr[0] - zi[0];
	im[256] = 0.0f;
}

/* Of arrays a in w, in place; b is scratch. With re and im swapped it is the inverse, swapped and times 256. */
static void
complex256(const struct rfft512 *f, float *a_re, float *a_im, float *b_re, float *b_im)
{
	const float *const a[2] = {a_re, a_im};
	const float *const b[2] = {b_re, b_im};
	float *const to_a[2] = {a_re, a_im};
	float *const to_b[2] = {b_re, b_im};
	stage_first(f, a_re, a_im, b_re, b_im);
	stage_next(f, 4, b, to_a);
	stage_next(f, 16, a, to_b);
	stage_next(f, 64, b, to_a);
}

void
rfft512(const struct rfft512 *f, const float in[RFFT_N], float re[260], float im[260], struct rfft512_work *w)
{
	for (uint32_t i = 0; i < 256; i += 4) {
		f32x4 a = f4_load(in + (size_t)2 * i);
		f32x4 b = f4_load(in + (size_t)2 * i + 4);
		f4_store(w->a_re + i, __builtin_shufflevector(a, b, 0, 2, 4, 6));
		f4_store(w->a_im + i, __builtin_shufflevector(a, b, 1, 3, 5, 7));
	}
	complex256(f, w->a_re, w->a_im, w->b_re, w->b_im);
	split(f, w->a_re, w->a_im, re, im);
	for (uint32_t k = 257; k < 260; k++) {
		re[k] = 0.0f;
		im[k] = 0.0f;
	}
}

/* split() backwards: Z[k] = E[k] + i O[k] from the spectrum of the real sequence, scaled by 1/256. */
static void
unsplit(const struct rfft512 *f, const float *re, const float *im, float *zr, float *zi)
{
	const f32x4 scale = f4_set1(0.5f / 256.0f);
	for (uint32_t k = 0; k < 256; k += 4) {
		/* the mirrored bins 256 - k .. 253 - k */
		struct lane a = lane_load(re + k, im + k);
		struct lane b = {f4_reverse(f4_load(re + 253 - k)), -f4_reverse(f4_load(im + 253 - k))};
		struct lane even = {(a.re + b.re) * scale, (a.im + b.im) * scale};
		struct lane half = {(a.re - b.re) * scale, (a.im - b.im) * scale};
		struct lane odd = lane_mul(half, f4_load(f->s_re + k), -f4_load(f->s_im + k));
		f4_store(zr + k, even.re - odd.im);
		f4_store(zi + k, even.im + odd.re);
	}
}

void
irfft512(const struct rfft512 *f, const float re[260], const float im[260], float out[RFFT_N], struct rfft512_work *w)
{
	unsplit(f, re, im, w->a_re, w->a_im);
	complex256(f, w->a_im, w->a_re, w->b_re, w->b_im);
	for (uint32_t i = 0; i < 256; i += 4) {
		f32x4 a = f4_load(w->a_re + i);
		f32x4 b = f4_load(w->a_im + i);
		f4_store(out + (size_t)2 * i, __builtin_shufflevector(a, b, 0, 4, 1, 5));
		f4_store(out + (size_t)2 * i + 4, __builtin_shufflevector(a, b, 2, 6, 3, 7));
	}
}
