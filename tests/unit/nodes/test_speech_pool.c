#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <rme/runtime.h>
#include "nodes/speech_decoder.h"
#include "nodes/speech_pool.h"
#include "speech_data.h"

static struct rmi_decoder_config
config_for(const char *grammar)
{
	return (struct rmi_decoder_config){
	    .model = MODEL_DIR "en-us", .dictionary = MODEL_DIR "cmudict-en-us.dict", .grammar = grammar};
}

static const char hello[] = "#JSGF V1.0; grammar g; public <a> = hello;";
static const char bye[] = "#JSGF V1.0; grammar g; public <a> = good bye;";

static struct rmi_decoder *
take(struct rme_runtime *rt, const char *grammar)
{
	const struct rmi_decoder_config c = config_for(grammar);
	struct rmi_decoder *d = NULL;
	assert_int_equal(rmi_speech_pool_take(&d, rt, &c, NULL), RME_OK);
	assert_true(rmi_decoder_fits(d, &c));
	return d;
}

static void
the_same_configuration_gets_the_same_decoder(void **state)
{
	(void)state;
	struct rme_runtime *rt = NULL;
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	struct rmi_decoder *a = take(rt, hello);
	struct rmi_decoder *b = take(rt, hello);
	assert_ptr_not_equal(a, b); /* in use by one at a time */
	rmi_speech_pool_give(rt, a);
	struct rmi_decoder *c = take(rt, bye);
	assert_ptr_not_equal(c, a);
	assert_ptr_equal(take(rt, hello), a);
	rmi_speech_pool_give(rt, a);
	rmi_speech_pool_give(rt, c);
	rmi_speech_pool_give(rt, b); /* one too many: the oldest, a, is closed */
	assert_ptr_equal(take(rt, bye), c);
	assert_ptr_equal(take(rt, hello), b);
	rmi_speech_pool_give(rt, b);
	rmi_speech_pool_give(rt, c);
	rmi_speech_pool_give(rt, NULL);
	rme_runtime_free(rt);
}

static void
a_missing_model_is_told(void **state)
{
	(void)state;
	struct rme_runtime *rt = NULL;
	struct rmi_decoder *d = NULL;
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	struct rmi_decoder_config c = config_for(hello);
	c.model = "/nowhere";
	assert_int_equal(rmi_speech_pool_take(&d, rt, &c, NULL), RME_ENOTFOUND);
	rme_runtime_free(rt);
}

static void *
take_and_give(void *rt)
{
	for (int i = 0; i < 3; i++) {
		const struct rmi_decoder_config c = config_for(i % 2 == 0 ? hello : bye);
		struct rmi_decoder *d = NULL;
		if (rmi_speech_pool_take(&d, rt, &c, NULL) != RME_OK || !rmi_decoder_fits(d, &c)) {
			return rt;
		}
		rmi_speech_pool_give(rt, d);
	}
	return NULL;
}

static void
sessions_come_and_go_on_many_threads(void **state)
{
	(void)state;
	struct rme_runtime *rt = NULL;
	pthread_t threads[2];
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, rt), 0);
	}
	for (int i = 0; i < 2; i++) {
		void *failed = NULL;
		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	rme_runtime_free(rt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_configuration_gets_the_same_decoder),
	    cmocka_unit_test(a_missing_model_is_told),
	    cmocka_unit_test(sessions_come_and_go_on_many_threads),
	};
	return cmocka_run_group_tests_name("speech_pool", tests, NULL, NULL);
}
