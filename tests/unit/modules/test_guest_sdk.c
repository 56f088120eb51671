#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
#include <cmocka.h>
#include "rme_module.h"
#include "guest_host.h"

static int
echo_process(char *s, struct rme_in in, struct rme_out *out)
{
	(void)s;
	rme_put(out, in.data, in.len);
	return RME_GUEST_OK;
}

static float
echo_confidence(char *s)
{
	(void)s;
	return 0.75f;
}

static struct rme_estimate
echo_estimate(char *s, struct rme_in in)
{
	struct rme_estimate e = {(float)in.len, 0.25f};
	(void)s;
	return e;
}

static int
echo_format(char *s, struct rme_out *out)
{
	(void)s;
	rme_put_text(out, "text/plain");
	return RME_GUEST_OK;
}

/* Two results, then none. */
static int
echo_more(char *s, struct rme_out *out)
{
	if (*s < 2) {
		rme_put(out, s, 1);
		++*s;
	}
	return RME_GUEST_OK;
}

/* Declares less than it writes for long inputs. */
RME_MODULE(char, .process = echo_process, .result_bytes = 8)
RME_MODULE_CONFIDENCE(echo_confidence)
RME_MODULE_ESTIMATE(echo_estimate)
RME_MODULE_OUTPUT_FORMAT(echo_format)
RME_MODULE_NEXT(echo_more)
RME_MODULE_FLUSH(echo_more)

static void
numbers_are_read_as_json_says(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double value; /* NaN: no number */
	} cases[] = {{"0", 0}, {"-1.5", -1.5}, {"1e3", 1000}, {"2.5E-2", 0.025}, {"123456789", 123456789}, {"", NAN},
	    {"-", NAN}, {"abc", NAN}, {"1x", NAN}, {"\"1\"", NAN}, {"true", NAN}, {"1e999", INFINITY}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		double v = 0.0;
		int ok = rme_json_number(cases[i].text, (uint32_t)strlen(cases[i].text), &v);
		assert_int_equal(ok, !isnan(cases[i].value));
		if (ok) {
			assert_true(v == cases[i].value || fabs(v - cases[i].value) < 1e-12);
		}
	}
}

static void
members_are_found_at_their_level_only(void **state)
{
	(void)state;
	static const char text[] =
	    " {\"a\": {\"x\": 1, \"s\":\"}\\\"{\"}, \"b\":[1,{\"x\":2}], \"x\" : 3 , \"y\":null}";
	uint32_t len = (uint32_t)strlen(text);
	const char *v;
	uint32_t n;
	assert_true(rme_json_find(text, len, "x", &v, &n));
	assert_int_equal(n, 1);
	assert_int_equal(v[0], '3');
	assert_true(rme_json_find(text, len, "y", &v, &n));
	assert_memory_equal(v, "null", n);
	assert_true(rme_json_find(text, len, "a", &v, &n));
	assert_int_equal(v[n - 1], '}');
	assert_false(rme_json_find(text, len, "s", &v, &n));
	for (uint32_t cut = 0; cut < len; cut++) {
		(void)rme_json_find(text, cut, "y", &v, &n); /* never past the end: the sanitizer watches */
	}
}

static void
parameters_have_types_and_ranges(void **state)
{
	(void)state;
	static const char json[] = "{\"params\":{\"n\":3,\"t\":true,\"f\":false,\"s\":\"x\"}}";
	struct rme_params p = rme_params_of(json, (uint32_t)strlen(json));
	assert_true(rme_param_number(&p, "n", 1.0, 0.0, 9.0, "n") == 3.0);
	assert_true(rme_param_number(&p, "absent", 7.0, 0.0, 9.0, "absent") == 7.0);
	assert_true(rme_param_bool(&p, "t", 0, "t"));
	assert_false(rme_param_bool(&p, "f", 1, "f"));
	assert_null(p.bad);
	(void)rme_param_number(&p, "n", 1.0, 4.0, 9.0, "n: too small");
	assert_string_equal(p.bad, "n: too small");
	(void)rme_param_bool(&p, "s", 1, "s: no");
	assert_string_equal(p.bad, "s: no");
}

static void
assert_printed(double v, uint32_t decimals, const char *want)
{
	uint8_t buf[64];
	struct rme_out out = {buf, sizeof buf, 0, 0};
	rme_put_number(&out, v, decimals);
	assert_int_equal(out.len, strlen(want));
	assert_memory_equal(buf, want, out.len);
}

static void
numbers_are_printed_alike_everywhere(void **state)
{
	(void)state;
	assert_printed(0.5, 4, "0.5000");
	assert_printed(-12.3449, 2, "-12.34");
	assert_printed(-0.001, 2, "0.00");
	assert_printed(99.999, 2, "100.00");
	assert_printed(7.0, 0, "7");
	assert_printed(1e9, 1, "1000000000.0");
	assert_printed((double)NAN, 2, "null");
	assert_printed(-(double)INFINITY, 2, "null");
}

static void
strings_are_escaped(void **state)
{
	(void)state;
	uint8_t buf[64];
	struct rme_out out = {buf, sizeof buf, 0, 0};
	rme_put_json_string(&out, "a\"b\\c\n", 6);
	assert_memory_equal(buf, "\"a\\\"b\\\\c\\u000a\"", out.len);
	assert_int_equal(out.len, 15);
}

static void
results_never_leave_their_room(void **state)
{
	(void)state;
	uint8_t buf[4] = {9, 9, 9, 9};
	struct rme_out out = {buf, 3, 0, 0};
	rme_put_text(&out, "ab");
	rme_put_text(&out, "cd");
	assert_true(out.overflow);
	assert_int_equal(out.len, 2);
	assert_int_equal(buf[3], 9);
	uint8_t in[16] = {0};
	uint8_t result[8];
	uint32_t n = sizeof result;
	assert_int_equal(rme_export_configure("{}", 2), 0);
	assert_int_equal(rme_export_process(in, 16, result, &n), RME_GUEST_FAILED);
	assert_non_null(strstr(host.error, "longer"));
}

static void
samples_are_limited(void **state)
{
	(void)state;
	assert_int_equal(rme_clip_s16(1e9f), 32767);
	assert_int_equal(rme_clip_s16(-1e9f), -32768);
	assert_int_equal(rme_clip_s16(0.5f), 1);
	assert_int_equal(rme_clip_s16(-1.5f), -2);
	assert_int_equal(rme_clip_s16(NAN), 0);
	int16_t odd = 7;
	struct rme_in in = {(const uint8_t *)&odd, 2};
	assert_int_equal(rme_s16(in, 0), 7);
	assert_int_equal(rme_s16(in, 1), 0);
}

static void
optional_exports_reach_the_module(void **state)
{
	(void)state;
	uint8_t buf[128];
	uint32_t n = sizeof buf;
	struct rme_estimate e;
	assert_true(rme_export_confidence() == 0.75f);
	assert_int_equal(rme_export_estimate(buf, 16, &e), 0);
	assert_true(e.work_units == 16.0f && e.doubt == 0.25f);
	assert_int_equal(rme_export_output_format(buf, &n), 0);
	assert_int_equal(n, 10);
	assert_memory_equal(buf, "text/plain", 10);
	n = 5; /* a format gets the same room, whatever the results are declared to be */
	assert_int_equal(rme_export_output_format(buf, &n), RME_GUEST_TOO_SMALL);
	assert_int_equal(n, 128);
	for (uint32_t k = 0; k < 3; k++) {
		n = sizeof buf;
		assert_int_equal(k == 0 ? rme_export_next(buf, &n) : rme_export_flush(buf, &n), 0);
		assert_int_equal(n, k < 2 ? 1 : 0);
	}
	assert_int_equal(rme_export_abi(), 1);
	assert_int_equal(rme_export_reset(), 0);
	assert_int_equal(rme_export_cleanup(), 0);
}

static void
memory_is_reused(void **state)
{
	(void)state;
	uint8_t *a = rme_export_alloc(100);
	uint8_t *b = rme_export_alloc(1000);
	uint8_t *c = rme_export_alloc(1);
	assert_int_equal((uintptr_t)a % 16 | (uintptr_t)b % 16 | (uintptr_t)c % 16, 0);
	assert_true(b >= a + 100 && c >= b + 1000);
	memset(a, 1, 100);
	memset(b, 2, 1000);
	rme_export_free(b, 1000);
	rme_export_free(a, 100); /* joins with what was b */
	assert_ptr_equal(rme_export_alloc(1100), a);
	rme_export_free(a, 1100);
	rme_export_free(NULL, 5);
	for (uint32_t round = 0; round < 100000;
	    round++) { /* a host whose buffers grow and shrink does not use up memory */
		uint32_t n = 64 + round % 5000;
		uint8_t *p = rme_export_alloc(n);
		assert_non_null(p);
		rme_export_free(p, n);
	}
	assert_null(rme_export_alloc(UINT32_MAX));
	assert_null(rme_export_alloc(1u << 29));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers_are_read_as_json_says),
	    cmocka_unit_test(members_are_found_at_their_level_only),
	    cmocka_unit_test(parameters_have_types_and_ranges),
	    cmocka_unit_test(numbers_are_printed_alike_everywhere),
	    cmocka_unit_test(strings_are_escaped),
	    cmocka_unit_test(results_never_leave_their_room),
	    cmocka_unit_test(samples_are_limited),
	    cmocka_unit_test(optional_exports_reach_the_module),
	    cmocka_unit_test(memory_is_reused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
