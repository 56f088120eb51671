#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <rme/err.h>

static void
every_code_has_a_name_and_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < RME_ERR_COUNT_; i++) {
		assert_memory_equal(rme_err_name((enum rme_err)i), "RME_", 4);
		assert_string_not_equal(rme_err_text((enum rme_err)i), "unknown error");
	}
	assert_string_equal(rme_err_name((enum rme_err)9999), "RME_E?");
	assert_string_equal(rme_err_text((enum rme_err) - 1), "unknown error");
}

static void
callers_mistakes_do_not_fall_back(void **state)
{
	(void)state;
	assert_false(rme_err_may_fallback(RME_EINVAL));
	assert_false(rme_err_may_fallback(RME_ECANCELED));
	assert_false(rme_err_may_fallback((enum rme_err)9999));
	assert_true(rme_err_may_fallback(RME_EMODULE));
	assert_true(rme_err_may_fallback(RME_ETRANSPORT));
}

static void
set_truncates_and_takes_null(void **state)
{
	(void)state;
	char longer[2 * RME_ERROR_TEXT_MAX];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	struct rme_error e;
	assert_int_equal(rme_error_set(&e, RME_EIO, longer, "%s", longer), RME_EIO);
	assert_int_equal(strlen(e.where), RME_ERROR_WHERE_MAX - 1);
	assert_int_equal(strlen(e.text), RME_ERROR_TEXT_MAX - 1);
	assert_int_equal(rme_error_set(NULL, RME_EIO, NULL, "x"), RME_EIO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_code_has_a_name_and_a_text),
	    cmocka_unit_test(callers_mistakes_do_not_fall_back),
	    cmocka_unit_test(set_truncates_and_takes_null),
	};
	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
