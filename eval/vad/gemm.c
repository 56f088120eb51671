#include "gemm.h"

#include <string.h>

typedef float f32x8 __attribute__((vector_size(32)));

static inline f32x8
load8(const float *p)
{
	f32x8 v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline void
store8(float *p, f32x8 v)
{
	memcpy(p, &v, sizeof v);
}

/* Row i of y, 16 columns at k: terms are added in order of j. `stride` leads from w[i][j] to w[i][j + 1]. */
static inline void
tile(float *y, const float *const w[4], size_t stride, const float *x, size_t n, size_t k)
{
	f32x8 acc[4][2] = {{{0}}};
	for (size_t j = 0; j < n; j++) {
		f32x8 x0 = load8(x + j * k);
		f32x8 x1 = load8(x + j * k + 8);
		for (int r = 0; r < 4; r++) {
			float c = w[r][j * stride];
			acc[r][0] += c * x0;
			acc[r][1] += c * x1;
		}
	}
	for (size_t r = 0; r < 4; r++) {
		store8(y + r * k, acc[r][0]);
		store8(y + r * k + 8, acc[r][1]);
	}
}

/* All row counts are multiples of 4 but the last layer's, which is padded by the caller. */
void
gemm_forward(float *y, const float *w, const float *x, size_t m, size_t n, size_t k)
{
	for (size_t at = 0; at < k; at += 16) {
		for (size_t i = 0; i < m; i += 4) {
			const float *rows[4] = {w + i * n, w + (i + 1) * n, w + (i + 2) * n, w + (i + 3) * n};
			tile(y + i * k + at, rows, 1, x + at, n, k);
		}
	}
}

void
gemm_back(float *dx, const float *w, const float *dy, size_t m, size_t n, size_t k)
{
	for (size_t at = 0; at < k; at += 16) {
		for (size_t j = 0; j < n; j += 4) {
			const float *columns[4] = {w + j, w + j + 1, w + j + 2, w + j + 3};
			tile(dx + j * k + at, columns, n, dy + at, m, k);
		}
	}
}

static inline float
sum8(f32x8 v)
{
	return ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]));
}

void
gemm_gradient(float *dw, const float *dy, const float *x, size_t m, size_t n, size_t k)
{
	for (size_t i = 0; i < m; i += 4) {
		for (size_t j = 0; j < n; j += 2) {
			f32x8 acc[4][2] = {{{0}}};
			for (size_t at = 0; at < k; at += 8) {
				f32x8 x0 = load8(x + j * k + at);
				f32x8 x1 = load8(x + (j + 1) * k + at);
				for (size_t r = 0; r < 4; r++) {
					f32x8 d = load8(dy + (i + r) * k + at);
					acc[r][0] += d * x0;
					acc[r][1] += d * x1;
				}
			}
			for (size_t r = 0; r < 4; r++) {
				dw[(i + r) * n + j] += sum8(acc[r][0]);
				dw[(i + r) * n + j + 1] += sum8(acc[r][1]);
			}
		}
	}
}
