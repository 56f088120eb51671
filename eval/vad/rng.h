#ifndef EVAL_RNG_H
#define EVAL_RNG_H

/* Random numbers that are the same everywhere: PCG-XSH-RR (O'Neill, 2014). */

#include <math.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint32_t
rng_next(struct rng *r)
{
	uint64_t old = r->state;
	r->state = old * 6364136223846793005u + 1442695040888963407u;
	uint32_t x = (uint32_t)(((old >> 18) ^ old) >> 27);
	uint32_t rot = (uint32_t)(old >> 59);
	return (x >> rot) | (x << ((32 - rot) & 31));
}

static inline struct rng
rng_of(uint64_t seed)
{
	struct rng r = {seed * 0x9e3779b97f4a7c15u + 0x1234567};
	(void)rng_next(&r);
	(void)rng_next(&r);
	return r;
}

/* low <= x < high */
static inline double
rng_uniform(struct rng *r, double low, double high)
{
	return low + (high - low) * ((double)rng_next(r) / 4294967296.0);
}

/* 0 <= x < n */
static inline uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((uint64_t)rng_next(r) * n) >> 32);
}

static inline int
rng_chance(struct rng *r, double p)
{
	return rng_uniform(r, 0.0, 1.0) < p;
}

/* Log-uniform. */
static inline double
rng_scale(struct rng *r, double low, double high)
{
	return low * exp(rng_uniform(r, 0.0, log(high / low)));
}

/* Mean 0, variance 1; sum of four uniforms is near enough to a Gaussian for noise, and fast. */
static inline float
rng_gauss(struct rng *r)
{
	uint32_t a = rng_next(r);
	uint32_t b = rng_next(r);
	float sum = (float)(a & 0xffff) + (float)(a >> 16) + (float)(b & 0xffff) + (float)(b >> 16);
	return (sum * (1.0f / 65536.0f) - 2.0f) * 1.7320508f;
}

#endif
