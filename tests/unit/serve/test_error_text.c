#include "serve/error_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void
test_line(void **state)
{
	(void)state;
	char line[RMI_ERROR_LINE_MAX];
	struct rme_error err = {
	    .code = RME_ECONFIG, .where = "AudioTransform", .text = "output_channels: 99 is more than 32"};
	size_t n = rmi_error_line(&err, line);
	assert_int_equal(n, strlen(line));
	assert_string_equal(line, "[VALIDATION] ValueError: AudioTransform: output_channels: 99 is more than 32");
	err = (struct rme_error){.code = RME_ENOMEM};
	(void)rmi_error_line(&err, line);
	assert_string_equal(line, "[MEMORY_ERROR] MemoryError: out of memory");
	err = (struct rme_error){.code = RME_EPROTO, .text = "byte \xff"};
	(void)rmi_error_line(&err, line);
	assert_string_equal(line, "[SERIALIZATION] ValueError: byte ?");
}

static void
test_every_code_has_words(void **state)
{
	(void)state;
	for (int code = RME_OK; code <= RME_ERR_COUNT_; code++) {
		struct rme_error err = {.code = (enum rme_err)code, .text = "x"};
		char line[RMI_ERROR_LINE_MAX];
		(void)rmi_error_line(&err, line);
		assert_null(strstr(line, "(null)"));
		assert_in_range(rmi_exec_status_of((enum rme_err)code), RMI_EXEC_ERROR, RMI_EXEC_SECURITY_VIOLATION);
	}
	assert_int_equal(rmi_exec_status_of(RME_EAGAIN), RMI_EXEC_RESOURCE_LIMIT);
	assert_int_equal(rmi_exec_status_of(RME_ETIMEDOUT), RMI_EXEC_TIMEOUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_line), cmocka_unit_test(test_every_code_has_words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
