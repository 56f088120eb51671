#include "cli_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/output.h"

enum { WORDS_MAX = 32 };

struct cli_result
cli_run(const struct rmi_command *root, const char *line)
{
	char *copy = strdup(line), *save = NULL, *argv[WORDS_MAX + 1] = {NULL};
	int argc = 0;
	assert_non_null(copy);
	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		assert_true(argc < WORDS_MAX);
		argv[argc++] = w;
	}
	struct cli_result r = {.code = -1};
	size_t n_out, n_err;
	struct rmi_cli cli = {.out = open_memstream(&r.out, &n_out), .err = open_memstream(&r.err, &n_err)};
	assert_non_null(cli.out);
	assert_non_null(cli.err);
	r.code = rmi_command_main(&cli, root, argc, argv);
	assert_int_equal(fclose(cli.out), 0);
	assert_int_equal(fclose(cli.err), 0);
	free(copy);
	return r;
}

void
cli_result_done(struct cli_result *r)
{
	free(r->out);
	free(r->err);
}
