/* Every allocation between a session's packets and a page fails once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "harness.h"
#include "report/record.h"
#include "report/report.h"
#include "sample.h"

static void
check(enum rme_err e)
{
	assert_true(e == RME_OK || (e == RME_ENOMEM && harness_oom_hit()));
}

static void
make_page(const struct rmi_run *run)
{
	struct rme_error err;
	const struct rmi_run *runs[] = {run, run};
	const struct rmi_report r = {.runs = runs, .n_runs = 2};
	FILE *out = fopen("/dev/null", "we");
	assert_non_null(out);
	check(rmi_report_write(out, &r, &err));
	(void)fclose(out);
}

static void
live(void *ctx)
{
	(void)ctx;
	struct rmi_run *run = sample_run("x"), *again = NULL;
	FILE *f = tmpfile();
	assert_non_null(f);
	if (run != NULL) {
		check(rmi_record_write_head(f, run));
		for (size_t i = 0; i < run->n_items; i++) {
			check(rmi_record_write_item(f, &run->item[i]));
		}
		check(rmi_record_write_end(f, run));
		make_page(run);
		rewind(f);
		struct rme_error err;
		check(rmi_record_read(&again, f, "x", &err));
	} else {
		assert_true(harness_oom_hit());
	}
	(void)fclose(f);
	rmi_run_free(run);
	rmi_run_free(again);
}

static void
reports_survive_every_failed_allocation(void **state)
{
	(void)state;
	assert_true(harness_oom_sweep(live, NULL) > 30);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reports_survive_every_failed_allocation),
	};
	return cmocka_run_group_tests_name("report, out of memory", tests, NULL, NULL);
}
