#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>

#include <rme/format.h>

#include "report/html.h"
#include "report/summary.h"
#include "report/wave.h"
#include "sample.h"

static void
figures_of_the_sample_are_right(void **state)
{
	(void)state;
	struct rmi_run *run = sample_run("x");
	static struct rmi_summary s;
	assert_int_equal(rmi_summary_make(&s, run, NULL), RME_OK);
	assert_int_equal(s.items, 4);
	assert_int_equal(s.failed, 1);
	assert_int_equal(s.lost, 0);
	assert_int_equal(s.ok, 3);
	assert_int_equal(s.fallbacks, 1);
	assert_int_equal(s.edge, 3);
	assert_int_equal(s.cloud, 1);
	assert_int_equal(s.up, 1640);
	assert_int_equal(s.down, 50);
	assert_int_equal(s.says, 1);
	assert_true(s.times.p50 == 4 && s.times.max == 699 && s.times.n == 4);
	assert_true(s.say_times.p50 == 699 && s.say_times.n == 1);
	assert_true(s.wait.p50 == 1);
	assert_double_equal(s.media_s, 0.08, 1e-9);
	assert_double_equal(s.speech_s, 0.06, 1e-9);
	assert_true(isnan(s.cost));
	assert_int_equal(s.n_stages, 3);
	const struct rmi_stage_summary *vad = &s.stage[0];
	assert_string_equal(vad->node, "vad");
	assert_true(vad->routed);
	assert_int_equal(vad->items, 4);
	assert_int_equal(vad->failed, 1);
	assert_int_equal(vad->edge_times.n, 3);
	assert_double_equal(vad->edge_times.p50, 0.1, 1e-9);
	assert_double_equal(vad->cloud_times.p50, 40, 1e-9);
	/* The recognizer handed on after 300 ms, though its end went out after 600. */
	assert_double_equal(s.stage[1].times.p50, 300, 1e-9);
	assert_double_equal(s.stage[2].times.p50, 300, 1e-9);
	assert_int_equal(s.n_reasons, 2);
	assert_int_equal(s.reason[0].items, 3);
	assert_true(s.reason[1].fell_back);
	rmi_run_free(run);
}

static void
an_item_without_verdict_is_lost(void **state)
{
	(void)state;
	struct rmi_run *run = sample_run("x");
	static struct rmi_summary s;
	rmi_run_submitted(run, NULL);
	assert_int_equal(rmi_summary_make(&s, run, NULL), RME_OK);
	assert_int_equal(s.lost, 1);
	rmi_run_free(run);
}

static void
prices_count_what_the_cloud_did(void **state)
{
	(void)state;
	static const char *const texts[] = {"vad=0.5/item", "recognize=6/min", "reply=100/item", "recognize=2/MB"};
	struct rmi_price price[4];
	struct rme_error err;
	char names[4][16];
	for (size_t i = 0; i < 4; i++) {
		size_t len;
		assert_int_equal(rmi_price_parse(&price[i], texts[i], &len, &err), RME_OK);
		memcpy(names[i], texts[i], len);
		names[i][len] = '\0';
		price[i].node = names[i];
	}
	const struct rmi_prices prices = {price, 4};
	struct rmi_run *run = sample_run("x");
	static struct rmi_summary s;
	assert_int_equal(rmi_summary_make(&s, run, &prices), RME_OK);
	assert_double_equal(s.stage[0].cost, 0.5, 1e-9);
	assert_double_equal(s.stage[1].cost, 6 * 0.02 / 60 + 2 * 1000 / 1e6, 1e-9);
	assert_double_equal(s.stage[2].cost, 0, 1e-9);
	assert_double_equal(s.cost, 0.5 + 0.002 + 0.002, 1e-9);
	rmi_run_free(run);
	static const char *const wrong[] = {
	    "vad", "vad=", "=1/min", "vad=1", "vad=1/hour", "vad=x/min", "vad=-1/min", "vad=inf/min", "vad=1/minute"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		size_t len;
		assert_int_equal(rmi_price_parse(&price[0], wrong[i], &len, &err), RME_ECONFIG);
		assert_non_null(strstr(err.text, "STAGE=USD/UNIT"));
	}
}

static void
quantiles_are_nearest_rank(void **state)
{
	(void)state;
	double ms[100];
	for (int i = 0; i < 100; i++) {
		ms[i] = 100 - i;
	}
	struct rmi_times t = rmi_times_of(ms, 100);
	assert_true(t.p50 == 50 && t.p95 == 95 && t.p99 == 99 && t.max == 100);
	t = rmi_times_of(ms, 1);
	assert_true(t.p50 == 1 && t.p99 == 1);
	assert_true(isnan(rmi_times_of(ms, 0).p50));
}

static void
figures_read_well(void **state)
{
	(void)state;
	char b[RMI_FIGURE_MAX];
	assert_string_equal(rmi_html_ms(b, 0.0374), "37.4 \xc2\xb5s");
	assert_string_equal(rmi_html_ms(b, 0.9996), "1 ms");
	assert_string_equal(rmi_html_ms(b, 42.345), "42.3 ms");
	assert_string_equal(rmi_html_ms(b, 999.4), "999 ms");
	assert_string_equal(rmi_html_ms(b, 1200), "1.2 s");
	assert_string_equal(rmi_html_ms(b, (double)NAN), "\xe2\x80\x93");
	assert_string_equal(rmi_html_bytes(b, 0), "0 B");
	assert_string_equal(rmi_html_bytes(b, 640), "640 B");
	assert_string_equal(rmi_html_bytes(b, 999999), "1 MB");
	assert_string_equal(rmi_html_bytes(b, 1234567), "1.23 MB");
	assert_string_equal(rmi_html_bytes(b, UINT64_MAX), "18446744074 GB");
	assert_string_equal(rmi_html_ms(b, 1e308), "1e+305 s");
	assert_string_equal(rmi_html_count(b, 0), "0");
	assert_string_equal(rmi_html_count(b, 1234567), "1,234,567");
	assert_string_equal(rmi_html_percent(b, 1, 3), "33.3 %");
	assert_string_equal(rmi_html_percent(b, 1, 0), "\xe2\x80\x93");
	assert_string_equal(rmi_html_usd(b, 0.00123), "$0.0012");
	assert_string_equal(rmi_html_time(b, 62.54), "1:02.5");
	assert_string_equal(rmi_html_time(b, 59.96), "1:00.0");
}

static void
a_long_sound_is_drawn_in_the_same_room(void **state)
{
	(void)state;
	static struct rmi_wave w;
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 8000, 2);
	int16_t frame[800];
	for (int i = 0; i < 800; i++) {
		frame[i] = (int16_t)(i % 2 == 0 ? 16384 : -32768);
	}
	for (int i = 0; i < 2000; i++) {
		rmi_wave_add(&w, &f, (const uint8_t *)frame, sizeof(frame));
	}
	assert_true(w.n <= RMI_WAVE_PAIRS && w.n > RMI_WAVE_PAIRS / 2);
	assert_double_equal(rmi_wave_seconds(&w), 100, 1e-6);
	for (size_t i = 0; i < w.n; i++) {
		assert_int_equal(w.lo[i], -127);
		assert_int_equal(w.hi[i], 64);
	}
	struct rme_format other = rme_format_audio(RME_SAMPLE_S16LE, 16000, 2), text = rme_format_of(RME_MEDIA_TEXT);
	rmi_wave_add(&w, &other, (const uint8_t *)frame, sizeof(frame));
	rmi_wave_add(&w, &text, (const uint8_t *)frame, sizeof(frame));
	assert_double_equal(rmi_wave_seconds(&w), 100, 1e-6);
	static struct rmi_wave v;
	const float wild[] = {NAN, INFINITY, 7, -7};
	f = rme_format_audio(RME_SAMPLE_F32LE, 100, 1);
	rmi_wave_add(&v, &f, (const uint8_t *)wild, sizeof(wild));
	assert_int_equal(v.n, 4);
	assert_int_equal(v.hi[2], 127);
	assert_int_equal(v.lo[3], -127);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(figures_of_the_sample_are_right),
	    cmocka_unit_test(an_item_without_verdict_is_lost),
	    cmocka_unit_test(prices_count_what_the_cloud_did),
	    cmocka_unit_test(quantiles_are_nearest_rank),
	    cmocka_unit_test(figures_read_well),
	    cmocka_unit_test(a_long_sound_is_drawn_in_the_same_room),
	};
	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
