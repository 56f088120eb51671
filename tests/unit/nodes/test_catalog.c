#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <rme/runtime.h>
#include "nodes/catalog.h"

static void
every_type_is_registered_and_described(void **state)
{
	(void)state;
	struct rme_runtime *rt = NULL;
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	assert_int_equal(rmi_catalog_register(rt), RME_OK);
	const char *before = "";
	for (size_t i = 0; rmi_catalog[i] != NULL; i++) {
		const struct rme_node_type *t = rmi_catalog[i];
		assert_ptr_equal(rme_runtime_find(rt, t->name), t);
		assert_true(strcmp(before, t->name) < 0);
		assert_non_null(t->category);
		assert_non_null(t->help);
		for (const struct rme_param *p = t->params; p != NULL && p->name != NULL; p++) {
			assert_non_null(p->help);
			assert_true(p->offset < t->config_size);
		}
		before = t->name;
	}
	assert_int_equal(rmi_catalog_register(rt), RME_EINVAL); /* names are taken */
	rme_runtime_free(rt);
}

/* Every default is one that its own table accepts. */
static void
defaults_bind(void **state)
{
	(void)state;
	for (size_t i = 0; rmi_catalog[i] != NULL; i++) {
		const struct rme_node_type *t = rmi_catalog[i];
		_Alignas(max_align_t) unsigned char config[1024];
		assert_true(t->config_size <= sizeof(config));
		const struct rme_params_in none = {NULL, 0};
		struct rme_error err = {0};
		if (rme_params_bind(t->params, &none, config, NULL, &err) != RME_OK) {
			fail_msg("%s: %s", t->name, err.text);
		}
		rme_params_done(t->params, config);
	}
}

/* A plan asks before a node is opened; without a configuration too. */
static void
formats_need_no_configuration(void **state)
{
	(void)state;
	const struct rme_format offers[] = {rme_format_audio(RME_SAMPLE_F32LE, 44100, 2), rme_format_of(RME_MEDIA_JSON),
	    rme_format_of(RME_MEDIA_IMAGE_PNG), rme_format_of(RME_MEDIA_ANY)};
	for (size_t i = 0; rmi_catalog[i] != NULL; i++) {
		size_t taken = 0;
		for (size_t k = 0; k < sizeof(offers) / sizeof(offers[0]); k++) {
			struct rme_format want = offers[k], gives = {0};
			taken += rmi_catalog[i]->formats(rmi_catalog[i], NULL, &offers[k], &want, &gives) == RME_OK;
		}
		assert_true(taken >= 2); /* what it is for, and what is not known yet */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_type_is_registered_and_described),
	    cmocka_unit_test(defaults_bind),
	    cmocka_unit_test(formats_need_no_configuration),
	};
	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
