#include "vad_net.h"

#include "fmath.h"
#include "vad_weights.h"

enum { D = VAD_NET_DENSE, H = VAD_NET_STATE };

static void
unpack(float *out, const int8_t *in, const float *scale, uint32_t rows, uint32_t columns)
{
	for (uint32_t i = 0; i < rows; i++) {
		for (uint32_t k = 0; k < columns; k++) {
			out[i * columns + k] = (float)in[i * columns + k] * scale[i];
		}
	}
}

void
vad_net_init(struct vad_net *n)
{
	unpack(n->w.w1[0], VAD_W1[0], VAD_W1_SCALE, D, VAD_FEATURES);
	unpack(n->w.wx[0], VAD_WX[0], VAD_WX_SCALE, 3 * H, D);
	unpack(n->w.wh[0], VAD_WH[0], VAD_WH_SCALE, 3 * H, H);
	unpack(n->w.wo[0], VAD_WO[0], VAD_WO_SCALE, 2, H);
	__builtin_memcpy(n->w.b1, VAD_B1, sizeof n->w.b1);
	__builtin_memcpy(n->w.bx, VAD_BX, sizeof n->w.bx);
	__builtin_memcpy(n->w.bh, VAD_BH, sizeof n->w.bh);
	__builtin_memcpy(n->w.bo, VAD_BO, sizeof n->w.bo);
	vad_net_reset(n);
}

void
vad_net_reset(struct vad_net *n)
{
	for (uint32_t i = 0; i < H; i++) {
		n->state[i] = 0.0f;
	}
}

/* y = W x; rows a multiple of 4, columns of 8 */
static inline void
product(float *y, const float *w, const float *x, uint32_t rows, uint32_t columns)
{
	for (uint32_t i = 0; i < rows; i += 4) {
		f4_store(y + i, f4_dot_rows(w + (size_t)i * columns, x, columns));
	}
}

void
vad_net_step(struct vad_net *n, const float x[VAD_FEATURES], float p[2])
{
	float dense[D];
	float gx[3 * H];
	float gh[3 * H];
	product(dense, n->w.w1[0], x, D, VAD_FEATURES);
	for (uint32_t i = 0; i < D; i += 4) {
		f4_store(dense + i, f4_tanh(f4_load(dense + i) + f4_load(n->w.b1 + i)));
	}
	product(gx, n->w.wx[0], dense, 3 * H, D);
	product(gh, n->w.wh[0], n->state, 3 * H, H);
	for (uint32_t i = 0; i < H; i += 4) {
		f32x4 r = f4_sigmoid(f4_load(gx + i) + f4_load(n->w.bx + i) + f4_load(gh + i));
		f32x4 z = f4_sigmoid(f4_load(gx + H + i) + f4_load(n->w.bx + H + i) + f4_load(gh + H + i));
		f32x4 ghc = f4_load(gh + 2 * H + i) + f4_load(n->w.bh + i);
		f32x4 c = f4_tanh(f4_load(gx + 2 * H + i) + f4_load(n->w.bx + 2 * H + i) + r * ghc);
		f4_store(n->state + i, c + z * (f4_load(n->state + i) - c));
	}
	for (uint32_t o = 0; o < 2; o++) {
		p[o] = fm_sigmoid(f4_dot(n->w.wo[o], n->state, H) + n->w.bo[o]);
	}
}
