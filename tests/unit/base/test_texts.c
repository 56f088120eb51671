#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/suggest.h"
#include "base/text.h"
#include "base/utf8.h"

static const char *
nearest(const char *word)
{
	static const char *const known[] = {"node_type", "module", "service", "router", "params", "id", "drop_oldest"};
	struct rmi_suggest s = {.word = word};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		rmi_suggest_offer(&s, known[i]);
	}
	return s.best != NULL ? s.best : "";
}

static void
slips_are_understood(void **state)
{
	(void)state;
	assert_string_equal(nearest("node_typ"), "node_type");
	assert_string_equal(nearest("mdoule"), "module");
	assert_string_equal(nearest("Service"), "service");
	assert_string_equal(nearest("drop-oldest"), "drop_oldest");
	assert_string_equal(nearest("paramz"), "params");
	assert_string_equal(nearest("threshold"), "");
	assert_string_equal(nearest("xy"), "");
	assert_string_equal(nearest(""), "");
	char longer[RMI_SUGGEST_WORD_MAX + 2];
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_string_equal(nearest(longer), "");
}

static void
an_arena_gives_zeroed_aligned_memory_up_to_its_limit(void **state)
{
	(void)state;
	struct rmi_arena a = {.limit_bytes = 100000};
	for (size_t n = 1; n < 20000; n = n * 3 + 1) {
		unsigned char *p = rmi_arena_calloc(&a, n, 1);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % sizeof(max_align_t) % 16, 0);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(p[i], 0);
		}
		memset(p, 0xff, n);
	}
	assert_null(rmi_arena_calloc(&a, 100000, 1));
	assert_null(rmi_arena_calloc(&a, SIZE_MAX / 2, 3));
	assert_non_null(rmi_arena_calloc(&a, 0, 8));
	assert_string_equal(rmi_arena_strndup(&a, "abcdef", 3), "abc");
	assert_string_equal(rmi_arena_printf(&a, "%s-%d", "x", 5), "x-5");
	rmi_arena_done(&a);
	assert_int_equal(a.used_bytes, 0);
	rmi_arena_done(&a);
}

static void
text_that_does_not_fit_is_left_out(void **state)
{
	(void)state;
	static const char *const words[] = {"one", "two", NULL};
	char buf[12];
	struct rmi_text t = rmi_text_begin(buf, sizeof(buf));
	assert_string_equal(buf, "");
	rmi_text_add_words(&t, NULL);
	rmi_text_add_words(&t, words);
	assert_string_equal(buf, "one, two");
	rmi_text_add(&t, " %s", "three");
	assert_string_equal(buf, "one, two th");
	rmi_text_add(&t, "more");
	assert_string_equal(buf, "one, two th");
	assert_int_equal(t.len, 11);
}

static void
utf8_is_strict(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
	    {"", true},
	    {"abc", true},
	    {"\xc3\xa4", true},
	    {"\xe2\x82\xac", true},
	    {"\xf0\x9f\x98\x80", true},
	    {"\xed\x9f\xbf", true},
	    {"\xee\x80\x80", true},
	    {"\xf4\x8f\xbf\xbf", true},
	    {"\x80", false},
	    {"\xc0\x80", false},
	    {"\xc1\xbf", false},
	    {"\xc3", false},
	    {"\xe0\x80\x80", false},
	    {"\xed\xa0\x80", false},
	    {"\xf0\x80\x80\x80", false},
	    {"\xf4\x90\x80\x80", false},
	    {"\xf5\x80\x80\x80", false},
	    {"\xe2\x82", false},
	    {"\xe2\x28\xa1", false},
	    {"\xff", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(rmi_utf8_valid(cases[i].text, strlen(cases[i].text)), cases[i].valid);
	}
	assert_int_equal(rmi_utf8_char("\xe2\x82\xac", 2), 0);
	assert_int_equal(rmi_utf8_char("", 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slips_are_understood),
	    cmocka_unit_test(an_arena_gives_zeroed_aligned_memory_up_to_its_limit),
	    cmocka_unit_test(text_that_does_not_fit_is_left_out),
	    cmocka_unit_test(utf8_is_strict),
	};
	return cmocka_run_group_tests_name("texts", tests, NULL, NULL);
}
