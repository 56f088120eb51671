/* Routers in real sessions: two of them share what is learned, answers come from other threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <rme/params.h>
#include <rme/pipeline.h>
#include <rme/router.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "fakes.h"

enum { ITEMS = 1500, AHEAD = 20 };

static struct rme_router_config
config_of(const char *mode)
{
	const struct rme_value values[] = {
	    {.key = "mode", .kind = RME_VALUE_TEXT, .text = mode},
	    {.key = "edge_max_bytes", .kind = RME_VALUE_NUMBER, .number = 3},
	    {.key = "cloud_min_bytes", .kind = RME_VALUE_NUMBER, .number = 3},
	};
	const struct rme_params_in in = {values, 3};
	struct rme_router_config c;
	assert_int_equal(rme_params_bind(rme_router_type.params, &in, &c, NULL, NULL), RME_OK);
	c.edge = (struct rme_node_spec){.type = &dub_type, .name = "near"};
	c.cloud = (struct rme_node_spec){.type = &far_type, .name = "far"};
	return c;
}

struct one {
	struct rme_session *s;
	uint64_t verdicts, edge, cloud, fell_back, failed;
	bool wrong; /* cmocka's asserts work in its own thread only */
};

/* What the items are: "o" edge, "xo" edge fails and the cloud takes it, "oooo" cloud. */
static const char *
text_of(uint64_t seq)
{
	static const char *const texts[] = {"o", "xo", "oooo", "2"};
	return texts[(seq * 7 + seq / 5) % 4];
}

static void
take(struct one *o)
{
	struct rme_packet *p;
	size_t data = 0;
	for (;;) {
		if (rme_session_recv(o->s, &p, 0) != RME_OK) {
			o->wrong = true;
			return;
		}
		const struct rme_packet_meta m = *rme_packet_meta(p);
		if (m.kind == RME_PACKET_ITEM_END) {
			break;
		}
		o->wrong = o->wrong || m.seq != o->verdicts + 1;
		data++;
		rme_packet_unref(p);
	}
	const struct rme_verdict *v = rme_packet_verdict(p);
	const struct rme_route *r = &v->stage[0].route;
	o->verdicts++;
	o->wrong = o->wrong || rme_packet_meta(p)->seq != o->verdicts || v->error.code != RME_OK ||
	           data != (strcmp(text_of(o->verdicts), "2") == 0 && r->side == RME_SIDE_EDGE ? 2 : 1);
	o->edge += r->side == RME_SIDE_EDGE;
	o->cloud += r->side == RME_SIDE_CLOUD;
	o->fell_back += r->fell_back;
	rme_packet_unref(p);
}

static void *
run_one(void *arg)
{
	struct one *o = arg;
	for (uint64_t seq = 1; seq <= ITEMS; seq++) {
		const char *text = text_of(seq);
		struct rme_packet_meta m = rme_packet_meta_init();
		struct rme_packet *p;
		if (rme_packet_new(&p, &m, text, strlen(text)) != RME_OK ||
		    rme_session_submit(o->s, p, NULL) != RME_OK) {
			o->wrong = true;
			return NULL;
		}
		if (seq > AHEAD) {
			take(o);
		}
	}
	while (o->verdicts < ITEMS && !o->wrong) {
		take(o);
	}
	return NULL;
}

static void
sessions_route_side_by_side(void **state)
{
	(void)state;
	struct rme_runtime *rt;
	struct rme_plan *plan;
	struct rme_router_config config = config_of("thresholds");
	const struct rme_node_spec spec = {.type = &rme_router_type, .config = &config, .name = "route"};
	const struct rme_plan_in in = {.specs = &spec, .n = 1};
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	assert_int_equal(rme_plan_new(&plan, rt, &in, NULL), RME_OK);
	struct one one[2];
	pthread_t thread[2];
	memset(one, 0, sizeof(one));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rme_session_open(&one[i].s, rt, plan, NULL, NULL), RME_OK);
		assert_int_equal(pthread_create(&thread[i], NULL, run_one, &one[i]), 0);
	}
	struct rme_router_stats stats = {0};
	while (stats.items < ITEMS) {
		assert_int_equal(rme_router_stats(rt, &stats, 1), 1);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(thread[i], NULL), 0);
		assert_false(one[i].wrong);
		assert_int_equal(one[i].verdicts, ITEMS);
		assert_int_equal(one[i].edge + one[i].cloud, ITEMS);
		assert_true(one[i].fell_back > 0 && one[i].edge > 0);
		rme_session_free(one[i].s);
	}
	assert_int_equal(rme_router_stats(rt, &stats, 1), 1);
	assert_string_equal(stats.node, "route");
	assert_int_equal(stats.items, 2 * ITEMS);
	assert_int_equal(stats.failed, 0);
	assert_int_equal(stats.fallbacks, one[0].fell_back + one[1].fell_back);
	assert_int_equal(stats.edge.ok + stats.cloud.ok, 2 * ITEMS);
	rme_plan_free(plan);
	rme_runtime_free(rt);
	rme_params_done(rme_router_type.params, &config);
}

static void
cancel_in_the_middle_gives_every_item_its_verdict(void **state)
{
	(void)state;
	struct rme_runtime *rt;
	struct rme_plan *plan;
	struct rme_router_config config = config_of("cloud_first");
	const struct rme_node_spec spec = {.type = &rme_router_type, .config = &config, .name = "route"};
	const struct rme_plan_in in = {.specs = &spec, .n = 1};
	assert_int_equal(rme_runtime_new(&rt, NULL, NULL), RME_OK);
	assert_int_equal(rme_plan_new(&plan, rt, &in, NULL), RME_OK);
	for (int round = 0; round < 50; round++) {
		struct rme_session *s;
		assert_int_equal(rme_session_open(&s, rt, plan, NULL, NULL), RME_OK);
		uint64_t n = (uint64_t)(round % 40), ends = 0;
		for (uint64_t i = 0; i < n; i++) {
			struct rme_packet_meta m = rme_packet_meta_init();
			struct rme_packet *p;
			assert_int_equal(rme_packet_new(&p, &m, "o", 1), RME_OK);
			assert_int_equal(rme_session_submit(s, p, NULL), RME_OK);
		}
		rme_session_cancel(s);
		struct rme_packet *p;
		while (rme_session_recv(s, &p, 0) == RME_OK) {
			ends += rme_packet_meta(p)->kind == RME_PACKET_ITEM_END ? 1 : 0;
			rme_packet_unref(p);
		}
		assert_int_equal(ends, n);
		rme_session_free(s);
	}
	rme_plan_free(plan);
	rme_runtime_free(rt);
	rme_params_done(rme_router_type.params, &config);
}

/* A node that wants one rate and gives another, to see what the plan makes of a router around it. */
static enum rme_err
want_16k(const struct rme_node_type *type, const void *config, const struct rme_format *in, struct rme_format *want,
    struct rme_format *gives)
{
	(void)type;
	(void)config;
	if (in->media != RME_MEDIA_AUDIO_PCM) {
		return RME_EFORMAT;
	}
	*want = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	*gives = rme_format_of(RME_MEDIA_TEXT);
	return RME_OK;
}

static enum rme_err
drop(struct rme_node *self, struct rme_packet *in)
{
	(void)self;
	rme_packet_unref(in);
	return RME_OK;
}

static void
formats_are_those_on_which_both_sides_agree(void **state)
{
	(void)state;
	static const struct rme_node_type hears = {.name = "hears", .process = drop, .formats = want_16k};
	struct rme_router_config config = config_of("auto");
	const struct rme_format in = rme_format_audio(RME_SAMPLE_S16LE, 48000, 2), text = rme_format_of(RME_MEDIA_TEXT);
	struct rme_format want = in, gives = {0};
	config.edge.type = &hears;
	assert_int_equal(rme_router_type.formats(&rme_router_type, &config, &in, &want, &gives), RME_OK);
	assert_int_equal(want.audio.rate_hz, 16000);
	assert_int_equal(gives.media, RME_MEDIA_ANY);
	config.cloud.type = &hears;
	assert_int_equal(rme_router_type.formats(&rme_router_type, &config, &in, &want, &gives), RME_OK);
	assert_int_equal(gives.media, RME_MEDIA_TEXT);
	assert_int_equal(rme_router_type.formats(&rme_router_type, &config, &text, &want, &gives), RME_EFORMAT);
	config.edge.type = NULL;
	gives = (struct rme_format){0};
	want = in;
	assert_int_equal(rme_router_type.formats(&rme_router_type, &config, &in, &want, &gives), RME_OK);
	assert_int_equal(want.audio.channels, 1);
	assert_int_equal(gives.media, RME_MEDIA_TEXT);
	rme_params_done(rme_router_type.params, &config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sessions_route_side_by_side),
	    cmocka_unit_test(cancel_in_the_middle_gives_every_item_its_verdict),
	    cmocka_unit_test(formats_are_those_on_which_both_sides_agree),
	};
	return cmocka_run_group_tests_name("router, sessions", tests, NULL, NULL);
}
