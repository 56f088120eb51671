#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <rme/pipeline.h>
#include <rme/runtime.h>

#include "fakes.h"

/* Stands for the converter: takes any audio, gives what its parameters say. */
struct converter_config {
	int64_t rate, channels;
	int format;
};
static const char *const formats[] = {"auto", "s16le", "f32le", NULL};
static const struct rme_param converter_params[] = {
    {"output_sample_rate", RME_PARAM_INT, offsetof(struct converter_config, rate), "44100"},
    {"output_channels", RME_PARAM_INT, offsetof(struct converter_config, channels), "2"},
    {"output_format", RME_PARAM_CHOICE, offsetof(struct converter_config, format), "auto", .choices = formats},
    {0},
};

static enum rme_err
pass(struct rme_node *self, struct rme_packet *in)
{
	return rme_node_emit(self, in);
}

static const struct rme_node_type converter_type = {.name = "AudioTransform",
    .config_size = sizeof(struct converter_config),
    .params = converter_params,
    .process = pass};

static enum rme_err
listener_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type;
	(void)config;
	(void)in;
	*want = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	*gives = rme_format_of(RME_MEDIA_TEXT);
	return RME_OK;
}

static const struct rme_node_type listener_type = {.name = "listener", .process = pass, .formats = listener_formats};

static enum rme_err
reader_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type;
	(void)config;
	(void)want;
	(void)gives;
	return in->media == RME_MEDIA_TEXT || in->media == RME_MEDIA_JSON ? RME_OK : RME_EFORMAT;
}

static const struct rme_node_type reader_type = {.name = "reader", .process = pass, .formats = reader_formats};

static struct rme_runtime *
runtime_with_converter(void)
{
	struct rme_runtime *rt;
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	assert_int_equal(rme_runtime_register(rt, &converter_type), RME_OK);
	assert_int_equal(rme_runtime_register(rt, &converter_type), RME_EINVAL);
	assert_ptr_equal(rme_runtime_find(rt, "AudioTransform"), &converter_type);
	return rt;
}

static void
a_conversion_is_put_in_where_audio_does_not_fit(void **state)
{
	(void)state;
	struct rme_runtime *rt = runtime_with_converter();
	const struct rme_node_spec specs[] = {{.type = &listener_type, .name = "hear"}};
	const struct rme_plan_in in = {specs, 1, rme_format_audio(RME_SAMPLE_F32LE, 48000, 2)};
	struct rme_plan *plan;
	assert_int_equal(rme_plan_new(&plan, rt, &in, NULL), RME_OK);
	const struct rme_plan_stage *st;
	assert_int_equal(rme_plan_stages(plan, &st), 2);
	assert_true(st[0].inserted);
	assert_string_equal(st[0].spec.name, "hear.convert");
	const struct converter_config *c = st[0].spec.config;
	assert_int_equal(c->rate, 16000);
	assert_int_equal(c->channels, 1);
	assert_int_equal(c->format, 1);
	char text[RME_FORMAT_TEXT_MAX];
	rme_format_print(&st[0].out, text);
	assert_string_equal(text, "audio/pcm;format=s16le;rate=16000;channels=1");
	rme_format_print(&st[1].out, text);
	assert_string_equal(text, "text/plain");
	rme_plan_free(plan);
	rme_runtime_free(rt);
}

static void
nothing_is_put_in_where_it_fits_or_is_not_known(void **state)
{
	(void)state;
	struct rme_runtime *rt = runtime_with_converter();
	const struct rme_node_spec specs[] = {{.type = &listener_type}};
	struct rme_plan_in in = {specs, 1, rme_format_audio(RME_SAMPLE_S16LE, 16000, 1)};
	struct rme_plan *plan;
	const struct rme_plan_stage *st;
	assert_int_equal(rme_plan_new(&plan, rt, &in, NULL), RME_OK);
	assert_int_equal(rme_plan_stages(plan, &st), 1);
	rme_plan_free(plan);
	in.format = rme_format_of(RME_MEDIA_ANY);
	assert_int_equal(rme_plan_new(&plan, rt, &in, NULL), RME_OK);
	assert_int_equal(rme_plan_stages(plan, &st), 1);
	rme_plan_free(plan);
	rme_runtime_free(rt);
}

static void
what_cannot_be_converted_names_both_sides(void **state)
{
	(void)state;
	struct rme_runtime *rt = runtime_with_converter();
	const struct rme_node_spec specs[] = {
	    {.type = &listener_type, .name = "one"}, {.type = &listener_type, .name = "two"}};
	struct rme_plan_in in = {specs, 2, rme_format_of(RME_MEDIA_ANY)};
	struct rme_plan *plan = NULL;
	struct rme_error err;
	assert_int_equal(rme_plan_new(&plan, rt, &in, &err), RME_EFORMAT);
	assert_string_equal(err.where, "two");
	assert_string_equal(
	    err.text, "takes audio/pcm;format=s16le;rate=16000;channels=1, but 'one' before it gives text/plain");
	in.n = 1;
	in.format = rme_format_of(RME_MEDIA_JSON);
	assert_int_equal(rme_plan_new(&plan, rt, &in, &err), RME_EFORMAT);
	assert_string_equal(
	    err.text, "takes audio/pcm;format=s16le;rate=16000;channels=1, but the input is application/json");
	const struct rme_node_spec reader = {.type = &reader_type};
	in = (struct rme_plan_in){&reader, 1, rme_format_of(RME_MEDIA_AUDIO_PCM)};
	assert_int_equal(rme_plan_new(&plan, rt, &in, &err), RME_EFORMAT);
	assert_string_equal(err.text, "takes text/plain or application/json, but the input is audio/pcm");
	in.n = 0;
	assert_int_equal(rme_plan_new(&plan, rt, &in, &err), RME_EINVAL);
	assert_null(plan);
	rme_runtime_free(rt);
}

static void
the_number_of_stages_is_bounded(void **state)
{
	(void)state;
	struct rme_runtime *rt = runtime_with_converter();
	struct rme_node_spec specs[RME_PIPELINE_STAGES_MAX + 1];
	for (size_t i = 0; i <= RME_PIPELINE_STAGES_MAX; i++) {
		specs[i] = (struct rme_node_spec){.type = &dub_type};
	}
	struct rme_plan_in in = {specs, RME_PIPELINE_STAGES_MAX, rme_format_of(RME_MEDIA_ANY)};
	struct rme_plan *plan;
	struct rme_error err;
	assert_int_equal(rme_plan_new(&plan, rt, &in, NULL), RME_OK);
	rme_plan_free(plan);
	in.n++;
	assert_int_equal(rme_plan_new(&plan, rt, &in, &err), RME_ELIMIT);
	rme_runtime_free(rt);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_conversion_is_put_in_where_audio_does_not_fit),
	    cmocka_unit_test(nothing_is_put_in_where_it_fits_or_is_not_known),
	    cmocka_unit_test(what_cannot_be_converted_names_both_sides),
	    cmocka_unit_test(the_number_of_stages_is_bounded),
	};
	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
