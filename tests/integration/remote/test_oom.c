/*
 * Every allocation of ours is made to fail once, while a session talks to a far side in another process: what was accepted
 * gets its verdict, everything is given back (LeakSanitizer looks), and the process lives.
 */

#include "far.h"

#include "base/clock.h"
#include "core/runtime.h"
#include "core/service.h"
#include "remote/remote.h"

#include <rme/pipeline.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Counts down to the allocation that fails; negative = none does. */
static _Atomic long fuse = -1;
static _Atomic long seen;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
char *__wrap_strdup(const char *text);

static bool
fails(void)
{
	seen++;
	return fuse >= 0 && fuse-- == 0;
}

void *
__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

static char address[64];

static void
guest_call(struct rmi_remote *remote)
{
	struct rmi_services *services = rmi_remote_services(remote);
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rmi_service_call call = {.service = "echo", .session_id = "s"};
	meta.deadline_ns = rmi_monotonic_ns() + 5 * RMI_NS_PER_S;
	if (rme_packet_new(&call.in, &meta, "guest", 5) == RME_OK) {
		enum rme_err e = rmi_service_wait(services, &call, NULL);
		assert_true((e == RME_OK) == (call.answer != NULL));
		assert_null(call.in);
		rme_packet_unref(call.answer);
	}
}

/* Items and a flush; as many verdicts as were accepted. @return items that went well */
static unsigned
use_session(struct rme_session *s)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	unsigned accepted = 0;
	unsigned good = 0;
	meta.deadline_ns = rmi_monotonic_ns() + 5 * RMI_NS_PER_S;
	for (unsigned i = 0; i < 4; i++) {
		struct rme_packet *p = NULL;
		uint8_t data[3000] = {0};
		if (rme_packet_new(&p, &meta, data, sizeof data) == RME_OK) {
			accepted += rme_session_submit(s, p, NULL) == RME_OK;
		}
	}
	accepted += rme_session_flush(s, NULL) == RME_OK;
	while (accepted) {
		struct rme_packet *p = NULL;
		assert_int_equal(rme_session_recv(s, &p, 0), RME_OK);
		const struct rme_verdict *v = rme_packet_verdict(p);
		accepted -= v != NULL;
		good += v && v->error.code == RME_OK;
		rme_packet_unref(p);
	}
	return good;
}

static unsigned
scenario(void)
{
	struct rme_runtime *rt = NULL;
	struct rmi_remote *remote = NULL;
	struct rme_plan *plan = NULL;
	struct rme_session *s = NULL;
	char service[] = "twice";
	char endpoint[] = "far";
	struct rmi_remote_node_config config = {.service = service, .endpoint = endpoint};
	const struct rme_node_spec spec = {.type = &rmi_remote_node_type, .config = &config, .name = "cloud"};
	const struct rme_plan_in in = {.specs = &spec, .n = 1};
	const struct rmi_remote_endpoint far = {.name = "far", .address = address};
	const struct rmi_remote_service echo = {.name = "echo", .endpoint = "far"};
	unsigned good = 0;
	bool ok = rme_runtime_new(&rt, NULL, NULL) == RME_OK && rmi_remote_new(&remote) == RME_OK &&
	          rmi_remote_add_endpoint(remote, &far, NULL) == RME_OK &&
	          rmi_remote_add_service(remote, &echo, NULL) == RME_OK;
	if (ok) {
		rmi_runtime_set_services(rt, rmi_remote_services(remote));
		ok = rme_plan_new(&plan, rt, &in, NULL) == RME_OK &&
		     rme_session_open(&s, rt, plan, NULL, NULL) == RME_OK;
	}
	if (ok) {
		good = use_session(s);
		guest_call(remote);
	}
	rme_session_free(s);
	rme_plan_free(plan);
	rmi_remote_free(remote);
	rme_runtime_free(rt);
	return good;
}

static void
each_allocation_fails_once(void **state)
{
	(void)state;
	uint16_t port = 0;
	pid_t pid = far_spawn("/proc/self/exe", 0, &port);
	assert_true(pid > 0);
	(void)snprintf(address, sizeof address, "127.0.0.1:%u", port);
	assert_int_equal(scenario(), 5);
	seen = 0;
	assert_int_equal(scenario(), 5);
	long all = seen;
	assert_true(all > 50);
	for (long k = 0; k < all; k++) {
		fuse = k;
		(void)scenario();
	}
	fuse = -1;
	assert_int_equal(scenario(), 5);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

int
main(int argc, char **argv)
{
	far_child(argc, argv);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_allocation_fails_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
