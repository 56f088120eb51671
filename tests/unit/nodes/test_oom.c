#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "node_fixture.h"
#include "nodes/catalog.h"
#include "nodes/vad.h"

/* What a sweep does with one kind of node. */
struct scenario {
	const struct rme_node_type *type;
	const char *const *params;
	struct rme_format format;
	const char *text; /* payload; NULL = audio */
	const char *annotation;
};

static enum rme_err
push_annotated(struct node_fixture *f, const struct rme_packet_meta *meta, const struct scenario *s)
{
	struct rme_packet_meta json = rme_packet_meta_init();
	struct rme_packet *in = NULL;
	struct rme_packet *note = NULL;
	static const int16_t audio[1000];
	json.format = rme_format_of(RME_MEDIA_JSON);
	enum rme_err e = rme_packet_new(&in, meta, audio, sizeof(audio));
	e = e == RME_OK ? rme_packet_new(&note, &json, s->annotation, strlen(s->annotation)) : e;
	if (e != RME_OK) {
		rme_packet_unref(in);
		return e;
	}
	rme_packet_annotate(in, note);
	return rmi_node_push(f->h.node, in);
}

/* Ends well, or says that memory ran out; ASan looks for what was not freed. */
static void
run(void *ctx)
{
	const struct scenario *s = ctx;
	static const int16_t audio[1000];
	static struct node_fixture f;
	enum rme_err e = node_open(&f, s->type, s->params, NULL);
	for (int i = 0; i < 3 && e == RME_OK; i++) {
		struct rme_packet_meta m = rme_packet_meta_init();
		m.format = s->format;
		if (s->annotation != NULL) {
			m.seq = ++f.h.seq;
			e = push_annotated(&f, &m, s);
		} else {
			e = harness_item(&f.h, &m, s->text != NULL ? (const void *)s->text : audio,
			    s->text != NULL ? strlen(s->text) : sizeof(audio));
		}
	}
	if (e == RME_OK) {
		harness_flush(&f.h);
	}
	assert_true(e == RME_OK || (e == RME_ENOMEM && harness_oom_hit()));
	node_close(&f);
}

static const char *const to_speech[] = {
    "output_sample_rate", "16000", "output_channels", "1", "output_format", "f32le", NULL};
static const char *const rules[] = {"rules", "[{\"when\":\"a *\",\"say\":\"b {1}\"}]", NULL};
static const char *const energy[] = {"mode", "compat", "output", "audio", NULL};
static const char *const operations[] = {"operations", "[\"uppercase\",\"x\"]", NULL};

static void
nodes_survive_every_failing_allocation(void **state)
{
	(void)state;
	struct scenario all[] = {
	    {&rmi_audio_transform_type, to_speech, rme_format_audio(RME_SAMPLE_S16LE, 44100, 2), NULL, NULL},
	    {&rmi_text_processor_type, operations, rme_format_of(RME_MEDIA_TEXT), "hello", NULL},
	    {&rmi_calculator_type, NULL, rme_format_of(RME_MEDIA_JSON), "{\"operation\":\"add\",\"args\":[1,2]}", NULL},
	    {&rmi_reply_rules_type, rules, rme_format_of(RME_MEDIA_TEXT), "a c", NULL},
	    {&rmi_utterance_buffer_type, NULL, rme_format_audio(RME_SAMPLE_S16LE, 1000, 1), NULL,
	        "{\"is_speech\":true}"},
	    {&rmi_vad_type, NULL, rme_format_audio(RME_SAMPLE_S16LE, 16000, 1), NULL, NULL},
	    {&rmi_vad_type, energy, rme_format_audio(RME_SAMPLE_S16LE, 8000, 2), NULL, NULL},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t n = harness_oom_sweep(run, &all[i]);
		print_message("%s: %zu allocations\n", all[i].type->name, n);
		assert_true(n > 3);
	}
}

/* Every ITEM_END and FLUSH comes out, whichever allocation fails. */
static void
run_annotate(void *ctx)
{
	(void)ctx;
	static struct harness h;
	const struct rme_node_type *t = &rmi_annotate_type;
	_Alignas(max_align_t) unsigned char config[256] = {0};
	const struct rme_node_spec child = {.type = &rmi_pass_through_type};
	assert_true(t->config_size <= sizeof(config));
	memcpy(config + t->params[0].offset, &child, sizeof(child));
	enum rme_err e = harness_init(&h, t, config, NULL);
	for (uint64_t seq = 1; seq <= 4 && e == RME_OK; seq++) {
		struct rme_packet_meta m = rme_packet_meta_init();
		m.seq = seq;
		m.kind = seq == 3 ? RME_PACKET_FLUSH : RME_PACKET_DATA;
		struct rme_packet *in = NULL;
		struct rme_packet *end = NULL;
		e = rmi_packet_new_end(&end, &m, 0);
		e = e == RME_OK ? rme_packet_new(&in, &m, "x", 1) : e;
		if (e != RME_OK) {
			rme_packet_unref(end);
			break;
		}
		(void)!rmi_node_push(h.node, in);
		assert_int_equal(rmi_node_push(h.node, end), RME_OK);
		assert_int_equal(harness_n_ends(&h, seq), 1);
	}
	assert_true(e == RME_OK || harness_oom_hit());
	harness_done(&h);
}

static void
annotate_loses_no_end(void **state)
{
	(void)state;
	assert_true(harness_oom_sweep(run_annotate, NULL) > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nodes_survive_every_failing_allocation),
	    cmocka_unit_test(annotate_loses_no_end),
	};
	return cmocka_run_group_tests_name("nodes_oom", tests, NULL, NULL);
}
