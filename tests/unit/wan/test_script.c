#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/clock.h"
#include "wan/script.h"

static void
lines_become_steps(void **state)
{
	(void)state;
	static const char *const lines[] = {"at 0 rate 8Mbit/s", "# a comment", "", "  at\t1.5s  down  # gone",
	    "at 2s up", "2s freeze", "at 3s cut", "at 4s delay 50ms", "at 4s jitter-up 2ms", "at 1m rate-down 0"};
	static const struct {
		int64_t at_ns;
		const char *text;
	} expected[] = {{0, "rate 8Mbit/s"}, {1500 * RMI_NS_PER_MS, "down"}, {2 * RMI_NS_PER_S, "up"},
	    {2 * RMI_NS_PER_S, "freeze"}, {3 * RMI_NS_PER_S, "cut"}, {4 * RMI_NS_PER_S, "delay 50ms"},
	    {4 * RMI_NS_PER_S, "jitter-up 2ms"}, {60 * RMI_NS_PER_S, "rate-down 0"}};
	struct rmi_wan_script s = {0};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(rmi_wan_script_add(&s, lines[i], NULL), RME_OK);
	}
	assert_int_equal(s.n, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < s.n; i++) {
		char text[64];
		assert_int_equal(s.steps[i].at_ns, expected[i].at_ns);
		assert_string_equal(rmi_wan_step_text(&s.steps[i], text, sizeof(text)), expected[i].text);
	}
	rmi_wan_script_done(&s);
}

static void
wrong_lines_are_explained(void **state)
{
	(void)state;
	static const struct {
		const char *line, *says;
	} wrong[] = {
	    {"at 5s", "expected 'at TIME ACTION"},
	    {"at 5s rate 1Mbit/s now please", "expected 'at TIME ACTION"},
	    {"at noon down", "'noon' is not a time"},
	    {"at 5s explode", "'explode' is no action"},
	    {"at 5s down 3s", "down takes no value"},
	    {"at 5s rate", "rate takes one value"},
	    {"at 5s rate fast", "'fast' is not a rate"},
	    {"at 5s delay 5", "'5' is not a time (units: ns us ms s m h)"},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rmi_wan_script s = {0};
		struct rme_error err = {0};
		assert_int_equal(rmi_wan_script_add(&s, wrong[i].line, &err), RME_ECONFIG);
		assert_non_null(strstr(err.text, wrong[i].says));
		assert_int_equal(s.n, 0);
		rmi_wan_script_done(&s);
	}
}

static void
limits_hold(void **state)
{
	(void)state;
	struct rmi_wan_script s = {0};
	char longer[1000];
	memset(longer, ' ', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(rmi_wan_script_add(&s, longer, NULL), RME_ELIMIT);
	for (int i = 0; i < RMI_WAN_SCRIPT_STEPS_MAX; i++) {
		assert_int_equal(rmi_wan_script_add(&s, "at 1s cut", NULL), RME_OK);
	}
	assert_int_equal(rmi_wan_script_add(&s, "at 1s cut", NULL), RME_ELIMIT);
	rmi_wan_script_done(&s);
	assert_int_equal(rmi_wan_script_add(&s, "at 1s delay 61m", NULL), RME_ELIMIT);
	assert_int_equal(rmi_wan_script_add(&s, "at 10001h cut", NULL), RME_ELIMIT);
	rmi_wan_script_done(&s);
}

static void
steps_must_be_in_order(void **state)
{
	(void)state;
	struct rmi_wan_script s = {0};
	struct rme_error err;
	assert_int_equal(rmi_wan_script_add(&s, "at 5s down", NULL), RME_OK);
	assert_int_equal(rmi_wan_script_add(&s, "at 4s up", &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "order"));
	rmi_wan_script_done(&s);
}

static enum rme_err
load_text(struct rmi_wan_script *s, const char *text, size_t n, struct rme_error *err)
{
	char path[] = "/tmp/rme-script-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
	enum rme_err e = rmi_wan_script_load(s, path, err);
	unlink(path);
	return e;
}

static void
files_are_read_and_their_errors_name_the_line(void **state)
{
	(void)state;
	struct rmi_wan_script s = {0};
	struct rme_error err;
	static const char good[] = "# outage\nat 5s down\r\nat 8s up";
	assert_int_equal(load_text(&s, good, strlen(good), &err), RME_OK);
	assert_int_equal(s.n, 2);
	rmi_wan_script_done(&s);

	static const char bad[] = "at 5s down\nat 8s upp\n";
	assert_int_equal(load_text(&s, bad, strlen(bad), &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "line 2: 'upp'"));
	rmi_wan_script_done(&s);

	assert_int_equal(rmi_wan_script_load(&s, "/nonexistent/script", &err), RME_ENOTFOUND);
	assert_string_equal(err.where, "/nonexistent/script");

	char *huge = calloc(1, RMI_WAN_SCRIPT_BYTES_MAX + 1);
	memset(huge, '\n', RMI_WAN_SCRIPT_BYTES_MAX + 1);
	assert_int_equal(load_text(&s, huge, RMI_WAN_SCRIPT_BYTES_MAX + 1, &err), RME_ELIMIT);
	free(huge);
	rmi_wan_script_done(&s);
}

static void
a_step_changes_its_directions_only(void **state)
{
	(void)state;
	struct rmi_wan_script s = {0};
	struct rmi_wan_shape up = {1, 2, 3}, down = {1, 2, 3};
	static const char *const lines[] = {
	    "at 1s delay 5ns", "at 1s jitter-up 6ns", "at 1s rate-down 7bit/s", "at 1s cut"};
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(rmi_wan_script_add(&s, lines[i], NULL), RME_OK);
		rmi_wan_step_apply(&s.steps[i], RMI_WAN_TO_SERVICE, &up);
		rmi_wan_step_apply(&s.steps[i], RMI_WAN_TO_CLIENT, &down);
	}
	const struct rmi_wan_shape want_up = {5, 6, 3}, want_down = {5, 2, 7};
	assert_memory_equal(&up, &want_up, sizeof(up));
	assert_memory_equal(&down, &want_down, sizeof(down));
	rmi_wan_script_done(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines_become_steps),
	    cmocka_unit_test(wrong_lines_are_explained),
	    cmocka_unit_test(limits_hold),
	    cmocka_unit_test(steps_must_be_in_order),
	    cmocka_unit_test(files_are_read_and_their_errors_name_the_line),
	    cmocka_unit_test(a_step_changes_its_directions_only),
	};
	return cmocka_run_group_tests_name("script", tests, NULL, NULL);
}
