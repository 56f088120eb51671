#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rme/params.h>

struct config {
	bool flag;
	int64_t count;
	double level;
	char *text;
	int mode;
	int64_t wait_ns;
	char *rules;
	int64_t size;
};

static const char *const modes[] = {"fast", "slow", NULL};
static const struct rme_param table[] = {
    {"flag", RME_PARAM_BOOL, offsetof(struct config, flag), "true", .help = "a flag"},
    {"count", RME_PARAM_INT, offsetof(struct config, count), "7", .min = 1, .max = 100},
    {"level", RME_PARAM_NUMBER, offsetof(struct config, level), "0.5", .min = 0, .max = 1},
    {"text", RME_PARAM_TEXT, offsetof(struct config, text), "hello"},
    {"mode", RME_PARAM_CHOICE, offsetof(struct config, mode), "slow", .choices = modes},
    {"wait", RME_PARAM_DURATION, offsetof(struct config, wait_ns), "20ms", .min = 0, .max = 10},
    {"rules", RME_PARAM_JSON, offsetof(struct config, rules)},
    {"size", RME_PARAM_BYTES, offsetof(struct config, size), "64KiB"},
    {0},
};

static enum rme_err
bind_one(const char *key, enum rme_value_kind kind, const char *text, struct config *c, struct rme_error *err)
{
	struct rme_value v = {.key = key, .kind = kind, .text = text};
	if (kind == RME_VALUE_NUMBER) {
		v.number = strtod(text, NULL);
	}
	const struct rme_params_in in = {&v, 1};
	size_t bad;
	enum rme_err e = rme_params_bind(table, &in, c, &bad, err);
	assert_true(e == RME_OK || bad == 0);
	return e;
}

static void
defaults_come_from_the_table(void **state)
{
	(void)state;
	struct config c;
	const struct rme_params_in none = {NULL, 0};
	assert_int_equal(rme_params_bind(table, &none, &c, NULL, NULL), RME_OK);
	assert_true(c.flag);
	assert_int_equal(c.count, 7);
	assert_true(c.level > 0.49 && c.level < 0.51);
	assert_string_equal(c.text, "hello");
	assert_int_equal(c.mode, 1);
	assert_int_equal(c.wait_ns, 20000000);
	assert_null(c.rules);
	assert_int_equal(c.size, 65536);
	rme_params_done(table, &c);
	assert_null(c.text);
}

static void
text_is_read_as_what_the_table_wants(void **state)
{
	(void)state;
	struct config c;
	assert_int_equal(bind_one("flag", RME_VALUE_TEXT, "False", &c, NULL), RME_OK);
	assert_false(c.flag);
	rme_params_done(table, &c);
	assert_int_equal(bind_one("count", RME_VALUE_TEXT, "12", &c, NULL), RME_OK);
	assert_int_equal(c.count, 12);
	rme_params_done(table, &c);
	assert_int_equal(bind_one("wait", RME_VALUE_NUMBER, "1.5", &c, NULL), RME_OK);
	assert_int_equal(c.wait_ns, 1500000000);
	rme_params_done(table, &c);
	assert_int_equal(bind_one("rules", RME_VALUE_JSON, "[1,2]", &c, NULL), RME_OK);
	assert_string_equal(c.rules, "[1,2]");
	rme_params_done(table, &c);
	assert_int_equal(bind_one("text", RME_VALUE_NUMBER, "3", &c, NULL), RME_OK);
	assert_string_equal(c.text, "3");
	rme_params_done(table, &c);
}

static void
mistakes_are_named(void **state)
{
	(void)state;
	const struct {
		const char *key;
		enum rme_value_kind kind;
		const char *text;
		const char *says;
	} cases[] = {
	    {"levle", RME_VALUE_NUMBER, "1", "unknown parameter 'levle'; did you mean 'level'?"},
	    {"level", RME_VALUE_NUMBER, "2", "parameter 'level' must be between 0 and 1, not 2"},
	    {"level", RME_VALUE_TEXT, "loud", "parameter 'level' takes a number, not 'loud'"},
	    {"count", RME_VALUE_NUMBER, "1.5", "parameter 'count' takes a whole number, not 1.5"},
	    {"mode", RME_VALUE_TEXT, "fats", "parameter 'mode' is one of fast, slow, not 'fats'; did you mean 'fast'?"},
	    {"mode", RME_VALUE_TEXT, "slaw", "parameter 'mode' is one of fast, slow, not 'slaw'; did you mean 'slow'?"},
	    {"wait", RME_VALUE_TEXT, "20 parsecs",
	        "parameter 'wait' takes a duration such as 20ms or 1.5s, not '20 parsecs'"},
	    {"wait", RME_VALUE_TEXT, "11s", "parameter 'wait' must be between 0 and 10 s, not 11"},
	    {"size", RME_VALUE_TEXT, "big", "parameter 'size' takes a size such as 64KiB or 10MB, not 'big'"},
	    {"text", RME_VALUE_JSON, "[]", "parameter 'text' takes a text, not '[]'"},
	    {"flag", RME_VALUE_NULL, NULL, "parameter 'flag' takes a true or false, not null"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct config c;
		struct rme_error err;
		assert_int_equal(bind_one(cases[i].key, cases[i].kind, cases[i].text, &c, &err), RME_ECONFIG);
		assert_string_equal(err.text, cases[i].says);
		assert_null(c.text);
	}
}

static void
what_is_required_must_be_given(void **state)
{
	(void)state;
	static const struct rme_param needs[] = {
	    {"model", RME_PARAM_TEXT, 0, .required = true, .help = "folder of the model"}, {0}};
	char *text = NULL;
	struct rme_error err;
	const struct rme_params_in none = {NULL, 0};
	size_t bad = 0;
	assert_int_equal(rme_params_bind(needs, &none, &text, &bad, &err), RME_ECONFIG);
	assert_string_equal(err.text, "parameter 'model' is missing (folder of the model)");
	assert_true(bad == SIZE_MAX);
}

static void
a_value_given_twice_does_not_leak(void **state)
{
	(void)state;
	const struct rme_value v[] = {
	    {.key = "text", .kind = RME_VALUE_TEXT, .text = "a"}, {.key = "text", .kind = RME_VALUE_TEXT, .text = "b"}};
	const struct rme_params_in in = {v, 2};
	struct config c;
	assert_int_equal(rme_params_bind(table, &in, &c, NULL, NULL), RME_OK);
	assert_string_equal(c.text, "b");
	rme_params_done(table, &c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults_come_from_the_table),
	    cmocka_unit_test(text_is_read_as_what_the_table_wants),
	    cmocka_unit_test(mistakes_are_named),
	    cmocka_unit_test(what_is_required_must_be_given),
	    cmocka_unit_test(a_value_given_twice_does_not_leak),
	};
	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
