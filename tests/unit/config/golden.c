#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <dirent.h>
#include <unistd.h>

static int
is_yaml(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return n > 5 && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

static char *
read_text(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		return NULL;
	}
	char *text = calloc(1, 1 << 20);
	assert_non_null(text);
	size_t n = fread(text, 1, (1 << 20) - 1, f);
	assert_true(n < (1 << 20) - 1);
	(void)fclose(f);
	return text;
}

static void
write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
check_one(const char *path, golden_fn run)
{
	char golden[256];
	(void)snprintf(golden, sizeof(golden), "%.*s.txt", (int)(strlen(path) - 5), path);
	char *got = NULL;
	size_t len;
	FILE *out = open_memstream(&got, &len);
	assert_non_null(out);
	run(path, out);
	assert_int_equal(fclose(out), 0);
	if (getenv("RME_GOLDEN_WRITE") != NULL) {
		write_text(golden, got);
	}
	char *want = read_text(golden);
	int wrong = want == NULL || strcmp(want, got) != 0;
	if (wrong) {
		print_error("%s: got\n%sbut %s says\n%s", path, got, golden, want != NULL ? want : "(nothing)\n");
	}
	free(want);
	free(got);
	return wrong;
}

void
golden_check(const char *folder, golden_fn run)
{
	struct dirent **files;
	assert_int_equal(chdir(folder), 0);
	int n = scandir(".", &files, is_yaml, alphasort);
	assert_true(n > 0);
	int wrong = 0;
	for (int i = 0; i < n; i++) {
		wrong += check_one(files[i]->d_name, run);
		free(files[i]);
	}
	free(files);
	assert_int_equal(wrong, 0);
}
