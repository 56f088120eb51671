#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "core/asset.h"

static char folder[] = "/tmp/rme-asset-XXXXXX";
static char seen[256];

static void
write_file(const char *name, const char *text)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static enum rme_err
take(void *ctx, const char *name, struct rme_bytes bytes, struct rme_error *err)
{
	size_t at = strlen(seen);
	(void)snprintf(seen + at, sizeof(seen) - at, "%s=%.*s;", name, (int)bytes.len, (const char *)bytes.data);
	return ctx != NULL ? rme_error_set(err, RME_EFORMAT, name, "not wanted") : RME_OK;
}

static enum rme_err
read_it(const struct rme_module_param *p, const char *name, struct rme_error *err)
{
	char path[128];
	const struct rmi_asset_sink sink = {take, NULL};
	(void)snprintf(path, sizeof(path), "%s%s", folder, name);
	seen[0] = '\0';
	return rmi_asset_read(p, path, &sink, err);
}

static void
a_file_is_read(void **state)
{
	(void)state;
	const struct rme_module_param p = {.name = "words", .type = RME_MODULE_PARAM_ASSET, .has_max = true, .max = 3};
	struct rme_error err = {0};
	assert_int_equal(read_it(&p, "/a", &err), RME_OK);
	assert_string_equal(seen, "words=abc;");
	assert_int_equal(read_it(&p, "/empty", &err), RME_OK);
	assert_string_equal(seen, "words=;");
	assert_int_equal(read_it(&p, "/b", &err), RME_ELIMIT);
	assert_non_null(strstr(err.text, "more than 3 bytes"));
	assert_int_equal(read_it(&p, "", &err), RME_EIO); /* a folder */
}

static void
content_may_be_given_instead(void **state)
{
	(void)state;
	const struct rme_module_param p = {.name = "g", .type = RME_MODULE_PARAM_ASSET, .has_max = true, .max = 8};
	const struct rmi_asset_sink sink = {take, NULL};
	struct rme_error err = {0};
	seen[0] = '\0';
	assert_int_equal(rmi_asset_read(&p, "#x", &sink, &err), RME_OK);
	assert_int_equal(rmi_asset_read(&p, "a\nb", &sink, &err), RME_OK);
	assert_string_equal(seen, "g=#x;g=a\nb;");
	assert_int_equal(rmi_asset_read(&p, "#23456789", &sink, &err), RME_ELIMIT);
}

static void
a_folder_is_read_file_by_file(void **state)
{
	(void)state;
	static const char *const files[] = {"b", "none?", "a", NULL};
	struct rme_module_param p = {
	    .name = "m", .type = RME_MODULE_PARAM_ASSET, .files = files, .n_files = 3, .has_max = true, .max = 7};
	struct rme_error err = {0};
	assert_int_equal(read_it(&p, "", &err), RME_OK);
	assert_string_equal(seen, "m/b=bcde;m/a=abc;");
	p.max = 6; /* together */
	assert_int_equal(read_it(&p, "", &err), RME_ELIMIT);
}

static void
what_is_missing_is_said(void **state)
{
	(void)state;
	static const char *const files[] = {"c", NULL};
	const struct rme_module_param p = {
	    .name = "model", .type = RME_MODULE_PARAM_ASSET, .files = files, .n_files = 1, .install = "models-en"};
	struct rme_error err = {0};
	assert_int_equal(read_it(&p, "", &err), RME_ENOTFOUND);
	assert_memory_equal(err.text, "model not found: /tmp/", 22);
	assert_non_null(strstr(err.text, "/c; install models-en"));
	assert_int_equal(read_it(&p, "/nowhere", &err), RME_ENOTFOUND);
	assert_int_equal(read_it(&p, "/a", &err), RME_ENOTFOUND); /* a file where the folder should be */
}

static void
the_sink_may_refuse(void **state)
{
	(void)state;
	const struct rme_module_param p = {.name = "g", .type = RME_MODULE_PARAM_ASSET};
	const struct rmi_asset_sink sink = {take, seen};
	struct rme_error err = {0};
	assert_int_equal(rmi_asset_read(&p, "#x", &sink, &err), RME_EFORMAT);
}

static int
make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	write_file("a", "abc");
	write_file("b", "bcde");
	write_file("empty", "");
	return 0;
}

static int
remove_files(void **state)
{
	(void)state;
	char path[64];
	static const char *const names[] = {"a", "b", "empty"};
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_file_is_read),
	    cmocka_unit_test(content_may_be_given_instead),
	    cmocka_unit_test(a_folder_is_read_file_by_file),
	    cmocka_unit_test(what_is_missing_is_said),
	    cmocka_unit_test(the_sink_may_refuse),
	};
	return cmocka_run_group_tests_name("asset", tests, make_files, remove_files);
}
