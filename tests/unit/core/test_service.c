/* Waiting for a call that does not wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "core/service.h"

struct slow {
	struct rmi_services services;
	struct rmi_service_call *call;
	atomic_bool answered;
	atomic_int polls, cancels;
	bool at_once;
	int64_t again_in_ns; /* 0 = never by itself */
};

static bool
slow_begin(struct rmi_services *self, struct rmi_service_call *call)
{
	struct slow *s = (struct slow *)self;
	s->call = call;
	rme_packet_unref(call->in);
	call->in = NULL;
	call->error = (struct rme_error){.code = s->at_once ? RME_EEMPTY : RME_OK};
	return s->at_once;
}

static bool
slow_poll(struct rmi_services *self, struct rmi_service_call *call, int64_t *again_ns)
{
	struct slow *s = (struct slow *)self;
	assert_ptr_equal(call, s->call);
	*again_ns = s->again_in_ns != 0 ? rmi_monotonic_ns() + s->again_in_ns : INT64_MAX;
	return atomic_fetch_add(&s->polls, 1) > 2 || atomic_load(&s->answered);
}

static void
slow_cancel(struct rmi_services *self, struct rmi_service_call *call)
{
	struct slow *s = (struct slow *)self;
	atomic_fetch_add(&s->cancels, 1);
	(void)rme_error_set(&call->error, RME_ECANCELED, NULL, "canceled");
}

static const struct rmi_services_ops ops = {.begin = slow_begin, .poll = slow_poll, .cancel = slow_cancel};

static struct rme_packet *
packet(void)
{
	const struct rme_packet_meta m = rme_packet_meta_init();
	struct rme_packet *p = NULL;
	assert_int_equal(rme_packet_new(&p, &m, "x", 1), RME_OK);
	return p;
}

static void
what_is_over_at_once_is_not_waited_for(void **state)
{
	(void)state;
	struct slow s = {.services = {&ops}, .at_once = true};
	struct rmi_service_call call = {.in = packet()};
	assert_int_equal(rmi_service_wait(&s.services, &call, NULL), RME_EEMPTY);
	assert_int_equal(atomic_load(&s.polls), 0);
}

static void
it_is_looked_at_again_when_its_time_comes(void **state)
{
	(void)state;
	struct slow s = {.services = {&ops}, .again_in_ns = 1000};
	struct rmi_service_call call = {.in = packet()};
	assert_int_equal(rmi_service_wait(&s.services, &call, NULL), RME_OK);
	assert_int_equal(atomic_load(&s.polls), 4);
}

static void *
bring_news(void *arg)
{
	struct slow *s = arg;
	while (atomic_load(&s->polls) == 0) {
		sched_yield();
	}
	atomic_store(&s->answered, true);
	s->call->news(s->call->ctx);
	return NULL;
}

static void
news_of_other_threads_end_the_wait(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		struct slow s = {.services = {&ops}};
		struct rmi_service_call call = {.in = packet()};
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, bring_news, &s), 0);
		assert_int_equal(rmi_service_wait(&s.services, &call, NULL), RME_OK);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
}

struct canceler {
	struct slow *s;
	struct rmi_cancel cancel;
};

static void *
cancel_it(void *arg)
{
	struct canceler *c = arg;
	while (atomic_load(&c->s->polls) == 0) {
		sched_yield();
	}
	rmi_cancel_fire(&c->cancel);
	return NULL;
}

static void
a_wait_can_be_canceled(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		struct slow s = {.services = {&ops}};
		struct canceler c = {.s = &s};
		struct rmi_service_call call = {.in = packet()};
		pthread_t thread;
		rmi_cancel_init(&c.cancel);
		assert_int_equal(pthread_create(&thread, NULL, cancel_it, &c), 0);
		assert_int_equal(rmi_service_wait(&s.services, &call, &c.cancel), RME_ECANCELED);
		assert_int_equal(atomic_load(&s.cancels), 1);
		assert_int_equal(pthread_join(thread, NULL), 0);
		/* From then on nothing begins. */
		struct rmi_service_call late = {.in = packet()};
		assert_int_equal(rmi_service_wait(&s.services, &late, &c.cancel), RME_ECANCELED);
		assert_ptr_equal(s.call, &call);
		assert_null(late.in);
		rmi_cancel_done(&c.cancel);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_over_at_once_is_not_waited_for),
	    cmocka_unit_test(it_is_looked_at_again_when_its_time_comes),
	    cmocka_unit_test(news_of_other_threads_end_the_wait),
	    cmocka_unit_test(a_wait_can_be_canceled),
	};
	return cmocka_run_group_tests_name("service", tests, NULL, NULL);
}
