/* Calls of guests, over one stream per session and service. */

#include "client.h"
#include "far.h"

#include "base/cancel.h"
#include "base/clock.h"
#include "core/service.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct rmi_loop *loop;
	struct far far;
	struct client c;
	struct rmi_services *services;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct rmi_server_config config = {0};
	if (!f || rmi_loop_new(&f->loop, NULL, NULL) != RME_OK || far_start(&f->far, f->loop, &config, 0) != RME_OK) {
		return 1;
	}
	struct rmi_remote_endpoint endpoint = {.address = f->far.address};
	client_start(&f->c, &endpoint);
	static const char *const names[] = {FAR_ECHO, FAR_HANG, FAR_NONE, FAR_FAIL, FAR_SAME, FAR_MUTE, FAR_BYE};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct rmi_remote_service service = {.name = names[i], .endpoint = "far"};
		assert_int_equal(rmi_remote_add_service(f->c.remote, &service, NULL), RME_OK);
	}
	const struct rmi_remote_service lost = {.name = "vad", .endpoint = "far", .far_name = "not there"};
	assert_int_equal(rmi_remote_add_service(f->c.remote, &lost, NULL), RME_OK);
	f->services = rmi_remote_services(f->c.remote);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	client_stop(&f->c);
	far_stop(&f->far);
	rmi_loop_free(f->loop);
	free(f);
	return 0;
}

static struct rme_packet *
packet(const char *text, int64_t timeout_ns)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p = NULL;
	meta.deadline_ns = timeout_ns ? rmi_monotonic_ns() + timeout_ns : 0;
	meta.seq = 41;
	assert_int_equal(rme_packet_new(&p, &meta, text, strlen(text)), RME_OK);
	return p;
}

static enum rme_err
call(struct fixture *f, struct rmi_service_call *c, struct rmi_cancel *cancel)
{
	c->answer = NULL;
	enum rme_err e = rmi_service_wait(f->services, c, cancel);
	assert_null(c->in); /* consumed in every case */
	assert_null(c->job);
	return e;
}

static void
result_comes_back(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 20; i++) {
		struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1", .in = packet("hello", 0)};
		size_t n;
		assert_int_equal(call(f, &c, NULL), RME_OK);
		assert_memory_equal(rme_packet_data(c.answer, &n), "hello", 5);
		assert_int_equal(rme_packet_meta(c.answer)->seq, 41);
		assert_int_equal(c.bytes_up, 5);
		assert_int_equal(c.bytes_down, 5);
		assert_int_equal(c.remote_ns, 3000);
		rme_packet_unref(c.answer);
	}
	assert_int_equal(f->far.streams, 1);
	f->services->ops->end_session(f->services, "s1");
	f->services->ops->end_session(f->services, "never was");
}

static void
each_failure_has_its_code(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *service;
		enum rme_err code;
		const char *text;
	} cases[] = {
	    {"unheard of", RME_ENOTFOUND, "no service of this name is configured"},
	    {"vad", RME_ENOTFOUND, "no service 'not there' here"},
	    {FAR_NONE, RME_EEMPTY, "no result"},
	    {FAR_FAIL, RME_EMODULE, "as its name says"},
	    {FAR_HANG, RME_ETIMEDOUT, "in time"},
	    {FAR_MUTE, RME_ETIMEDOUT, "in time"},
	    {FAR_BYE, RME_ETRANSPORT, "ended the stream"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rmi_service_call c = {.service = cases[i].service,
		    .session_id = "s1",
		    .in = packet("hello", cases[i].code == RME_ETIMEDOUT ? 50 * RMI_NS_PER_MS : 0)};
		assert_int_equal(call(f, &c, NULL), cases[i].code);
		assert_non_null(strstr(c.error.text, cases[i].text));
		assert_null(c.answer);
	}
}

static void
late_results_are_not_taken_for_others(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 5; i++) {
		struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1", .in = packet("late", 1)};
		enum rme_err e = call(f, &c, NULL); /* may be just in time */
		assert_true(e == RME_ETIMEDOUT || e == RME_OK);
		rme_packet_unref(c.answer);
		c.in = packet("now", 0);
		size_t n;
		assert_int_equal(call(f, &c, NULL), RME_OK);
		assert_memory_equal(rme_packet_data(c.answer, &n), "now", 3);
		rme_packet_unref(c.answer);
	}
}

static void *
cancel_soon(void *arg)
{
	rmi_cancel_fire(arg);
	return NULL;
}

static void
cancel_ends_the_wait(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 20; i++) {
		struct rmi_cancel cancel;
		pthread_t thread;
		rmi_cancel_init(&cancel);
		struct rmi_service_call c = {.service = FAR_HANG, .session_id = "s1", .in = packet("hello", 0)};
		assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
		assert_int_equal(call(f, &c, &cancel), RME_ECANCELED);
		assert_int_equal(pthread_join(thread, NULL), 0);
		rmi_cancel_done(&cancel);
	}
}

static void
one_way(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 20; i++) {
		struct rmi_service_call c = {
		    .kind = RMI_SERVICE_SEND, .service = FAR_ECHO, .session_id = "s1", .in = packet("to whom", 0)};
		assert_true(f->services->ops->begin(f->services, &c)); /* does not wait */
		enum rme_err e = c.error.code;
		assert_true(e == RME_OK || e == RME_EAGAIN); /* the window, which opens as the far side gets on */
		assert_null(c.in);
	}
	struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1", .in = packet("and back", 0)};
	size_t n;
	assert_int_equal(call(f, &c, NULL), RME_OK);
	assert_memory_equal(rme_packet_data(c.answer, &n), "and back", 8);
	rme_packet_unref(c.answer);
}

static void
far_session_id(void **state)
{
	struct fixture *f = *state;
	struct rmi_service_call c = {.kind = RMI_SERVICE_FAR_SESSION, .service = FAR_ECHO, .session_id = "s1"};
	assert_int_equal(call(f, &c, NULL), RME_OK);
	assert_string_equal(c.far_session, "far-1");
	struct rmi_service_call mute = {.kind = RMI_SERVICE_FAR_SESSION,
	    .service = FAR_MUTE,
	    .session_id = "s1",
	    .deadline_ns = rmi_monotonic_ns() + 20 * RMI_NS_PER_MS};
	assert_int_equal(call(f, &mute, NULL), RME_ETIMEDOUT);
}

/* Told on other threads that a call has news. */
struct waiter {
	struct rmi_service_call call;
	sem_t *news;
	bool over;
};

static void
post(void *ctx)
{
	struct waiter *w = ctx;
	(void)sem_post(w->news);
}

static void
begin(struct fixture *f, struct waiter *w, const char *service, sem_t *news)
{
	w->news = news;
	w->call = (struct rmi_service_call){
	    .service = service, .session_id = "s1", .in = packet(service, 0), .news = post, .ctx = w};
	w->over = f->services->ops->begin(f->services, &w->call);
	assert_null(w->call.in);
}

/* Calls of one session are under way together, one thread polls them all, and the far side hangs in one of them. */
static void
several_calls_at_once(void **state)
{
	enum { CALLS = 6 };
	struct fixture *f = *state;
	struct waiter w[CALLS], hangs;
	sem_t news;
	assert_int_equal(sem_init(&news, 0, 0), 0);
	begin(f, &hangs, FAR_HANG, &news);
	assert_false(hangs.over);
	for (int round = 0; round < 10; round++) {
		unsigned left = CALLS;
		for (int i = 0; i < CALLS; i++) {
			begin(f, &w[i], FAR_ECHO, &news);
			left -= w[i].over;
		}
		while (left > 0) {
			assert_int_equal(sem_wait(&news), 0);
			for (int i = 0; i < CALLS; i++) {
				int64_t again_ns = 0;
				if (!w[i].over) {
					w[i].over = f->services->ops->poll(f->services, &w[i].call, &again_ns);
					left -= w[i].over;
					assert_true(w[i].over || again_ns > 0);
				}
			}
		}
		for (int i = 0; i < CALLS; i++) {
			size_t n;
			assert_int_equal(w[i].call.error.code, RME_OK);
			assert_memory_equal(rme_packet_data(w[i].call.answer, &n), FAR_ECHO, strlen(FAR_ECHO));
			rme_packet_unref(w[i].call.answer);
		}
	}
	f->services->ops->cancel(f->services, &hangs.call);
	assert_int_equal(hangs.call.error.code, RME_ECANCELED);
	assert_null(hangs.call.job);
	assert_int_equal(sem_destroy(&news), 0);
}

static void
private_data_stays(void **state)
{
	struct fixture *f = *state;
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1"};
	meta.flags = RME_PACKET_LOCAL;
	assert_int_equal(rme_packet_new(&c.in, &meta, "secret", 6), RME_OK);
	assert_int_equal(call(f, &c, NULL), RME_EDENIED);
	assert_int_equal(f->far.streams, 0);
}

static void *
many_calls(void *arg)
{
	struct fixture *f = arg;
	char session[16];
	static _Atomic int number;
	(void)snprintf(session, sizeof session, "t%d", number++);
	for (int i = 0; i < 50; i++) {
		struct rmi_service_call c = {.service = FAR_ECHO, .session_id = session, .in = packet(session, 0)};
		size_t n;
		if (rmi_service_wait(f->services, &c, NULL) != RME_OK ||
		    memcmp(rme_packet_data(c.answer, &n), session, strlen(session)) != 0) {
			return arg;
		}
		rme_packet_unref(c.answer);
	}
	f->services->ops->end_session(f->services, session);
	return NULL;
}

static void
sessions_of_many_threads(void **state)
{
	struct fixture *f = *state;
	pthread_t t[6];
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(pthread_create(&t[i], NULL, many_calls, f), 0);
	}
	for (size_t i = 0; i < 6; i++) {
		void *result = NULL;
		assert_int_equal(pthread_join(t[i], &result), 0);
		assert_null(result);
	}
	assert_int_equal(f->far.streams, 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(result_comes_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(each_failure_has_its_code, setup, teardown),
	    cmocka_unit_test_setup_teardown(late_results_are_not_taken_for_others, setup, teardown),
	    cmocka_unit_test_setup_teardown(cancel_ends_the_wait, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_way, setup, teardown),
	    cmocka_unit_test_setup_teardown(far_session_id, setup, teardown),
	    cmocka_unit_test_setup_teardown(several_calls_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(private_data_stays, setup, teardown),
	    cmocka_unit_test_setup_teardown(sessions_of_many_threads, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
