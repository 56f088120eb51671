#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/output.h"
#include "cli/progress.h"

static void
every_error_has_an_exit_code(void **state)
{
	(void)state;
	assert_int_equal(rmi_exit_of(RME_OK), RMI_EXIT_OK);
	assert_int_equal(rmi_exit_of(RME_ECONFIG), RMI_EXIT_CONFIG);
	assert_int_equal(rmi_exit_of(RME_EUNAVAILABLE), RMI_EXIT_REMOTE);
	assert_int_equal(rmi_exit_of(RME_EMODULE), RMI_EXIT_MODULE);
	assert_int_equal(rmi_exit_of(RME_ETIMEDOUT), RMI_EXIT_TIMEOUT);
	assert_int_equal(rmi_exit_of(RME_ENOMEM), RMI_EXIT_FAILED);
	assert_int_equal(rmi_exit_of((enum rme_err)999), RMI_EXIT_FAILED);
	for (int e = 1; e < RME_ERR_COUNT_; e++) {
		assert_int_not_equal(rmi_exit_of((enum rme_err)e), RMI_EXIT_OK);
	}
}

static void
expect_progress(const struct rmi_progress *p, int64_t now_ns, const char *want)
{
	char text[256];
	int n = rmi_progress_text(p, now_ns, text, sizeof(text));
	assert_string_equal(text, want);
	assert_int_equal(n, strlen(want));
}

static void
progress_tells_how_far_and_where(void **state)
{
	(void)state;
	struct rmi_progress p = {.total = 100, .done = 25, .edge = 3, .cloud = 1};
	expect_progress(&p, 5000000000, "[======>                 ] 25/100 items  5.0/s  ETA 0:15  edge 75% cloud 25%");
	p = (struct rmi_progress){.total = 10, .done = 10, .failed = 2};
	expect_progress(&p, 1000000000, "[========================] 10/10 items  10/s  2 failed");
	p = (struct rmi_progress){.done = 7};
	expect_progress(&p, 3661000000000, "1:01:01  7 items  0.0/s");
	char cut[10];
	assert_int_equal(rmi_progress_text(&p, 1000000000, cut, sizeof(cut)), 9);
}

static void
color_follows_the_environment(void **state)
{
	(void)state;
	struct rmi_cli cli = {.tty_out = true, .tty_err = false};
	assert_int_equal(setenv("TERM", "xterm", 1), 0);
	assert_int_equal(unsetenv("NO_COLOR"), 0);
	assert_int_equal(unsetenv("CLICOLOR_FORCE"), 0);
	rmi_cli_set_color(&cli, "auto");
	assert_true(cli.color_out);
	assert_false(cli.color_err);
	assert_int_equal(setenv("CLICOLOR_FORCE", "1", 1), 0);
	rmi_cli_set_color(&cli, "auto");
	assert_true(cli.color_err);
	assert_int_equal(setenv("NO_COLOR", "1", 1), 0);
	rmi_cli_set_color(&cli, "auto");
	assert_false(cli.color_out);
	rmi_cli_set_color(&cli, "always");
	assert_true(cli.color_out && cli.color_err);
	rmi_cli_set_color(&cli, "never");
	assert_false(cli.color_out || cli.color_err);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_error_has_an_exit_code),
	    cmocka_unit_test(progress_tells_how_far_and_where),
	    cmocka_unit_test(color_follows_the_environment),
	};
	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
