#include "serve/tokens.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define A "aaaaaaaaaaaaaaaa" /* 16 characters: just enough */
#define B "bbbb-._~+/=bbbbbb"

static void
expect(const char *text, size_t n, const char *error)
{
	struct rmi_tokens t = {.n = 0};
	struct rme_error err = {.code = RME_OK};
	char *copy = strdup(text);
	assert_non_null(copy);
	enum rme_err e = rmi_tokens_split(&t, copy, "file", &err);
	if (error == NULL) {
		assert_int_equal(e, RME_OK);
		assert_int_equal(t.n, n);
	} else {
		assert_int_not_equal(e, RME_OK);
		assert_string_equal(err.where, "file");
		if (strstr(err.text, error) == NULL) {
			fail_msg("\"%s\" does not say \"%s\"", err.text, error);
		}
	}
	free(copy);
}

static void
test_lines(void **state)
{
	(void)state;
	expect(A, 1, NULL);
	expect("# comment\n\n  " A " \t\r\n#x\n" B "\n", 2, NULL);
	expect("", 0, "no token");
	expect("# nothing\n\n", 0, "no token");
	expect(A "\nshort\n", 0, "line 2");
	expect(A " " A, 0, "line 1");
	expect("a token with \xc3\xa4 umlauts", 0, "only letters");
}

static void
test_limits(void **state)
{
	(void)state;
	char many[(RMI_TOKENS_MAX + 1) * 17 + 1];
	for (int i = 0; i <= RMI_TOKENS_MAX; i++) {
		memcpy(many + (size_t)i * 17, A "\n", 17);
	}
	many[sizeof many - 1] = '\0';
	expect(many, 0, "more than 64");
	many[(size_t)RMI_TOKENS_MAX * 17] = '\0';
	expect(many, RMI_TOKENS_MAX, NULL);
	char longest[RMI_TOKEN_MAX + 2];
	memset(longest, 'x', sizeof longest);
	longest[RMI_TOKEN_MAX + 1] = '\0';
	expect(longest, 0, "has 16 to 512");
	longest[RMI_TOKEN_MAX] = '\0';
	expect(longest, 1, NULL);
}

static enum rme_err
load(const char *path, struct rme_error *err)
{
	struct rmi_tokens t = {.n = 0};
	enum rme_err e = rmi_tokens_load(&t, path, err);
	if (e == RME_OK) {
		assert_int_equal(t.n, 1);
		assert_string_equal(t.token[0], A);
	}
	rmi_tokens_done(&t);
	assert_null(t.text);
	return e;
}

static void
test_files(void **state)
{
	(void)state;
	char path[] = "/tmp/rme-test-tokens-XXXXXX";
	struct rme_error err = {.code = RME_OK};
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, A "\n", 17), 17);
	assert_int_equal(load(path, &err), RME_OK);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(load(path, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "chmod"));
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(write(fd, "\0", 1), 1);
	assert_int_equal(load(path, &err), RME_ECONFIG);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(load(path, &err), RME_ECONFIG);
	(void)close(fd);
	(void)unlink(path);
	assert_int_equal(load(path, &err), RME_EIO);
	assert_int_equal(load("/tmp", &err), RME_EIO);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines), cmocka_unit_test(test_limits), cmocka_unit_test(test_files)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
