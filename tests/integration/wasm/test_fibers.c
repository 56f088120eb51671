/* Guests that wait for services: suspended and gone on with, many on one thread, in good and bad cases. */
#include "wasm_fixture.h"

#include <semaphore.h>
#include "base/cancel.h"
#include "base/clock.h"
#include "base/sanitizer.h"
#include "patient.h"
#include "wasm/guest_run.h"
#include "wasm/module_state.h"

enum { GUESTS = 24, ROUNDS = 6 };

static struct patient patient;
/* One stops a loop soon; the other leaves all time to what has to end by itself, on whatever machine. */
static struct rmi_wasm_module *hasty, *moody;
static const char *const granted[] = {"echo"};

static int
setup(void **state)
{
	patient_init(&patient);
	if (fixture_setup(state) != 0) {
		return -1;
	}
	hasty = fixture_open_limited("moody", (struct rme_module_limits){.timeout_ns = 100 * RMI_NS_PER_MS});
	moody = fixture_open_limited("moody", (struct rme_module_limits){.timeout_ns = 60 * RMI_NS_PER_S});
	return 0;
}

static int
teardown(void **state)
{
	rmi_wasm_module_unref(hasty);
	rmi_wasm_module_unref(moody);
	return fixture_teardown(state);
}

/* What a guest is told, and what has to come of it after it was suspended. */
static const struct script {
	const char *item;
	enum rme_err code;
	const char *text; /* output, or part of the error */
	bool cancel;
} scripts[] = {
    {"call echo hello", RME_OK, "hello", false},
    {"later trap oob", RME_EMODULE, "out of bounds memory access", false},
    {"later echo afterwards", RME_OK, "afterwards", false},
    {"call echo canceled", RME_OK, "7", true},
    {"later loop plain", RME_ETIMEDOUT, "stopped after 100 ms (limit)", false},
    {"later trap divide", RME_EMODULE, "divide by zero", false},
    {"later later later echo thrice", RME_OK, "thrice", false},
    {"later loop host", RME_ETIMEDOUT, "stopped after 100 ms (limit)", false},
    {"later trap recurse", RME_EMODULE, "stack overflow", false},
    {"later trap recurse-host", RME_EMODULE, "stack overflow", false},
    {"later trap recurse-engine", RME_EMODULE, "stack overflow", false},
    {"later loop fill", RME_ETIMEDOUT, "stopped after 100 ms (limit)", false},
};

/* ThreadSanitizer delivers signals too late for a stack that ends in host code. */
enum { SCRIPTS = sizeof(scripts) / sizeof(scripts[0]) - (RMI_TSAN ? 4 : 0) };

struct guest {
	struct rmi_wasm_instance *in;
	struct rmi_guest_env env;
	char session[16];
	unsigned items; /* since it was made */
	struct rmi_guest_run run;
	sem_t news;
	const struct script *script;
	struct rme_bytes out;
	enum rme_err result;
	struct rme_error err;
	bool over;
};

static void
post(void *ctx)
{
	struct guest *g = ctx;
	(void)sem_post(&g->news);
}

static void
process(void *ctx)
{
	struct guest *g = ctx;
	const struct rme_bytes data = {(const uint8_t *)g->script->item, strlen(g->script->item)};
	g->result = rmi_wasm_instance_process(g->in, NULL, data, &g->out, &g->err);
}

static void
make_guest_of(struct guest *g, int number, struct rmi_wasm_module *m)
{
	(void)snprintf(g->session, sizeof(g->session), "guest %d", number);
	g->env = (struct rmi_guest_env){
	    .session_id = g->session, .services = &patient.services, .granted = granted, .n_granted = 1};
	g->in = fixture_instance(m, &g->env);
	g->items = 0;
}

static void
make_guest(struct guest *g, int number)
{
	make_guest_of(g, number, moody);
}

/* @return it is over */
static bool
try_begin(struct guest *g, const struct script *script)
{
	g->script = script;
	g->run.process = moody->process;
	g->run.fibers = rmi_wasm_engine_fibers(fixture_engine);
	g->run.news = post;
	g->run.ctx = g;
	g->items++;
	assert_int_equal(rmi_guest_run_start(&g->run, process, g, &g->over, &fixture_err), RME_OK);
	return g->over;
}

static void
begin(struct guest *g, const struct script *script)
{
	assert_false(try_begin(g, script));
}

static void
expect(struct guest *g)
{
	const struct script *s = g->script;
	if (g->result != s->code || (s->code != RME_OK && strstr(g->err.text, s->text) == NULL)) {
		fail_msg("\"%s\": %s \"%s\"", s->item, rme_err_name(g->result), g->err.text);
	}
	if (s->code == RME_OK && (g->out.len != strlen(s->text) || memcmp(g->out.data, s->text, g->out.len) != 0)) {
		fail_msg("\"%s\" gave \"%.*s\"", s->item, (int)g->out.len, (const char *)g->out.data);
	}
	assert_int_equal(rmi_wasm_instance_dead(g->in), s->code != RME_OK);
}

/* The guest's own memory is what it was: its session, and how many items it has seen. */
static void
check_memory(struct guest *g)
{
	char items[] = {(char)('0' + ++g->items), '\0'};
	fixture_expect(g->in, "say items", items);
	g->items++;
	fixture_expect(g->in, "say session", g->session);
}

static void
finish(struct guest *g)
{
	expect(g);
	if (!rmi_wasm_instance_dead(g->in)) {
		check_memory(g);
	}
	rmi_wasm_instance_free(g->in);
}

/* Go on with those for whom there is news, until all are over. */
static void
go_round(struct guest *g, int n)
{
	int left = 0;
	for (int i = 0; i < n; i++) {
		left += !g[i].over;
	}
	while (left > 0) {
		(void)patient_answer(&patient, (size_t)left * 7, 3);
		for (int i = 0; i < n; i++) {
			struct guest *it = &g[n % 5 != 0 ? (i * 5) % n : i];
			if (!it->over && sem_trywait(&it->news) == 0) {
				it->over = rmi_guest_run_go_on(&it->run);
				left -= it->over;
			}
		}
	}
}

static void
guests_of_one_thread_take_turns(void **state)
{
	(void)state;
	static struct guest g[GUESTS];
	for (int i = 0; i < GUESTS; i++) {
		assert_int_equal(sem_init(&g[i].news, 0, 0), 0);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < GUESTS; i++) {
			const struct script *script = &scripts[(i + round) % SCRIPTS];
			make_guest_of(&g[i], i, strstr(script->item, "loop") != NULL ? hasty : moody);
			begin(&g[i], script);
		}
		patient_expect(&patient, GUESTS);
		for (int i = 0; i < GUESTS; i++) {
			if (g[i].script->cancel) {
				rmi_guest_run_cancel(&g[i].run);
				g[i].over = true;
			}
		}
		go_round(g, GUESTS);
		for (int i = 0; i < GUESTS; i++) {
			finish(&g[i]);
			while (sem_trywait(&g[i].news) == 0) {
			}
		}
	}
	for (int i = 0; i < GUESTS; i++) {
		rmi_guest_run_done(&g[i].run);
		assert_int_equal(sem_destroy(&g[i].news), 0);
	}
	assert_int_equal(patient_waiting(&patient), 0);
}

static void
an_instance_with_an_open_call_is_not_entered(void **state)
{
	(void)state;
	static const struct script hello = {"call echo hello", RME_OK, "hello", false};
	static struct guest g;
	assert_int_equal(sem_init(&g.news, 0, 0), 0);
	make_guest(&g, 1);
	begin(&g, &hello);
	patient_expect(&patient, 1);
	if (g.run.fibers) { /* with threads it is another thread's */
		fixture_expect_error(g.in, "echo x", RME_EINVAL, "never entered twice");
	}
	go_round(&g, 1);
	expect(&g);
	rmi_guest_run_done(&g.run);
	rmi_wasm_instance_free(g.in);
	assert_int_equal(sem_destroy(&g.news), 0);
}

/* The module's limit is 100 ms. */
static void
time_that_a_guest_waited_is_not_its_own(void **state)
{
	(void)state;
	static const struct script hello = {"later later echo hello", RME_OK, "hello", false};
	static struct guest g;
	assert_int_equal(sem_init(&g.news, 0, 0), 0);
	make_guest_of(&g, 1, hasty);
	begin(&g, &hello);
	patient_expect(&patient, 1);
	for (int64_t end = rmi_monotonic_ns() + 400 * RMI_NS_PER_MS; rmi_monotonic_ns() < end;) {
	}
	go_round(&g, 1);
	expect(&g);
	const struct rmi_guest_usage *u = rmi_wasm_instance_usage(g.in);
	assert_int_equal(u->service_calls, 2);
	assert_true(u->service_ns >= 400 * RMI_NS_PER_MS);
	rmi_guest_run_done(&g.run);
	rmi_wasm_instance_free(g.in);
	assert_int_equal(sem_destroy(&g.news), 0);
}

static void
a_canceled_guest_ends_when_it_is_resumed(void **state)
{
	(void)state;
	static const struct script canceled = {"call echo x", RME_ECANCELED, "canceled", false};
	static struct guest g;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(sem_init(&g.news, 0, 0), 0);
		make_guest(&g, 1);
		begin(&g, &canceled);
		patient_expect(&patient, 1);
		rmi_wasm_instance_cancel(g.in);
		if (i % 2 == 0) {
			rmi_guest_run_cancel(&g.run);
		} else {
			go_round(&g, 1);
		}
		if (g.run.fibers || g.result != RME_OK) { /* a thread of its own may have returned just before */
			expect(&g);
		}
		rmi_guest_run_done(&g.run);
		rmi_wasm_instance_free(g.in);
		assert_int_equal(sem_destroy(&g.news), 0);
	}
}

/* Guest stacks cannot be had. */
static bool no_stacks;

struct rmi_guest_stack *__real_rmi_stack_pool_take(struct rmi_stack_pool *pool);
struct rmi_guest_stack *__wrap_rmi_stack_pool_take(struct rmi_stack_pool *pool);

struct rmi_guest_stack *
__wrap_rmi_stack_pool_take(struct rmi_stack_pool *pool)
{
	return no_stacks && pool->first == NULL ? NULL : __real_rmi_stack_pool_take(pool);
}

static void
without_a_stack_for_the_next_guest_a_call_is_refused(void **state)
{
	(void)state;
	static const struct script hello = {"call echo hello", RME_OK, "hello", false};
	static const struct script refused = {"call echo hello", RME_OK, "2", false}; /* unavailable */
	static struct guest g[GUESTS];
	int n = 0;
	if (!rmi_wasm_engine_fibers(fixture_engine)) {
		return; /* each has a thread, and no other guest comes after it there */
	}
	for (bool over = false; n < GUESTS && !over; n++) {
		assert_int_equal(sem_init(&g[n].news, 0, 0), 0);
		make_guest(&g[n], n);
		no_stacks = true;
		over = try_begin(&g[n], &hello);
		no_stacks = false;
	}
	assert_true(n > 1 && g[n - 1].over);
	g[n - 1].script = &refused;
	patient_expect(&patient, (size_t)n - 1);
	go_round(g, n);
	for (int i = 0; i < n; i++) {
		expect(&g[i]);
		rmi_guest_run_done(&g[i].run);
		rmi_wasm_instance_free(g[i].in);
		assert_int_equal(sem_destroy(&g[i].news), 0);
	}
	assert_int_equal(patient_waiting(&patient), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_stack_for_the_next_guest_a_call_is_refused),
	    cmocka_unit_test(guests_of_one_thread_take_turns),
	    cmocka_unit_test(an_instance_with_an_open_call_is_not_entered),
	    cmocka_unit_test(time_that_a_guest_waited_is_not_its_own),
	    cmocka_unit_test(a_canceled_guest_ends_when_it_is_resumed),
	};
	return cmocka_run_group_tests_name("fibers", tests, setup, teardown);
}
