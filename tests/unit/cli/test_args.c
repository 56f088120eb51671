#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/output.h"
#include "cli_fixture.h"

/* A command that prints what it was given. */
static int
show_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	(void)fprintf(cli->out, "in=%s wait=%lld size=%lld rate=%lld n=%lld x=%g mode=%lld tags=%zu",
	    rmi_args_text(args, "input"), (long long)rmi_args_int(args, "wait"), (long long)rmi_args_int(args, "size"),
	    (long long)rmi_args_int(args, "rate"), (long long)rmi_args_int(args, "count"), rmi_args_number(args, "x"),
	    (long long)rmi_args_int(args, "mode"), rmi_args_count(args, "tag"));
	for (size_t i = 0; i < rmi_args_count(args, "tag"); i++) {
		(void)fprintf(cli->out, " %s", rmi_args_text_at(args, "tag", i));
	}
	for (size_t i = 0; i < rmi_args_operand_count(args); i++) {
		(void)fprintf(cli->out, " <%s>", rmi_args_operand(args, i));
	}
	(void)fprintf(cli->out, " v=%d dry=%d", cli->verbosity, rmi_args_given(args, "dry"));
	assert_null(rmi_args_operand(args, 99));
	assert_null(rmi_args_text_at(args, "tag", 99));
	return RMI_EXIT_PARTIAL;
}

static const char *const modes[] = {"slow", "fast", NULL};
static const struct rmi_option show_options[] = {
    {.name = "input", .letter = 'i', .kind = RMI_OPTION_FILE, .required = true, .help = "a file"},
    {.name = "wait", .letter = 'w', .kind = RMI_OPTION_DURATION, .fallback = "5ms", .help = "a time"},
    {.name = "size", .kind = RMI_OPTION_SIZE, .help = "a size"},
    {.name = "rate", .kind = RMI_OPTION_RATE, .help = "a rate"},
    {.name = "count", .letter = 'n', .kind = RMI_OPTION_INT, .min = 1, .max = 10, .fallback = "3", .help = "a number"},
    {.name = "x", .kind = RMI_OPTION_NUMBER, .min = -1, .max = 1, .help = "a fraction"},
    {.name = "mode", .kind = RMI_OPTION_ENUM, .choices = modes, .fallback = "slow", .help = "a word"},
    {.name = "tag", .letter = 't', .kind = RMI_OPTION_STRING, .many = true, .help = "a tag"},
    {.name = "dry", .letter = 'd', .help = "a flag"},
    {.name = NULL},
};
static const struct rmi_operand show_operands[] = {
    {.name = "FILE", .help = "first", .suffix = "txt"},
    {.name = "REST", .help = "others", .optional = true, .many = true},
    {.name = NULL},
};
static const struct rmi_command show = {.name = "show",
    .summary = "shows",
    .help = "First paragraph.\n\nSecond one.",
    .examples = "t show x -i y  # runs it\nt show",
    .options = show_options,
    .operands = show_operands,
    .run = show_run};
static const struct rmi_command *const group_commands[] = {&show, NULL};
static const struct rmi_command group = {.name = "group", .summary = "a group", .commands = group_commands};
static const struct rmi_command *const root_commands[] = {&show, &group, NULL};
static const struct rmi_command root = {.name = "t", .summary = "tests", .help = "Help.", .commands = root_commands};

static void
expect(const char *line, int code, const char *out, const char *err)
{
	struct cli_result r = cli_run(&root, line);
	if (r.code != code || strstr(r.out, out) == NULL || strstr(r.err, err) == NULL) {
		print_error("%s: exit %d\nout: %s\nerr: %s\n", line, r.code, r.out, r.err);
	}
	assert_int_equal(r.code, code);
	assert_non_null(strstr(r.out, out));
	assert_non_null(strstr(r.err, err));
	cli_result_done(&r);
}

static void
values_are_read(void **state)
{
	(void)state;
	expect("t show f -i a", 6, "in=a wait=5000000 size=0 rate=0 n=3 x=0 mode=0 tags=0 <f> v=0 dry=0", "");
	expect("t show -dvv --input=a f g - -w 2s --size 64KiB --rate 8Mbit/s -n10 --x -0.5 --mode fast -t p --tag q",
	    6, "in=a wait=2000000000 size=65536 rate=8000000 n=10 x=-0.5 mode=1 tags=2 p q <f> <g> <-> v=2 dry=1", "");
	expect("t group show f -i - -- -x --mode", 6, "in=- ", "");
	expect("t group show f -i - -- -x --mode", 6, "<f> <-x> <--mode>", "");
	expect("t -q show f -i a", 6, "v=-1", "");
}

static void
wrong_lines_say_what_is_wrong(void **state)
{
	(void)state;
	expect("t shoow", 2, "", "unknown command 'shoow'\n     did you mean 'show'?\nTry 't --help'.\n");
	expect("t show f -i a --mdoe fast", 2, "", "unknown option '--mdoe'\n     did you mean '--mode'?");
	expect("t show f -i a -z", 2, "", "unknown option '-z'");
	expect("t show f -i a --mode fats", 2, "", "'fats' is not one of slow, fast\n     did you mean 'fast'?");
	expect("t show f -i a --wait 5", 2, "", "option '--wait': '5' is not a time such as 20ms");
	expect("t show f -i a --size x", 2, "", "is not a size such as 64KiB");
	expect("t show f -i a --rate 5", 2, "", "is not a rate such as 8Mbit/s");
	expect("t show f -i a -n 11", 2, "", "'11' is not a whole number from 1 to 10");
	expect("t show f -i a -n 1.5", 2, "", "is not a whole number");
	expect("t show f -i a --x nan", 2, "", "'nan' is not a number from -1 to 1");
	expect("t show f -i a -i b", 2, "", "option '--input' is given twice");
	expect("t show f -i", 2, "", "option '--input' needs a value");
	expect("t show f -i --dry", 2, "", "option '--input' needs a value");
	expect("t show f -i a --dry=yes", 2, "", "option '--dry' takes no value");
	expect("t show f", 2, "", "option '--input' is required (a file)");
	expect("t show -i a", 2, "", "missing FILE (first)");
	expect("t show f --input=", 2, "", "option '--input': '' is not a value");
	expect("t --color sometimes show", 2, "", "not one of auto, always, never");
}

static void
groups_without_a_command_show_help(void **state)
{
	(void)state;
	expect("t", 2, "", "Usage: t [options] COMMAND");
	expect("t group", 2, "", "  show                        shows");
	expect("t --help", 0, "Commands:\n  show", "");
}

static void
help_is_made_from_the_table(void **state)
{
	(void)state;
	expect("t show --help", 0, "Usage: t show [options] FILE [REST...]\n\nFirst paragraph.\n\nSecond one.\n", "");
	expect("t show -h", 0, "  -w, --wait TIME             a time [default: 5ms]\n", "");
	expect("t show -h", 0, "      --mode WORD             a word: slow, fast [default: slow]\n", "");
	expect("t show -h", 0, "  -t, --tag TEXT              a tag [may be repeated]\n", "");
	expect("t show -h", 0, "Examples:\n  t show x -i y", "");
	expect("t show --help --mode x", 2, "", "not one of");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_read),
	    cmocka_unit_test(wrong_lines_say_what_is_wrong),
	    cmocka_unit_test(groups_without_a_command_show_help),
	    cmocka_unit_test(help_is_made_from_the_table),
	};
	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
