#ifndef EVAL_GEMM_H
#define EVAL_GEMM_H

/*
 * Matrix products for training; rows are contiguous, every length K is a multiple of 16. Sums have a fixed order whatever the
 * vector width of the machine (built with -ffp-contract=off), so training gives the same weights everywhere.
 */

#include <stddef.h>

/* y[m][k] (+)= sum over j of w[m][j] x[j][k] */
void gemm_forward(float *y, const float *w, const float *x, size_t m, size_t n, size_t k);

/* dx[n][k] = sum over i of w[i][n] dy[i][k] */
void gemm_back(float *dx, const float *w, const float *dy, size_t m, size_t n, size_t k);

/* dw[m][n] += sum over k of dy[m][k] x[n][k] */
void gemm_gradient(float *dw, const float *dy, const float *x, size_t m, size_t n, size_t k);

#endif
