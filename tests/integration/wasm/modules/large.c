/*
 * A module whose code is large enough to be compiled plainly first: many functions that a compiler cannot merge. Answers
 * with 4 bytes that depend on all of them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STEP(a, b) \
	x = (x ^ (x >> ((a) % 13 + 3))) * (UINT32_C(2654435761) + (a) * 97u + (b)); \
	y = y * 1.0000001 + (double)(x >> ((b) % 17 + 5)); \
	if ((x & (1u << ((a) % 31))) != 0) { \
		x += data[((a) + (b)) % len]; \
	}
#define FUNCTION(n) \
	__attribute__((noinline)) static uint32_t mix_##n(const uint8_t *data, uint32_t len, uint32_t x) \
	{ \
		double y = n; \
		STEP(n, 1) STEP(n, 2) STEP(n, 3) STEP(n, 4) STEP(n, 5) STEP(n, 6) return x ^ (uint32_t)(int64_t)y; \
	}
#define CALL(n)   x = mix_##n(data, len, x);
#define TEN(f, t) f(t##0) f(t##1) f(t##2) f(t##3) f(t##4) f(t##5) f(t##6) f(t##7) f(t##8) f(t##9)
#define ALL(f) \
	TEN(f, 1) \
	TEN(f, 2) TEN(f, 3) TEN(f, 4) TEN(f, 5) TEN(f, 6) TEN(f, 7) TEN(f, 8) TEN(f, 9) TEN(f, 10) TEN(f, 11) TEN(f, 12)

ALL(FUNCTION)

int
initialize(const char *session_id)
{
	return session_id != 0;
}

int
process(const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	uint32_t x = len;
	if (len > 0) {
		ALL(CALL)
	}
	memcpy(result, &x, sizeof(x));
	*result_len = sizeof(x);
	return 0;
}

int
cleanup(void)
{
	return 0;
}
