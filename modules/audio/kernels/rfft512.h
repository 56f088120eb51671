#ifndef RME_KERNELS_RFFT512_H
#define RME_KERNELS_RFFT512_H

/* Fourier transform of 512 real samples: a complex one of 256 points (Stockham, radix 4), then the split step. */

enum { RFFT_N = 512, RFFT_HALF = 256, RFFT_BINS = 257 };

/* Twiddle factors; fill once with rfft512_init(). Holds no pointers: may be copied. */
struct rfft512 {
	float w_re[3][64],
	    w_im[3][64];            /* exp(-2 pi i p (k+1) / 256) for the first stage; the others use every 4th, 16th */
	float s_re[260], s_im[260]; /* exp(-2 pi i k / 512) for the split step */
};

/* Room for one transform, reusable. The caller's, so that the kernels have no hidden state. */
struct rfft512_work {
	float a_re[256], a_im[256], b_re[256], b_im[256];
};

void rfft512_init(struct rfft512 *f);

/* re[k], im[k] for k = 0 .. 256; the arrays have room for 260. `in` may not overlap them. */
void rfft512(const struct rfft512 *f, const float in[RFFT_N], float re[260], float im[260], struct rfft512_work *w);

/* The way back: `out` is the real sequence whose transform is re + i im; rfft512() and this one restore the input. */
void
irfft512(const struct rfft512 *f, const float re[260], const float im[260], float out[RFFT_N], struct rfft512_work *w);

#endif
