/* Modules in processes of their own: what happens to items when such a process dies, hangs or lies. */
#include "wasm_fixture.h"

#include <sched.h>
#include <signal.h>
#include <time.h>
#include <rme/pipeline.h>
#include <rme/session.h>
#include <rme/verdict.h>
#include "base/clock.h"
#include "base/sanitizer.h"
#include "core/runtime.h"
#include "wasm/iso_host.h"
#include "wasm/wasm_node.h"

enum { BIG_BYTES = 3 << 20, ITEMS = 1000, RESTARTS = 10, PATIENCE_S = 60 };

/* Names of entries are the ways in which liar.c lies. */
static const char *const lies[] = {"head", "kind", "length", "number", "format", "format-length", "code", "call",
    "many", "files", "half", "exit", "crash", "flood-bell", "flood-log", "silent"};
enum {
	LIES = sizeof(lies) / sizeof(lies[0]),
	PLAIN = LIES,
	STRICT,
	REFUSE,
	GRANTED,
	TURNER,
	FILES_AGAIN,
	FILES_AT_ONCE,
	ENTRIES
};

static struct rmi_wasm_nodes *nodes;
static struct rme_module_entry entries[ENTRIES], *list[ENTRIES];
static char moody_path[512], smallest_path[512];
static char *real_guest;

static void
add_entry(int i, const char *name)
{
	rme_module_entry_init(&entries[i], name, moody_path);
	entries[i].limits.memory_bytes = 64 << 20;
	entries[i].limits.result_bytes = 8 << 20;
	entries[i].limits.timeout_ns = 50 * RMI_NS_PER_MS;
	list[i] = &entries[i];
}

static int
setup(void **state)
{
	if (fixture_setup(state) != 0) {
		return -1;
	}
	(void)snprintf(moody_path, sizeof(moody_path), "%s", fixture_path("moody"));
	for (int i = 0; i < LIES; i++) {
		add_entry(i, lies[i]);
	}
	add_entry(PLAIN, "plain");
	entries[PLAIN].limits.timeout_ns = 10 * RMI_NS_PER_S;
	add_entry(STRICT, "strict");
	add_entry(REFUSE, "refuse");
	add_entry(GRANTED, "granted");
	(void)snprintf(smallest_path, sizeof(smallest_path), "%s", fixture_path("smallest"));
	add_entry(TURNER, "turner"); /* turns every byte around */
	entries[TURNER].wasm_path = smallest_path;
	entries[TURNER].limits.timeout_ns = 10 * RMI_NS_PER_S;
	static const struct rme_module_param file = {.name = "file", .type = RME_MODULE_PARAM_ASSET};
	add_entry(FILES_AGAIN, "files-again");
	add_entry(FILES_AT_ONCE, "files-at-once");
	entries[FILES_AGAIN].params = entries[FILES_AT_ONCE].params = &file;
	entries[FILES_AGAIN].n_params = entries[FILES_AT_ONCE].n_params = 1;
	const struct rmi_wasm_registry registry = {.entries = list, .n = ENTRIES};
	real_guest = getenv("RME_GUEST");
	return rmi_wasm_nodes_new(&nodes, fixture_engine, &registry) == RME_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	rmi_wasm_nodes_free(nodes);
	return fixture_teardown(state);
}

struct chain {
	struct rmi_wasm_node_config config;
	struct rme_node_spec spec;
	struct rme_plan *plan;
	struct rme_session *session;
};

static enum rme_err
try_open_with(struct chain *c, const char *name, char *params)
{
	static char names[ENTRIES][32];
	static unsigned n;
	char *copy = names[n++ % ENTRIES];
	(void)snprintf(copy, sizeof(names[0]), "%s", name);
	*c = (struct chain){.config = {.module = copy, .params = params}};
	c->spec = (struct rme_node_spec){.type = rmi_wasm_nodes_type(nodes, 0), .config = &c->config, .name = "m"};
	const struct rme_plan_in plan = {.specs = &c->spec, .n = 1};
	enum rme_err e = rme_plan_new(&c->plan, fixture_runtime(), &plan, &fixture_err);
	return e != RME_OK ? e : rme_session_open(&c->session, fixture_runtime(), c->plan, NULL, &fixture_err);
}

static enum rme_err
try_open(struct chain *c, const char *name)
{
	return try_open_with(c, name, NULL);
}

static void
open_chain(struct chain *c, const char *name)
{
	if (try_open(c, name) != RME_OK) {
		fail_msg("%s: %s", fixture_err.where, fixture_err.text);
	}
}

static void
close_chain(struct chain *c)
{
	rme_session_free(c->session);
	rme_plan_free(c->plan);
}

static void
submit_until(struct chain *c, const void *data, size_t len, int64_t deadline_ns)
{
	struct rme_packet *pkt;
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_of(RME_MEDIA_OCTETS);
	meta.deadline_ns = deadline_ns;
	assert_int_equal(rme_packet_new(&pkt, &meta, data, len), RME_OK);
	assert_int_equal(rme_session_submit(c->session, pkt, NULL), RME_OK);
}

static void
submit(struct chain *c, const char *text)
{
	submit_until(c, text, strlen(text), 0);
}

/* What came of one item. */
struct outcome {
	enum rme_err code;
	char text[RME_ERROR_TEXT_MAX];
	size_t bytes;
	char first[16];
	float confidence;
};

static struct outcome
receive(struct chain *c)
{
	struct outcome o = {.code = RME_OK};
	for (;;) {
		struct rme_packet *pkt = NULL;
		int64_t until = rmi_monotonic_ns() + PATIENCE_S * RMI_NS_PER_S;
		assert_int_equal(rme_session_recv(c->session, &pkt, until), RME_OK);
		const struct rme_verdict *v = rme_packet_verdict(pkt);
		size_t len;
		const uint8_t *data = rme_packet_data(pkt, &len);
		if (v == NULL) {
			o.bytes += len;
			o.confidence = rme_packet_meta(pkt)->confidence;
			memcpy(o.first, data, len < sizeof(o.first) - 1 ? len : sizeof(o.first) - 1);
			rme_packet_unref(pkt);
			continue;
		}
		o.code = v->error.code;
		(void)snprintf(o.text, sizeof(o.text), "%s", v->error.text);
		rme_packet_unref(pkt);
		return o;
	}
}

static void
expect(struct chain *c, const char *text)
{
	struct outcome o = receive(c);
	if (o.code != RME_OK || strcmp(o.first, text) != 0) {
		fail_msg("\"%s\" (%s) and not \"%s\"", o.first, o.text, text);
	}
}

static void
expect_error(struct chain *c, enum rme_err code, const char *text)
{
	struct outcome o = receive(c);
	if (o.code != code || strstr(o.text, text) == NULL) {
		fail_msg("%s \"%s\" and not %s \"%s\"", rme_err_name(o.code), o.text, rme_err_name(code), text);
	}
}

static int
guest_pid(void)
{
	struct rmi_iso_status s;
	rmi_wasm_nodes_isolation(nodes, &s);
	return s.pid;
}

/* Wait until the process burns time: it has begun with what was submitted. */
static void
wait_until_busy(int pid)
{
	clockid_t clock;
	struct timespec t;
	int64_t first = -1, now = 0;
	assert_int_equal(clock_getcpuclockid(pid, &clock), 0);
	do {
		assert_int_equal(clock_gettime(clock, &t), 0);
		now = (int64_t)t.tv_sec * RMI_NS_PER_S + t.tv_nsec;
		first = first < 0 ? now : first;
		(void)sched_yield();
	} while (now - first < 10 * RMI_NS_PER_MS);
}

static void
wait_until_stopped(int pid)
{
	char path[64], text[256] = "";
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (strstr(text, ") T ") == NULL) {
		FILE *f = fopen(path, "re");
		assert_non_null(f);
		assert_non_null(fgets(text, sizeof(text), f));
		(void)fclose(f);
	}
}

static void
a_killed_process_costs_what_was_in_flight(void **state)
{
	(void)state;
	static const struct {
		int sig;
		const char *text;
	} ways[] = {
	    {SIGKILL, "killed from outside"}, {SIGSEGV, "signal 11"}, {SIGABRT, "signal 6"}, {SIGSYS, "(SIGSYS)"}};
	struct chain a, b;
	open_chain(&a, "plain");
	open_chain(&b, "plain");
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		submit(&a, "say initialized");
		expect(&a, "1");
		submit(&a, "loop plain");
		submit(&a, "echo after");
		wait_until_busy(guest_pid());
		assert_int_equal(kill(guest_pid(), ways[i].sig), 0);
		/* a sanitizer catches signals, and dies of what it does then */
		expect_error(&a, RME_EMODULE, RMI_ASAN || RMI_TSAN ? "its process ended" : ways[i].text);
		expect(&a, "after");
		submit(&a, "say items"); /* a fresh instance: it has seen one item */
		expect(&a, "2");
		submit(&b, "echo b"); /* nothing of this session was in flight */
		expect(&b, "b");
	}
	close_chain(&b);
	close_chain(&a);
}

static void
it_restarts_soon(void **state)
{
	(void)state;
	struct chain c;
	int64_t worst = 0;
	open_chain(&c, "plain");
	for (int i = 0; i < RESTARTS; i++) {
		struct outcome o;
		assert_int_equal(kill(guest_pid(), SIGKILL), 0);
		int64_t start = rmi_monotonic_ns();
		do {
			submit(&c, "echo x");
			o = receive(&c);
		} while (o.code != RME_OK);
		int64_t ns = rmi_monotonic_ns() - start;
		worst = ns > worst ? ns : worst;
	}
	print_message(
	    "after a kill an item went through within %.1f ms, the worst of %d\n", (double)worst / 1e6, RESTARTS);
	close_chain(&c);
}

static void
a_frozen_process_is_killed(void **state)
{
	(void)state;
	struct chain c;
	open_chain(&c, "strict");
	submit(&c, "echo a");
	expect(&c, "a");
	int pid = guest_pid();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	wait_until_stopped(pid);
	submit_until(&c, "echo b", 6, rmi_monotonic_ns() + 20 * RMI_NS_PER_MS);
	expect_error(&c, RME_ETIMEDOUT, "did not answer in time and was killed");
	submit(&c, "echo c");
	expect(&c, "c");
	assert_true(guest_pid() != pid);
	close_chain(&c);
}

static void
traps_and_loops_end_as_in_this_process(void **state)
{
	(void)state;
	struct chain c;
	open_chain(&c, "strict");
	int pid = guest_pid();
	static const char *const bad[] = {"trap oob", "trap divide", "trap recurse", "trap recurse-host",
	    "trap recurse-engine", "loop plain", "loop fill", "loop grow", "loop host"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (RMI_TSAN && strstr(bad[i], "recurse-") != NULL) {
			continue; /* what it puts into the engine needs more stack than there is */
		}
		submit(&c, bad[i]);
		struct outcome o = receive(&c);
		if (o.code != (bad[i][0] == 'l' ? RME_ETIMEDOUT : RME_EMODULE)) {
			fail_msg("%s: %s \"%s\"", bad[i], rme_err_name(o.code), o.text);
		}
		submit(&c, "echo fine");
		expect(&c, "fine");
	}
	assert_int_equal(guest_pid(), pid); /* the process lives through all of it */
	close_chain(&c);
}

static void
big_items_go_through_in_pieces(void **state)
{
	(void)state;
	struct chain c;
	open_chain(&c, "turner");
	uint8_t *data = malloc(BIG_BYTES);
	assert_non_null(data);
	for (size_t n = RMI_RING_BYTES / 2; n <= BIG_BYTES; n = n * 3 / 2 + 1) {
		memset(data, 'x', n);
		memcpy(data + n - 3, "gib", 3);
		submit_until(&c, data, n, 0);
		struct outcome o = receive(&c);
		assert_string_equal(o.text, "");
		assert_int_equal(o.bytes, n);
		assert_memory_equal(o.first, "bigxxx", 6);
	}
	free(data);
	close_chain(&c);
}

static void
a_canceled_session_ends_soon(void **state)
{
	(void)state;
	struct chain a, b;
	open_chain(&a, "plain");
	open_chain(&b, "plain");
	int pid = guest_pid();
	submit(&a, "loop plain");
	wait_until_busy(pid);
	rme_session_cancel(a.session);
	expect_error(&a, RME_ECANCELED, "");
	close_chain(&a);
	submit(&b, "echo b");
	expect(&b, "b");
	assert_int_equal(guest_pid(), pid); /* only the session was stopped */
	close_chain(&b);
	open_chain(&a, "plain"); /* the place is free again */
	submit(&a, "echo a");
	expect(&a, "a");
	close_chain(&a);
}

static void
two_sessions_a_thousand_items(void **state)
{
	(void)state;
	struct chain c[2];
	char text[32], want[32];
	open_chain(&c[0], "plain");
	open_chain(&c[1], "plain");
	for (int i = 0; i < ITEMS; i++) {
		for (int k = 0; k < 2; k++) {
			(void)snprintf(text, sizeof(text), "echo %d-%d", k, i);
			submit(&c[k], text);
		}
		for (int k = 0; i % 10 == 9 && k < 2; k++) { /* ten are in flight */
			for (int j = i - 9; j <= i; j++) {
				(void)snprintf(want, sizeof(want), "%d-%d", k, j);
				expect(&c[k], want);
			}
		}
	}
	close_chain(&c[1]);
	close_chain(&c[0]);
}

static void
more_sessions_than_one_process_has_room_for(void **state)
{
	(void)state;
	enum { MANY = RMI_ISO_SESSIONS + 3 };
	static struct chain c[MANY];
	struct rmi_iso_status s;
	for (int i = 0; i < MANY; i++) {
		open_chain(&c[i], "strict");
	}
	rmi_wasm_nodes_isolation(nodes, &s);
	assert_int_equal(s.sessions, MANY);
	for (int i = 0; i < MANY; i++) {
		submit(&c[i], "echo x");
	}
	for (int i = 0; i < MANY; i++) {
		expect(&c[i], "x");
		close_chain(&c[i]);
	}
}

/* Different limits make them different modules. */
static void
modules_that_nobody_uses_make_room(void **state)
{
	(void)state;
	struct chain kept;
	int64_t timeout_ns = entries[TURNER].limits.timeout_ns;
	open_chain(&kept, "turner");
	for (int i = 1; i < RMI_ISO_MODULES + 6; i++) {
		struct chain c;
		entries[TURNER].limits.timeout_ns = timeout_ns + i;
		open_chain(&c, "turner");
		submit(&c, "ab");
		expect(&c, "ba");
		close_chain(&c);
	}
	entries[TURNER].limits.timeout_ns = timeout_ns;
	submit(&kept, "cd");
	expect(&kept, "dc");
	close_chain(&kept);
}

static void
what_a_liar_says_is_not_believed(void **state)
{
	(void)state;
	struct chain c;
	for (int i = 0; i < LIES; i++) {
		assert_int_equal(setenv("RME_GUEST", getenv("RME_TEST_LIAR"), 1), 0);
		open_chain(&c, lies[i]);
		submit(&c, "echo x");
		struct outcome o = receive(&c);
		print_message("%s: %s\n", lies[i], o.text);
		assert_true(o.code != RME_OK && strstr(o.text, "its process ended") != NULL);
		assert_int_equal(setenv("RME_GUEST", real_guest, 1), 0);
		o.code = RME_EMODULE;
		for (int tries = 0; o.code != RME_OK && tries < 3;
		    tries++) { /* the next one may have been started before */
			submit(&c, "echo x");
			o = receive(&c);
		}
		if (o.code != RME_OK || strcmp(o.first, "x") != 0) {
			fail_msg("%s: %s", lies[i], o.text);
		}
		close_chain(&c);
	}
}

static void
a_liar_gets_no_service_that_is_not_granted(void **state)
{
	(void)state;
	struct chain c;
	assert_int_equal(setenv("RME_GUEST", getenv("RME_TEST_LIAR"), 1), 0);
	open_chain(&c, "granted");
	submit(&c, "echo x");
	expect(&c, "deny");
	close_chain(&c);
	assert_int_equal(try_open(&c, "refuse"), RME_ELIMIT);
	assert_non_null(strstr(fixture_err.text, "its process did not start: no mood today"));
	close_chain(&c);
	assert_int_equal(setenv("RME_GUEST", "/nowhere/rme-guest", 1), 0);
	entries[REFUSE].limits.timeout_ns++;
	assert_int_equal(try_open(&c, "refuse"), RME_EUNSUPPORTED);
	assert_non_null(strstr(fixture_err.text, "/nowhere/rme-guest cannot be started"));
	close_chain(&c);
	assert_int_equal(setenv("RME_GUEST", real_guest, 1), 0);
}

/* Its own program is a file that does not fit into a ring. */
static void
a_liar_has_files_read_no_more_than_it_may(void **state)
{
	(void)state;
	static char params[] = "{\"file\":\"/proc/self/exe\"}";
	static const struct {
		const char *how, *text;
	} asked[] = {{"files-again", "it asked for its files again and again"},
	    {"files-at-once", "it asked while it was being answered"}};
	assert_int_equal(setenv("RME_GUEST", getenv("RME_TEST_LIAR"), 1), 0);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct chain c;
		assert_int_equal(try_open_with(&c, asked[i].how, params), RME_OK);
		submit(&c, "echo x");
		expect_error(&c, RME_EMODULE, asked[i].text);
		close_chain(&c);
	}
	assert_int_equal(setenv("RME_GUEST", real_guest, 1), 0);
}

static void
the_level_is_said_and_only_tightened(void **state)
{
	(void)state;
	struct chain c;
	struct rmi_iso_status s;
	open_chain(&c, "strict");
	rmi_wasm_nodes_isolation(nodes, &s);
	print_message("isolated by: %s\n", s.report);
	assert_non_null(strstr(s.report, "seccomp"));
	close_chain(&c);
	static char name[] = "strict";
	c.config = (struct rmi_wasm_node_config){.module = name, .isolation = RME_ISOLATION_INPROC};
	c.spec = (struct rme_node_spec){.type = rmi_wasm_nodes_type(nodes, 0), .config = &c.config};
	const struct rme_plan_in plan = {.specs = &c.spec, .n = 1};
	c.session = NULL;
	assert_int_equal(rme_plan_new(&c.plan, fixture_runtime(), &plan, &fixture_err), RME_OK);
	assert_int_equal(rme_session_open(&c.session, fixture_runtime(), c.plan, NULL, &fixture_err), RME_ECONFIG);
	assert_non_null(strstr(fixture_err.text, "the lock file does not pin it"));
	close_chain(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_killed_process_costs_what_was_in_flight),
	    cmocka_unit_test(it_restarts_soon),
	    cmocka_unit_test(a_frozen_process_is_killed),
	    cmocka_unit_test(traps_and_loops_end_as_in_this_process),
	    cmocka_unit_test(big_items_go_through_in_pieces),
	    cmocka_unit_test(a_canceled_session_ends_soon),
	    cmocka_unit_test(two_sessions_a_thousand_items),
	    cmocka_unit_test(more_sessions_than_one_process_has_room_for),
	    cmocka_unit_test(modules_that_nobody_uses_make_room),
	    cmocka_unit_test(what_a_liar_says_is_not_believed),
	    cmocka_unit_test(a_liar_gets_no_service_that_is_not_granted),
	    cmocka_unit_test(a_liar_has_files_read_no_more_than_it_may),
	    cmocka_unit_test(the_level_is_said_and_only_tightened),
	};
	return cmocka_run_group_tests_name("isolation", tests, setup, teardown);
}
