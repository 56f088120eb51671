/* Several threads call, trap and are stopped at the same time, in instances of one module. */
#include "wasm_fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include "base/clock.h"

enum { THREADS = 4, ROUNDS = 400 };

static struct rmi_wasm_module *moody;
static _Atomic unsigned bad;

static int
setup(void **state)
{
	if (fixture_setup(state) != 0) {
		return -1;
	}
	moody = fixture_open_limited("moody", (struct rme_module_limits){.timeout_ns = 2 * RMI_NS_PER_MS * 1000});
	return 0;
}

static int
teardown(void **state)
{
	rmi_wasm_module_unref(moody);
	return fixture_teardown(state);
}

/* cmocka is for one thread: count what goes wrong. */
static struct rmi_wasm_instance *
make(void)
{
	static const struct rmi_guest_env env = {.session_id = "t"};
	static const struct rmi_guest_start start = {0};
	struct rmi_wasm_instance *in = NULL;
	if (rmi_wasm_instance_new(&in, moody, NULL) != RME_OK ||
	    rmi_wasm_instance_open(in, &env, &start, NULL) != RME_OK) {
		bad++;
	}
	return in;
}

static enum rme_err
say(struct rmi_wasm_instance *in, const char *text, struct rme_bytes *out)
{
	return rmi_wasm_instance_process(in, NULL, (struct rme_bytes){(const uint8_t *)text, strlen(text)}, out, NULL);
}

static void *
call_and_trap(void *arg)
{
	static const char *const traps[] = {
	    "trap oob", "trap divide", "trap recurse", "trap recurse-host", "trap unreachable"};
	size_t mine = (size_t)(uintptr_t)arg;
	for (size_t i = 0; i < ROUNDS; i++) {
		struct rmi_wasm_instance *in = make();
		char item[48], want[32];
		struct rme_bytes out = {0};
		(void)snprintf(want, sizeof(want), "%zu-%zu", mine, i);
		(void)snprintf(item, sizeof(item), "echo %s", want);
		for (int k = 0; k < 20; k++) {
			enum rme_err e = say(in, item, &out);
			bad += e != RME_OK || out.len != strlen(want) || memcmp(out.data, want, out.len) != 0;
		}
		bad += say(in, traps[(i + mine) % 5], &out) != RME_EMODULE;
		bad += !rmi_wasm_instance_dead(in);
		rmi_wasm_instance_free(in);
	}
	return NULL;
}

static void
run_threads(void *(*fn)(void *))
{
	pthread_t threads[THREADS];
	bad = 0;
	for (size_t i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, fn, (void *)(uintptr_t)i), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	assert_int_equal(bad, 0);
}

static void
four_threads_call_and_trap(void **state)
{
	(void)state;
	run_threads(call_and_trap);
}

static void *
call_and_be_stopped(void *arg)
{
	struct rmi_wasm_instance *in = NULL;
	for (size_t i = 0; i < 12; i++) {
		struct rmi_guest_item item = {.deadline_ns = rmi_monotonic_ns() + 100 * RMI_NS_PER_MS};
		static const char loops[3][12] = {"loop plain", "loop fill", "loop host"};
		const char *loop = loops[(i + (uintptr_t)arg) % 3];
		struct rme_bytes out = {0};
		in = make();
		bad += say(in, "echo x", &out) != RME_OK;
		enum rme_err e = rmi_wasm_instance_process(
		    in, &item, (struct rme_bytes){(const uint8_t *)loop, strlen(loop)}, &out, NULL);
		bad += e != RME_ETIMEDOUT;
		rmi_wasm_instance_free(in);
	}
	return NULL;
}

static void
four_threads_are_stopped(void **state)
{
	(void)state;
	run_threads(call_and_be_stopped);
}

/* Instances are canceled by another thread at any moment of a call. */
struct pair {
	struct rmi_wasm_instance *in; /* NULL = it is over */
	sem_t given, canceled;
};

static void *
cancel_each(void *arg)
{
	struct pair *p = arg;
	for (unsigned i = 0;; i++) {
		while (sem_wait(&p->given) != 0) {
		}
		if (p->in == NULL) {
			return NULL;
		}
		for (int64_t end = rmi_monotonic_ns() + i % 40 * RMI_NS_PER_US; rmi_monotonic_ns() < end;) {
		}
		rmi_wasm_instance_cancel(p->in);
		sem_post(&p->canceled);
	}
}

static void
cancel_meets_any_moment_of_a_call(void **state)
{
	(void)state;
	struct pair p = {0};
	pthread_t thread;
	bad = 0;
	sem_init(&p.given, 0, 0);
	sem_init(&p.canceled, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, cancel_each, &p), 0);
	for (int i = 0; i < 1000; i++) {
		p.in = make();
		struct rme_bytes out;
		enum rme_err e;
		sem_post(&p.given);
		do {
			e = say(p.in, "echo x", &out);
		} while (e == RME_OK);
		bad += e != RME_ECANCELED;
		while (sem_wait(&p.canceled) != 0) {
		}
		rmi_wasm_instance_free(p.in);
	}
	p.in = NULL;
	sem_post(&p.given);
	pthread_join(thread, NULL);
	assert_int_equal(bad, 0);
}

static void *
open_and_run(void *arg)
{
	(void)arg;
	struct rmi_wasm_module *m = NULL;
	char path[512];
	(void)snprintf(path, sizeof(path), "%s/smallest.wasm", getenv("RME_TEST_MODULES"));
	for (int i = 0; i < 30; i++) {
		const struct rmi_wasm_module_spec spec = {.path = path};
		if (rmi_wasm_module_open(&m, fixture_engine, &spec, NULL) != RME_OK) {
			bad++;
			continue;
		}
		struct rmi_wasm_instance *in = NULL;
		static const struct rmi_guest_env env = {.session_id = "t"};
		struct rme_bytes out = {0};
		bad += rmi_wasm_instance_new(&in, m, NULL) != RME_OK;
		bad += rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, NULL) != RME_OK;
		bad += say(in, "abc", &out) != RME_OK || out.len != 3 || memcmp(out.data, "cba", 3) != 0;
		rmi_wasm_instance_free(in);
		rmi_wasm_module_unref(m);
	}
	return NULL;
}

static void
a_module_is_opened_and_closed_by_all(void **state)
{
	(void)state;
	run_threads(open_and_run);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(four_threads_call_and_trap),
	    cmocka_unit_test(four_threads_are_stopped),
	    cmocka_unit_test(cancel_meets_any_moment_of_a_call),
	    cmocka_unit_test(a_module_is_opened_and_closed_by_all),
	};
	return cmocka_run_group_tests_name("threads", tests, setup, teardown);
}
