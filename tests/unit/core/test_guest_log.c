#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "core/guest_log.h"

static char seen[4096];
static unsigned lines;

static void
take(void *ctx, enum rme_log_level level, const char *topic, const char *text)
{
	(void)ctx;
	(void)level;
	(void)topic;
	lines++;
	memcpy(seen, text, strlen(text) + 1);
}

static struct rme_runtime *
new_runtime(void)
{
	struct rme_runtime *rt;
	const struct rme_runtime_config config = {.log_level = RME_LOG_DEBUG, .log = take};
	assert_int_equal(rme_runtime_new(&rt, &config, NULL), RME_OK);
	lines = 0;
	seen[0] = '\0';
	return rt;
}

static void
texts_are_made_safe(void **state)
{
	(void)state;
	char to[16];
	rmi_guest_text_copy(to, sizeof(to),
	    "a\x1b[0m\nb\xff"
	    "c",
	    9);
	assert_string_equal(to, "a [0m b?c");
	rmi_guest_text_copy(to, 4, "abcdef", 6);
	assert_string_equal(to, "abc");
	rmi_guest_text_copy(to, 4, "ab\xc3\xa9", 4); /* a character is not cut in two */
	assert_string_equal(to, "ab");
	rmi_guest_text_copy(to, sizeof(to), "", 0);
	assert_string_equal(to, "");
}

static void
a_stream_is_cut_into_lines(void **state)
{
	(void)state;
	struct rme_runtime *rt = new_runtime();
	struct rmi_guest_log log = {0};
	const struct rmi_guest_log_to to = {rt, "m"};
	rmi_guest_log_write(&log, &to, (const uint8_t *)"one\ntw", 6);
	assert_int_equal(lines, 1);
	assert_string_equal(seen, "module m: one");
	rmi_guest_log_write(&log, &to, (const uint8_t *)"o", 1);
	rmi_guest_log_end(&log, &to);
	assert_string_equal(seen, "module m: two");
	rmi_guest_log_end(&log, &to);
	assert_int_equal(lines, 2);
	rme_runtime_free(rt);
}

static void
a_line_without_end_is_cut(void **state)
{
	(void)state;
	struct rme_runtime *rt = new_runtime();
	struct rmi_guest_log log = {0};
	const struct rmi_guest_log_to to = {rt, "m"};
	for (int i = 0; i < 5000; i++) {
		rmi_guest_log_write(&log, &to, (const uint8_t *)"x", 1);
	}
	rmi_guest_log_end(&log, &to);
	assert_int_equal(lines, 1);
	assert_in_range(strlen(seen), 100, RMI_GUEST_LOG_LINE_BYTES_MAX + 16);
	rme_runtime_free(rt);
}

static void
nowhere_is_a_place_too(void **state)
{
	(void)state;
	struct rmi_guest_log log = {0};
	const struct rmi_guest_log_to to = {NULL, "m"};
	rmi_guest_log_write(&log, &to, (const uint8_t *)"one\n", 4);
	assert_int_equal(log.lines, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_are_made_safe),
	    cmocka_unit_test(a_stream_is_cut_into_lines),
	    cmocka_unit_test(a_line_without_end_is_cut),
	    cmocka_unit_test(nowhere_is_a_place_too),
	};
	return cmocka_run_group_tests_name("guest_log", tests, NULL, NULL);
}
