#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wasm/reader.h"

static struct rme_error err;

static struct rmi_wreader
reader_of(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	return (struct rmi_wreader){.start = p, .p = p, .end = p + len, .section = "test", .err = &err};
}

static void
unsigned_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		uint32_t value;
		bool ok;
	} cases[] = {
	    {"\x00", 1, 0, true},
	    {"\x7f", 1, 127, true},
	    {"\x80\x01", 2, 128, true},
	    {"\xff\xff\xff\xff\x0f", 5, UINT32_MAX, true},
	    {"\x80\x80\x80\x80\x00", 5, 0, true}, /* longer than need be is allowed */
	    {"\xff\xff\xff\xff\x1f", 5, 0, false},
	    {"\x80\x80\x80\x80\x80\x00", 6, 0, false},
	    {"\x80", 1, 0, false},
	    {"", 0, 0, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rmi_wreader r = reader_of(cases[i].bytes, cases[i].len);
		assert_int_equal(rmi_wread_u32(&r), cases[i].value);
		assert_int_equal(r.failed, !cases[i].ok);
	}
}

static void
signed_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len;
		int32_t value;
		bool ok;
	} cases[] = {
	    {"\x00", 1, 0, true},
	    {"\x7f", 1, -1, true},
	    {"\x3f", 1, 63, true},
	    {"\x40", 1, -64, true},
	    {"\x80\x80\x04", 3, 65536, true},
	    {"\x80\x80\x80\x80\x78", 5, INT32_MIN, true},
	    {"\xff\xff\xff\xff\x07", 5, INT32_MAX, true},
	    {"\x80\x80\x80\x80\x80\x00", 6, 0, false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rmi_wreader r = reader_of(cases[i].bytes, cases[i].len);
		assert_int_equal(rmi_wread_s32(&r), cases[i].value);
		assert_int_equal(r.failed, !cases[i].ok);
	}
}

static void
the_first_error_stays_and_says_where(void **state)
{
	(void)state;
	struct rmi_wreader r = reader_of("\x01\x02\x03", 3);
	assert_int_equal(rmi_wread_u8(&r), 1);
	rmi_wreader_fail(&r, RME_ELIMIT, "first");
	rmi_wreader_fail(&r, RME_EMODULE, "second");
	assert_int_equal(r.code, RME_ELIMIT);
	assert_string_equal(err.text, "byte 1, test: first");
	assert_int_equal(rmi_wread_u8(&r), 0);
	assert_null(rmi_wread_bytes(&r, 1));
}

static void
counts_are_bounded_by_limit_and_by_what_is_left(void **state)
{
	(void)state;
	struct rmi_wreader r = reader_of("\x05\x00\x00", 3);
	assert_int_equal(rmi_wread_count(&r, 4, "things"), 0);
	assert_int_equal(r.code, RME_ELIMIT);
	r = reader_of("\x05\x00\x00", 3);
	assert_int_equal(rmi_wread_count(&r, 100, "things"), 0);
	assert_int_equal(r.code, RME_EMODULE);
	r = reader_of("\x02\x00\x00", 3);
	assert_int_equal(rmi_wread_count(&r, 100, "things"), 2);
}

static void
parts_end_exactly(void **state)
{
	(void)state;
	struct rmi_wreader r = reader_of("\x01\x02\x03", 3);
	struct rmi_wreader part = rmi_wread_part(&r, 2, "part");
	assert_int_equal(rmi_wread_u8(&part), 1);
	rmi_wread_part_end(&part, &r);
	assert_true(r.failed);
	assert_string_equal(err.text, "byte 1, part: 1 bytes too many");
	r = reader_of("\x01\x02\x03", 3);
	part = rmi_wread_part(&r, 4, "part");
	rmi_wread_part_end(&part, &r);
	assert_true(r.failed);
}

static void
names(void **state)
{
	(void)state;
	struct rmi_wreader r = reader_of("\x03"
	                                 "envX",
	    5);
	struct rmi_wname n = rmi_wread_name(&r);
	assert_true(rmi_wname_is(n, "env"));
	assert_false(rmi_wname_is(n, "envX"));
	assert_false(rmi_wname_is(n, "en"));
	assert_int_equal(rmi_wreader_offset(&r), 4);
	r = reader_of("\x09"
	              "env",
	    4);
	n = rmi_wread_name(&r);
	assert_true(r.failed && n.len == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(unsigned_numbers),
	    cmocka_unit_test(signed_numbers),
	    cmocka_unit_test(the_first_error_stays_and_says_where),
	    cmocka_unit_test(counts_are_bounded_by_limit_and_by_what_is_left),
	    cmocka_unit_test(parts_end_exactly),
	    cmocka_unit_test(names),
	};
	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
