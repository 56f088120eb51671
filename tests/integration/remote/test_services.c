/* Calls of guests: blocking, on the caller's thread, over one stream per session and service. */

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
call(struct fixture *f, struct rmi_service_call *c, struct rme_packet **out, struct rme_error *err)
{
	enum rme_err e = f->services->ops->call(f->services, c, out, err);
	assert_null(c->in); /* consumed in every case */
	return e;
}

static void
result_comes_back(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 20; i++) {
		struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1", .in = packet("hello", 0)};
		struct rme_packet *out = NULL;
		size_t n;
		assert_int_equal(call(f, &c, &out, NULL), RME_OK);
		assert_memory_equal(rme_packet_data(out, &n), "hello", 5);
		assert_int_equal(rme_packet_meta(out)->seq, 41);
		assert_int_equal(c.bytes_up, 5);
		assert_int_equal(c.bytes_down, 5);
		assert_int_equal(c.remote_ns, 3000);
		rme_packet_unref(out);
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
		struct rme_packet *out = NULL;
		struct rme_error err = {0};
		assert_int_equal(call(f, &c, &out, &err), cases[i].code);
		assert_non_null(strstr(err.text, cases[i].text));
		assert_null(out);
	}
}

static void
late_results_are_not_taken_for_others(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 5; i++) {
		struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1", .in = packet("late", 1)};
		struct rme_packet *out = NULL;
		enum rme_err e = call(f, &c, &out, NULL); /* may be just in time */
		assert_true(e == RME_ETIMEDOUT || e == RME_OK);
		rme_packet_unref(out);
		out = NULL;
		c.in = packet("now", 0);
		size_t n;
		assert_int_equal(call(f, &c, &out, NULL), RME_OK);
		assert_memory_equal(rme_packet_data(out, &n), "now", 3);
		rme_packet_unref(out);
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
		struct rmi_service_call c = {
		    .service = FAR_HANG, .session_id = "s1", .cancel = &cancel, .in = packet("hello", 0)};
		struct rme_packet *out = NULL;
		assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
		assert_int_equal(call(f, &c, &out, NULL), RME_ECANCELED);
		assert_int_equal(pthread_join(thread, NULL), 0);
		rmi_cancel_done(&cancel);
	}
}

static void
one_way(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 20; i++) {
		struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1", .in = packet("to whom", 0)};
		enum rme_err e = f->services->ops->send(f->services, &c, NULL);
		assert_true(e == RME_OK || e == RME_EAGAIN); /* the window, which opens as the far side gets on */
		assert_null(c.in);
	}
	struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1", .in = packet("and back", 0)};
	struct rme_packet *out = NULL;
	size_t n;
	assert_int_equal(call(f, &c, &out, NULL), RME_OK);
	assert_memory_equal(rme_packet_data(out, &n), "and back", 8);
	rme_packet_unref(out);
}

static void
far_session_id(void **state)
{
	struct fixture *f = *state;
	struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1"};
	char id[16];
	assert_int_equal(f->services->ops->far_session(f->services, &c, id, sizeof id), RME_OK);
	assert_string_equal(id, "far-1");
	assert_int_equal(f->services->ops->far_session(f->services, &c, id, 5), RME_ELIMIT);
}

static void
private_data_stays(void **state)
{
	struct fixture *f = *state;
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rmi_service_call c = {.service = FAR_ECHO, .session_id = "s1"};
	struct rme_packet *out = NULL;
	meta.flags = RME_PACKET_LOCAL;
	assert_int_equal(rme_packet_new(&c.in, &meta, "secret", 6), RME_OK);
	assert_int_equal(call(f, &c, &out, NULL), RME_EDENIED);
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
		struct rme_packet *out = NULL;
		size_t n;
		if (f->services->ops->call(f->services, &c, &out, NULL) != RME_OK ||
		    memcmp(rme_packet_data(out, &n), session, strlen(session)) != 0) {
			return arg;
		}
		rme_packet_unref(out);
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
	    cmocka_unit_test_setup_teardown(private_data_stays, setup, teardown),
	    cmocka_unit_test_setup_teardown(sessions_of_many_threads, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
