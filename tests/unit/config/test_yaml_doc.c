#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/yaml_doc.h"

static struct rmi_diags *
diags_new(void **state)
{
	struct rmi_diags *d = *state;
	rmi_diags_done(d);
	return d;
}

static int
setup(void **state)
{
	*state = calloc(1, sizeof(struct rmi_diags));
	return *state != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	rmi_diags_done(*state);
	free(*state);
	return 0;
}

static const struct rmi_yaml_node *
parse(struct rmi_diags *d, const char *text)
{
	const struct rmi_source source = {"t.yaml", text, strlen(text)};
	return rmi_yaml_parse(d, &source, NULL);
}

static void
expect_json(void **state, const char *text, const char *json)
{
	struct rmi_diags *d = diags_new(state);
	const struct rmi_yaml_node *n = parse(d, text);
	assert_non_null(n);
	assert_string_equal(rmi_yaml_to_json(&d->arena, n), json);
}

static void
scalars_have_the_types_of_yaml_1_2(void **state)
{
	expect_json(state, "[null, ~, Null, NULL]", "[null,null,null,null]");
	expect_json(
	    state, "[true, False, TRUE, yes, no, on, off, y]", "[true,false,true,\"yes\",\"no\",\"on\",\"off\",\"y\"]");
	expect_json(state, "[0, -7, +7, 007, 0x1F, 0o17, 0b1]", "[0,-7,7.0,7.0,31.0,15.0,\"0b1\"]");
	expect_json(state, "[1.5, .5, 5., 1e3, 1.5E-2, 1e, .inf, .nan, 1e999]",
	    "[1.5,0.5,5.0,1e3,1.5E-2,\"1e\",\".inf\",\".nan\",\"1e999\"]");
	expect_json(state, "['5', \"true\", \"~\", \"\", 1.2.3, 12:30, 2024-01-01]",
	    "[\"5\",\"true\",\"~\",\"\",\"1.2.3\",\"12:30\",\"2024-01-01\"]");
	expect_json(state, "|\n two\n lines\n", "\"two\\nlines\\n\"");
}

static void
json_is_read_too(void **state)
{
	expect_json(state, "{\n\t\"a\": [1, {\"b\": \"x\\u00e4\\/\"}],\n\t\"c\": null\n}\n",
	    "{\"a\":[1,{\"b\":\"x\xc3\xa4/\"}],\"c\":null}");
	expect_json(state, "\xef\xbb\xbf{\"a\": 1}", "{\"a\":1}");
}

static void
aliases_are_followed(void **state)
{
	expect_json(state, "{a: &x {b: 1}, c: *x, d: [*x, *x]}",
	    "{\"a\":{\"b\":1},\"c\":{\"b\":1},\"d\":[{\"b\":1},{\"b\":1}]}");
}

static void
places_count_characters_from_one(void **state)
{
	struct rmi_diags *d = diags_new(state);
	const struct rmi_yaml_node *n = parse(d, "a: 1\n\xc3\xa4\xc3\xb6: {k: \"v w\"}\n");
	assert_non_null(n);
	const struct rmi_yaml_pair *p = &n->pairs[1];
	assert_int_equal(p->mark.line, 2);
	assert_int_equal(p->mark.column, 1);
	assert_int_equal(p->mark.width, 2);
	const struct rmi_yaml_node *v = rmi_yaml_get(p->value, "k");
	assert_int_equal(v->mark.line, 2);
	assert_int_equal(v->mark.column, 9);
	assert_int_equal(v->mark.width, 5);
	assert_null(rmi_yaml_get(p->value, "nothing"));
	assert_null(rmi_yaml_get(v, "k"));
}

static void
limits_hold(void **state)
{
	struct rmi_diags *d = diags_new(state);
	size_t n = RMI_YAML_BYTES_MAX + 1;
	char *big = calloc(n + 1, 1);
	if (big == NULL) { /* for the compiler, which does not know that assertions end the test */
		fail_msg("out of memory");
		return;
	}
	memset(big, '#', n);
	big[n] = '\0';
	assert_null(parse(d, big));
	assert_non_null(strstr(d->list[0].text, "larger than 1 MiB"));
	rmi_diags_done(d);
	memcpy(big, "a: '", 4);
	memset(big + 4, 'x', RMI_YAML_SCALAR_MAX + 1);
	memcpy(big + 5 + RMI_YAML_SCALAR_MAX, "'", 2);
	assert_null(parse(d, big));
	assert_non_null(strstr(d->list[0].text, "longer than 64 KiB"));
	rmi_diags_done(d);
	char *p = big;
	for (int i = 0; i <= RMI_YAML_KEYS_MAX; i++) {
		p += snprintf(p, 16, "k%d: 1\n", i);
	}
	assert_null(parse(d, big));
	assert_string_equal(d->list[0].text, "too many keys");
	free(big);
}

/* libyaml alone would take minutes for these, and hours for a file of the most bytes. */
static void
depth_is_limited_before_the_library_drowns(void **state)
{
	enum { N = 200000 };
	static const char *const starts[] = {"[", "{", "- ", "? "};
	char *deep = malloc(2 * N + 5);
	assert_non_null(deep);
	for (size_t s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		size_t each = strlen(starts[s]);
		memcpy(deep, "a:\n ", 4);
		for (size_t i = 0; i < N; i++) {
			memcpy(deep + 4 + i * each, starts[s], each);
		}
		deep[4 + N * each] = '\0';
		struct rmi_diags *d = diags_new(state);
		assert_null(parse(d, deep));
		assert_int_equal(d->n_errors, 1);
		assert_non_null(strstr(d->list[0].text, "nested too deeply"));
		rmi_diags_done(d);
	}
	free(deep);
}

static void
little_memory_is_an_error(void **state)
{
	static const char text[] = "version: 1\nnodes: [{id: a, list: [1, 2, {x: y}]}, {id: b}]\n";
	size_t failed = 0;
	for (size_t limit = 1; limit < 20000; limit += 48) {
		struct rmi_diags *d = diags_new(state);
		d->arena.limit_bytes = limit;
		const struct rmi_yaml_node *n = parse(d, text);
		assert_true((n == NULL) == (d->n_errors > 0));
		failed += n == NULL;
		d->arena.limit_bytes = 0;
	}
	assert_true(failed > 10 && failed < 300);
}

static void
files_that_cannot_be_read_are_named(void **state)
{
	struct rmi_diags *d = diags_new(state);
	assert_null(rmi_yaml_load(d, "/nonexistent/x.yaml", NULL));
	assert_string_equal(d->list[0].text, "cannot be read: No such file or directory");
	assert_string_equal(d->list[0].mark.source->name, "/nonexistent/x.yaml");
	assert_null(rmi_yaml_load(d, "/", NULL));
	assert_string_equal(d->list[1].text, "cannot be read: Is a directory");
	struct rme_error err;
	assert_int_equal(rmi_diags_error(d, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "cannot be read"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(scalars_have_the_types_of_yaml_1_2),
	    cmocka_unit_test(json_is_read_too),
	    cmocka_unit_test(aliases_are_followed),
	    cmocka_unit_test(places_count_characters_from_one),
	    cmocka_unit_test(limits_hold),
	    cmocka_unit_test(depth_is_limited_before_the_library_drowns),
	    cmocka_unit_test(little_memory_is_an_error),
	    cmocka_unit_test(files_that_cannot_be_read_are_named),
	};
	return cmocka_run_group_tests_name("yaml_doc", tests, setup, teardown);
}
