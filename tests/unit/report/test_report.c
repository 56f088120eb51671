#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "report/html.h"
#include "report/report.h"
#include "sample.h"

static char *
page_of(const struct rmi_report *r)
{
	char *text = NULL;
	size_t len = 0;
	struct rme_error err;
	FILE *f = open_memstream(&text, &len);
	assert_non_null(f);
	assert_int_equal(rmi_report_write(f, r, &err), RME_OK);
	assert_int_equal(fclose(f), 0);
	return text;
}

/* Tags that must be closed are, in order. */
static void
check_nesting(const char *html)
{
	static const char *const kinds[] = {
	    "section", "div", "table", "svg", "details", "title", "style", "script", "main", "span", "h2"};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char open[16], closed[16];
		int depth = 0;
		size_t n = (size_t)snprintf(open, sizeof(open), "<%s", kinds[i]);
		size_t m = (size_t)snprintf(closed, sizeof(closed), "</%s>", kinds[i]);
		for (const char *p = html; (p = strchr(p, '<')) != NULL; p++) {
			if (strncmp(p, open, n) == 0 && strchr(" >", p[n]) != NULL) {
				depth++;
			}
			depth -= strncmp(p, closed, m) == 0 ? 1 : 0;
			assert_true(depth >= 0);
		}
		if (depth != 0) {
			fail_msg("%d times <%s> without end", depth, kinds[i]);
		}
	}
}

static void
a_page_tells_all_and_needs_nothing_else(void **state)
{
	(void)state;
	struct rmi_run *run = sample_run("hybrid <b>");
	const struct rmi_run *runs[] = {run};
	const struct rmi_report r = {.runs = runs, .n_runs = 1};
	char *html = page_of(&r);
	check_nesting(html);
	static const char *const told[] = {"hybrid &lt;b&gt;", "front center", "Looking &lt;there&gt; &amp; back.",
	    "640 B &lt; 100 KB and complexity 0.10 &lt; 0.30", "fallback: edge failed after 2 ms: module failed",
	    "no &lt;answer&gt; &amp; &quot;more&quot;", "0 lost, 1 failed", "1.64 KB", "speech.yaml", "talk.wav",
	    "<rect class=edge", "<rect class=fall", "<circle class=edge", "class=ws"};
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		if (strstr(html, told[i]) == NULL) {
			fail_msg("the page does not say: %s", told[i]);
		}
	}
	static const char *const foreign[] = {"http:", "https:", "src=", "href=", "@import", "<b>"};
	for (size_t i = 0; i < 5; i++) {
		assert_null(strstr(html, foreign[i]));
	}
	assert_null(strstr(html, "hybrid <b>"));
	free(html);
	rmi_run_free(run);
}

static void
a_comparison_tells_differences_to_the_first(void **state)
{
	(void)state;
	struct rmi_run *a = sample_run("cloud"), *b = sample_run("hybrid");
	b->item[2].stage[1].up = 100;
	b->item[2].stage[0].up = 64;
	const struct rmi_run *runs[] = {a, b};
	const struct rmi_price price = {"recognize", RMI_PRICE_ITEM, 0.25};
	const struct rmi_report r = {.title = "cloud and edge", .runs = runs, .n_runs = 2, .prices = {&price, 1}};
	char *html = page_of(&r);
	check_nesting(html);
	assert_non_null(strstr(html, "<title>cloud and edge</title>"));
	assert_non_null(strstr(html, "164 B<span class=delta>\xe2\x88\x92"
	                             "90 %</span>"));
	assert_non_null(strstr(html, "<td>same words as the first run</td><td class=r></td><td class=r>1 of 1</td>"));
	assert_non_null(strstr(html, "$0.2500"));
	assert_non_null(strstr(html, "id=s0"));
	assert_non_null(strstr(html, "id=s1"));
	free(html);
	rmi_run_free(a);
	rmi_run_free(b);
}

static void
empty_and_odd_runs_have_a_page_too(void **state)
{
	(void)state;
	const struct rmi_run_head head = {.began_ns = 5};
	struct rmi_run *run;
	assert_int_equal(rmi_run_new(&run, &head), RME_OK);
	const struct rmi_run *runs[] = {run, run};
	struct rmi_report r = {.runs = runs, .n_runs = 1};
	char *html = page_of(&r);
	check_nesting(html);
	free(html);
	/* Items without times, stages without names. */
	struct rmi_run_stage odd = {.mode = "auto", .enter_ms = 1, .leave_ms = 0};
	struct rmi_run_say say = {.text = "x"};
	for (int i = 0; i < 3; i++) {
		struct rmi_run_item *it = rmi_run_add_item(run);
		assert_non_null(it);
		it->stage = &odd;
		it->n_stages = 1;
		it->say = &say;
		it->n_says = 1;
	}
	html = page_of(&r);
	check_nesting(html);
	free(html);
	r.n_runs = 2;
	html = page_of(&r);
	check_nesting(html);
	free(html);
	rmi_run_free(run);
}

static void
too_few_and_too_many_runs_are_refused(void **state)
{
	(void)state;
	struct rme_error err;
	struct rmi_report r = {.n_runs = 0};
	assert_int_equal(rmi_report_write(stdout, &r, &err), RME_EINVAL);
	r.n_runs = RMI_REPORT_RUNS_MAX + 1;
	assert_int_equal(rmi_report_write(stdout, &r, &err), RME_ELIMIT);
}

static void
a_full_disk_is_told(void **state)
{
	(void)state;
	FILE *f = fopen("/dev/full", "we");
	if (f == NULL) {
		skip();
	}
	struct rmi_run *run = sample_run("x");
	const struct rmi_run *runs[] = {run};
	const struct rmi_report r = {.runs = runs, .n_runs = 1};
	struct rme_error err;
	assert_int_equal(rmi_report_write(f, &r, &err), RME_EIO);
	(void)fclose(f);
	rmi_run_free(run);
}

static void
text_from_anywhere_is_only_text(void **state)
{
	(void)state;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	rmi_html_text(f, "<script>'\"&\x01\xff\xc3\xa4\xed\xa0\x80\n");
	rmi_html_text(f, NULL);
	(void)fclose(f);
	assert_string_equal(text, "&lt;script&gt;&#39;&quot;&amp;\xef\xbf\xbd\xef\xbf\xbd\xc3\xa4"
	                          "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_page_tells_all_and_needs_nothing_else),
	    cmocka_unit_test(a_comparison_tells_differences_to_the_first),
	    cmocka_unit_test(empty_and_odd_runs_have_a_page_too),
	    cmocka_unit_test(too_few_and_too_many_runs_are_refused),
	    cmocka_unit_test(a_full_disk_is_told),
	    cmocka_unit_test(text_from_anywhere_is_only_text),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
