#include "net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fmath.h"
#include "gemm.h"
#include "rng.h"

enum { D = VAD_NET_DENSE, H = VAD_NET_STATE };

static void
fill(float *w, size_t rows, size_t columns, double scale, struct rng *r)
{
	for (size_t i = 0; i < rows * columns; i++) {
		w[i] = (float)(scale / sqrt((double)columns)) * rng_gauss(r);
	}
}

void
net_init(struct net *n, uint64_t seed)
{
	struct rng r = rng_of(seed);
	memset(n, 0, sizeof *n);
	fill(&n->w.w1[0][0], D, VAD_FEATURES, 1.0, &r);
	fill(&n->w.wx[0][0], (size_t)3 * H, D, 1.0, &r);
	fill(&n->w.wh[0][0], (size_t)3 * H, H, 0.8, &r);
	fill(&n->w.wo[0][0], 2, H, 0.5, &r);
	for (size_t i = 0; i < H; i++) {
		n->w.bx[H + i] = 1.0f; /* z: remember to begin with */
	}
}

/* One row as int8 times a scale, and back. */
static void
round_row(float *out, const float *in, size_t n)
{
	float most = 1e-6f;
	for (size_t i = 0; i < n; i++) {
		most = fabsf(in[i]) > most ? fabsf(in[i]) : most;
	}
	float scale = most / 127.0f;
	for (size_t i = 0; i < n; i++) {
		out[i] = rintf(in[i] / scale) * scale;
	}
}

void
net_prepare(struct net *n, int rounded)
{
	n->q = n->w;
	for (size_t i = 0; rounded && i < D; i++) {
		round_row(n->q.w1[i], n->w.w1[i], VAD_FEATURES);
	}
	for (size_t i = 0; rounded && i < 3 * H; i++) {
		round_row(n->q.wx[i], n->w.wx[i], D);
		round_row(n->q.wh[i], n->w.wh[i], H);
	}
	for (size_t i = 0; rounded && i < 2; i++) {
		round_row(n->q.wo[i], n->w.wo[i], H);
	}
}

static void
tanh_rows(float *y, const float *bias, size_t rows)
{
	for (size_t i = 0; i < rows; i++) {
		for (size_t k = 0; k < NET_K; k += 4) {
			f4_store(y + i * NET_K + k, f4_tanh(f4_load(y + i * NET_K + k) + f4_set1(bias[i])));
		}
	}
}

/* The recurrent step of unit i at one frame, four lanes. `g` holds the three recurrent products. */
static void
unit_step(struct net *n, size_t i, size_t k, const f32x4 g[3], float *next)
{
	f32x4 before = f4_load(n->h_before[i] + k);
	f32x4 r = f4_sigmoid(f4_load(n->gx[i] + k) + f4_set1(n->q.bx[i]) + g[0]);
	f32x4 z = f4_sigmoid(f4_load(n->gx[H + i] + k) + f4_set1(n->q.bx[H + i]) + g[1]);
	f32x4 gh = g[2] + f4_set1(n->q.bh[i]);
	f32x4 c = f4_tanh(f4_load(n->gx[2 * H + i] + k) + f4_set1(n->q.bx[2 * H + i]) + r * gh);
	f32x4 h = c + z * (before - c);
	f4_store(n->r[i] + k, r);
	f4_store(n->z[i] + k, z);
	f4_store(n->c[i] + k, c);
	f4_store(n->gh[i] + k, gh);
	f4_store(n->h[i] + k, h);
	f4_store(next, h);
}

void
net_forward(struct net *n)
{
	gemm_forward(&n->dense[0][0], &n->q.w1[0][0], &n->x[0][0], D, VAD_FEATURES, NET_K);
	tanh_rows(&n->dense[0][0], n->q.b1, D);
	gemm_forward(&n->gx[0][0], &n->q.wx[0][0], &n->dense[0][0], (size_t)3 * H, D, NET_K);
	float g[3 * H][NET_LANES];
	for (size_t t = 0; t < NET_STEPS; t++) {
		gemm_forward(&g[0][0], &n->q.wh[0][0], &n->state[0][0], (size_t)3 * H, H, NET_LANES);
		for (size_t i = 0; i < H; i++) {
			memcpy(n->h_before[i] + t * NET_LANES, n->state[i], sizeof n->state[i]);
		}
		for (size_t i = 0; i < H; i++) {
			for (size_t l = 0; l < NET_LANES; l += 4) {
				f32x4 parts[3] = {f4_load(g[i] + l), f4_load(g[H + i] + l), f4_load(g[2 * H + i] + l)};
				unit_step(n, i, t * NET_LANES + l, parts, n->state[i] + l);
			}
		}
	}
	gemm_forward(&n->out[0][0], &n->q.wo[0][0], &n->h[0][0], NET_OUT, H, NET_K);
	for (size_t o = 0; o < 2; o++) {
		for (size_t k = 0; k < NET_K; k++) {
			n->out[o][k] += n->q.bo[o];
		}
	}
}

/* Loss and its gradient by the logits, in place of them. */
static double
loss_gradient(struct net *n, float target[2][NET_K])
{
	double loss = 0;
	size_t count = 0;
	for (size_t o = 0; o < NET_OUT; o++) {
		for (size_t k = 0; k < NET_K; k++) {
			if (o >= 2 || target[o][k] < 0) {
				n->out[o][k] = 0;
				continue;
			}
			float p = fm_sigmoid(n->out[o][k]);
			float right = target[o][k] > 0.5f ? p : 1.0f - p;
			loss -= (double)fm_log(right > 1e-7f ? right : 1e-7f);
			count++;
			n->out[o][k] = p - target[o][k];
		}
	}
	float scale = count > 0 ? 1.0f / (float)count : 0.0f;
	for (size_t k = 0; k < NET_K; k++) {
		n->out[0][k] *= scale;
		n->out[1][k] *= scale;
	}
	return count > 0 ? loss / (double)count : 0;
}

/* Gradients of the gates of unit i at one frame, four lanes; returns what goes straight to the state before. */
static f32x4
unit_back(struct net *n, size_t i, size_t k, f32x4 dh)
{
	const f32x4 one = f4_set1(1.0f);
	f32x4 r = f4_load(n->r[i] + k);
	f32x4 z = f4_load(n->z[i] + k);
	f32x4 c = f4_load(n->c[i] + k);
	f32x4 gh = f4_load(n->gh[i] + k);
	f32x4 before = f4_load(n->h_before[i] + k);
	f32x4 dz = dh * (before - c) * z * (one - z);
	f32x4 dc = dh * (one - z) * (one - c * c);
	f32x4 dr = dc * gh * r * (one - r);
	f4_store(n->gx[i] + k, dr);
	f4_store(n->gx[H + i] + k, dz);
	f4_store(n->gx[2 * H + i] + k, dc);
	f4_store(n->dgh[i] + k, dr);
	f4_store(n->dgh[H + i] + k, dz);
	f4_store(n->dgh[2 * H + i] + k, dc * r);
	return dh * z;
}

/* Backwards in time; fills gx and dgh with gradients. */
static void
recurrent_back(struct net *n)
{
	static float carry[H][NET_LANES];
	static float direct[H][NET_LANES];
	static float dg[3 * H][NET_LANES];
	memset(carry, 0, sizeof carry);
	for (size_t t = NET_STEPS; t-- > 0;) {
		for (size_t i = 0; i < H; i++) {
			for (size_t l = 0; l < NET_LANES; l += 4) {
				size_t k = t * NET_LANES + l;
				f32x4 dh = f4_load(n->d_h[i] + k) + f4_load(carry[i] + l);
				f4_store(direct[i] + l, unit_back(n, i, k, dh));
			}
		}
		for (size_t i = 0; i < 3 * H; i++) {
			memcpy(dg[i], n->dgh[i] + t * NET_LANES, sizeof dg[i]);
		}
		gemm_back(&carry[0][0], &n->q.wh[0][0], &dg[0][0], (size_t)3 * H, H, NET_LANES);
		for (size_t i = 0; i < H; i++) {
			for (size_t l = 0; l < NET_LANES; l++) {
				carry[i][l] += direct[i][l];
			}
		}
	}
}

static void
bias_gradient(float *db, const float *dy, size_t rows)
{
	for (size_t i = 0; i < rows; i++) {
		double sum = 0;
		for (size_t k = 0; k < NET_K; k++) {
			sum += (double)dy[i * NET_K + k];
		}
		db[i] += (float)sum;
	}
}

double
net_backward(struct net *n, float target[2][NET_K])
{
	double loss = loss_gradient(n, target);
	memset(&n->grad, 0, sizeof n->grad);
	gemm_gradient(&n->grad.wo[0][0], &n->out[0][0], &n->h[0][0], NET_OUT, H, NET_K);
	bias_gradient(n->grad.bo, &n->out[0][0], NET_OUT);
	gemm_back(&n->d_h[0][0], &n->q.wo[0][0], &n->out[0][0], NET_OUT, H, NET_K);
	recurrent_back(n);
	gemm_gradient(&n->grad.wh[0][0], &n->dgh[0][0], &n->h_before[0][0], (size_t)3 * H, H, NET_K);
	bias_gradient(n->grad.bh, &n->dgh[2 * H][0], H);
	gemm_gradient(&n->grad.wx[0][0], &n->gx[0][0], &n->dense[0][0], (size_t)3 * H, D, NET_K);
	bias_gradient(n->grad.bx, &n->gx[0][0], (size_t)3 * H);
	gemm_back(&n->d_dense[0][0], &n->q.wx[0][0], &n->gx[0][0], (size_t)3 * H, D, NET_K);
	for (size_t i = 0; i < D; i++) {
		for (size_t k = 0; k < NET_K; k++) {
			n->d_dense[i][k] *= 1.0f - n->dense[i][k] * n->dense[i][k];
		}
	}
	gemm_gradient(&n->grad.w1[0][0], &n->d_dense[0][0], &n->x[0][0], D, VAD_FEATURES, NET_K);
	bias_gradient(n->grad.b1, &n->d_dense[0][0], D);
	return loss;
}

void
net_update(struct net *n, double rate)
{
	float *w = (float *)&n->w;
	float *g = (float *)&n->grad;
	float *m = (float *)&n->m;
	float *v = (float *)&n->v;
	double norm = 0;
	for (size_t i = 0; i < NET_WEIGHTS; i++) {
		norm += (double)g[i] * (double)g[i];
	}
	norm = sqrt(norm);
	double clip = norm > 0.5 ? 0.5 / norm : 1.0;
	n->step++;
	double fix_m = 1.0 - pow(0.9, (double)n->step);
	double fix_v = 1.0 - pow(0.999, (double)n->step);
	for (size_t i = 0; i < NET_WEIGHTS; i++) {
		double d = clip * (double)g[i];
		m[i] = (float)(0.9 * (double)m[i] + 0.1 * d);
		v[i] = (float)(0.999 * (double)v[i] + 0.001 * d * d);
		double move = rate * ((double)m[i] / fix_m) / (sqrt((double)v[i] / fix_v) + 1e-8);
		w[i] = (float)((double)w[i] * (1.0 - rate * 0.003) - move);
	}
}

static void
write_rows(FILE *f, const char *name, const float *w, size_t rows, size_t columns)
{
	fprintf(f, "static const float %s_SCALE[%zu] = {", name, rows);
	for (size_t i = 0; i < rows; i++) {
		float most = 1e-6f;
		for (size_t j = 0; j < columns; j++) {
			most = fabsf(w[i * columns + j]) > most ? fabsf(w[i * columns + j]) : most;
		}
		fprintf(f, "%s%.9gf,", i % 8 == 0 ? "\n    " : " ", (double)(most / 127.0f));
	}
	fprintf(f, "\n};\nstatic const int8_t %s[%zu][%zu] = {\n", name, rows, columns);
	for (size_t i = 0; i < rows; i++) {
		float most = 1e-6f;
		for (size_t j = 0; j < columns; j++) {
			most = fabsf(w[i * columns + j]) > most ? fabsf(w[i * columns + j]) : most;
		}
		fprintf(f, "    {");
		for (size_t j = 0; j < columns; j++) {
			fprintf(f, "%s%d", j > 0 ? ", " : "", (int)rintf(w[i * columns + j] / (most / 127.0f)));
		}
		fprintf(f, "},\n");
	}
	fprintf(f, "};\n");
}

static void
write_bias(FILE *f, const char *name, const float *b, size_t n)
{
	fprintf(f, "static const float %s[%zu] = {", name, n);
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%s%.9gf,", i % 8 == 0 ? "\n    " : " ", (double)b[i]);
	}
	fprintf(f, "\n};\n");
}

void
net_export(const struct net *n, const char *path)
{
	FILE *f = fopen(path, "w");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	fprintf(f, "/* Generated by eval/vad/train.sh. */\n/* clang-format off */\n"
	           "#ifndef RME_FAST_VAD_WEIGHTS_H\n#define RME_FAST_VAD_WEIGHTS_H\n\n#include <stdint.h>\n\n");
	write_rows(f, "VAD_W1", &n->w.w1[0][0], D, VAD_FEATURES);
	write_bias(f, "VAD_B1", n->w.b1, D);
	write_rows(f, "VAD_WX", &n->w.wx[0][0], (size_t)3 * H, D);
	write_bias(f, "VAD_BX", n->w.bx, (size_t)3 * H);
	write_rows(f, "VAD_WH", &n->w.wh[0][0], (size_t)3 * H, H);
	write_bias(f, "VAD_BH", n->w.bh, H);
	write_rows(f, "VAD_WO", &n->w.wo[0][0], 2, H);
	write_bias(f, "VAD_BO", n->w.bo, 2);
	fprintf(f, "\n#endif\n");
	(void)fclose(f);
}
