/* Every allocation of a router's life fails once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sides.h"

static struct bench b;

/* Every item ends once; one may be missing, if it was the harness that could not make it. */
static void
check(uint64_t n)
{
	size_t missing = 0;
	for (uint64_t seq = 1; seq <= n; seq++) {
		size_t ends = harness_n_ends(&b.h, seq);
		assert_true(ends <= 1);
		missing += ends == 0 ? 1 : 0;
	}
	assert_true(missing <= (harness_oom_hit() ? 1 : 0));
}

static void
live(void *ctx)
{
	const struct rme_node_type *const *kinds = ctx;
	static const char *const params[] = {"mode=edge_first", "min_confidence=0.5", "cloud_timeout=50ms", NULL};
	memset(&b, 0, sizeof(b));
	enum rme_err e = bench_open(&b, kinds[0], kinds[1], params);
	assert_true(e == RME_OK || e == RME_ENOMEM);
	if (e == RME_OK) {
		bench_item(&b, "oo");
		bench_item(&b, "xo");
		bench_item(&b, "2b");
		bench_item(&b, "lo");
		bench_item(&b, "xw");
		bench_answer(&b);
		harness_flush(&b.h);
		bench_item(&b, "xs");
		bench_wait(&b, 50);
		rmi_node_reset(b.h.node);
		bench_item(&b, "oo");
		check(8);
	}
	bench_close(&b);
}

static void
a_routers_life_survives_every_failed_allocation(void **state)
{
	(void)state;
	const struct rme_node_type *const kinds[3][2] = {
	    {&side_plain, &side_async}, {&side_async, &side_plain}, {&side_stateful, &side_async}};
	for (size_t i = 0; i < 3; i++) {
		const struct rme_node_type *pair[2] = {kinds[i][0], kinds[i][1]};
		assert_true(harness_oom_sweep(live, pair) > 30);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_routers_life_survives_every_failed_allocation),
	};
	return cmocka_run_group_tests_name("router, out of memory", tests, NULL, NULL);
}
