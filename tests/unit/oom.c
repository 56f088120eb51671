#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness.h"

/* The linker sends every allocation of the program's own objects here (-Wl,--wrap). */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);

enum { SWEEP_MAX = 100000 };

static struct {
	bool on, hit;
	size_t n, fail_at;
} oom;

static bool
fail_now(void)
{
	if (!oom.on) {
		return false;
	}
	oom.n++;
	oom.hit = oom.hit || oom.n == oom.fail_at;
	return oom.n == oom.fail_at;
}

void *
__wrap_malloc(size_t n)
{
	return fail_now() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fail_now() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t n)
{
	return fail_now() ? NULL : __real_realloc(p, n);
}

char *
__wrap_strdup(const char *s)
{
	return fail_now() ? NULL : __real_strdup(s);
}

size_t
harness_oom_sweep(void (*scenario)(void *ctx), void *ctx)
{
	for (size_t k = 1; k < SWEEP_MAX; k++) {
		oom.n = 0;
		oom.hit = false;
		oom.fail_at = k;
		oom.on = true;
		scenario(ctx);
		oom.on = false;
		if (!oom.hit) {
			return oom.n;
		}
	}
	fail_msg("the scenario allocates without end");
	return 0;
}

bool
harness_oom_hit(void)
{
	return oom.hit;
}
