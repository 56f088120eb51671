/* A session that tells when there is output, for callers that go on in any thread. */
#include <rme/node.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <setjmp.h>
#include <stdarg.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/session.h"

enum { ITEMS = 200 };

static enum rme_err
echo_process(struct rme_node *self, struct rme_packet *in)
{
	return rme_node_emit(self, in);
}

static const struct rme_node_type echo_type = {.name = "echo", .process = echo_process};

struct fixture {
	struct rme_runtime *rt;
	struct rme_plan *plan;
	struct rme_session *s;
	atomic_uint ends;
	sem_t over;
};

/* Takes all there is, as the contract asks; nobody else receives. */
static void
take_output(void *ctx)
{
	struct fixture *f = ctx;
	struct rme_packet *pkt;
	enum rme_err e;
	while ((e = rme_session_recv(f->s, &pkt, -1)) == RME_OK) {
		atomic_fetch_add(&f->ends, rme_packet_meta(pkt)->kind == RME_PACKET_ITEM_END ? 1 : 0);
		rme_packet_unref(pkt);
	}
	if (e == RME_ECLOSED) {
		sem_post(&f->over);
	}
}

static void
open_session(struct fixture *f)
{
	const struct rme_node_spec spec = {.type = &echo_type};
	const struct rme_plan_in in = {.specs = &spec, .n = 1};
	const struct rme_session_config config = {.on_output = take_output, .on_output_ctx = f};
	*f = (struct fixture){.rt = NULL};
	sem_init(&f->over, 0, 0);
	assert_int_equal(rme_runtime_new(&f->rt, NULL, NULL), RME_OK);
	assert_int_equal(rme_plan_new(&f->plan, f->rt, &in, NULL), RME_OK);
	assert_int_equal(rme_session_open(&f->s, f->rt, f->plan, &config, NULL), RME_OK);
}

static void
submit(struct fixture *f, unsigned n)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	for (unsigned i = 0; i < n; i++) {
		struct rme_packet *pkt;
		assert_int_equal(rme_packet_new(&pkt, &meta, "x", 1), RME_OK);
		assert_int_equal(rme_session_submit(f->s, pkt, NULL), RME_OK);
	}
}

static void
close_session(struct fixture *f)
{
	sem_wait(&f->over);
	rme_session_free(f->s);
	rme_plan_free(f->plan);
	rme_runtime_free(f->rt);
	sem_destroy(&f->over);
}

static void
all_output_is_told(void **state)
{
	(void)state;
	struct fixture f;
	open_session(&f);
	submit(&f, ITEMS);
	assert_int_equal(rme_session_end(f.s), RME_OK);
	close_session(&f);
	assert_int_equal(atomic_load(&f.ends), ITEMS + 1);
}

static void
a_canceled_session_tells_its_end(void **state)
{
	(void)state;
	struct fixture f;
	open_session(&f);
	submit(&f, 1);
	rme_session_cancel(f.s);
	close_session(&f);
	assert_int_equal(atomic_load(&f.ends), 1);
}

/* The caller's thread does the work where the session is idle; items come in order whoever works. */
static void
a_session_can_run_here(void **state)
{
	(void)state;
	struct fixture f;
	struct rme_packet_meta meta = rme_packet_meta_init();
	open_session(&f);
	for (unsigned i = 1; i <= ITEMS; i++) {
		struct rme_packet *pkt;
		assert_int_equal(rme_packet_new(&pkt, &meta, "x", 1), RME_OK);
		if (i % 4 == 0) {
			assert_int_equal(
			    rme_session_submit(f.s, pkt, NULL), RME_OK); /* by a worker, maybe while we go on */
			continue;
		}
		unsigned before = atomic_load(&f.ends);
		assert_int_equal(rmi_session_submit_here(f.s, pkt), RME_OK);
		if (i < 4) {
			assert_int_equal(atomic_load(&f.ends), before + 1); /* nobody else was there: it is done */
		}
	}
	assert_int_equal(rme_session_end(f.s), RME_OK);
	close_session(&f);
	assert_int_equal(atomic_load(&f.ends), ITEMS + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_output_is_told),
	    cmocka_unit_test(a_canceled_session_tells_its_end), cmocka_unit_test(a_session_can_run_here)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
