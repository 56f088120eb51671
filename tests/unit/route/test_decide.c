#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "route/decide.h"

#define MS  ((int64_t)1000000)
#define NOW (1000000 * MS)

/* The columns of tests/vectors/route.csv. */
enum column {
	NAME,
	MODE,
	BYTES,
	COMPLEXITY,
	LEFT_MS,
	LOCAL,
	OFFLINE,
	EDGE,
	CLOUD,
	EDGE_MS,
	CLOUD_MS,
	EDGE_LOSS,
	CLOUD_LOSS,
	CURRENT,
	SINCE_MS,
	RULE,
	FIRST,
	REASON,
	TEXT,
	COLUMNS
};

static enum rme_side
say(void *ctx, const struct rme_route_ask *ask)
{
	(void)ask;
	return *(enum rme_side *)ctx;
}

static struct rmi_route_rules
rules_of(enum rme_route_mode mode)
{
	return (struct rmi_route_rules){
	    .mode = mode,
	    .fallback = true,
	    .edge_max_bytes = 100000,
	    .cloud_min_bytes = 10000000,
	    .edge_max_complexity = 0.3F,
	    .cloud_min_complexity = 0.8F,
	    .breaker_failures = 3,
	    .breaker_wait_ns = 1000 * MS,
	    .breaker_wait_max_ns = 16000 * MS,
	    .timeout_ns = {0, 200 * MS},
	    .hold_ns = 10000 * MS,
	};
}

static enum rme_route_mode
mode_named(const char *name)
{
	for (int m = RME_ROUTE_EDGE_ONLY; m <= RME_ROUTE_FUNCTION; m++) {
		if (strcmp(rme_route_mode_name((enum rme_route_mode)m), name) == 0) {
			return (enum rme_route_mode)m;
		}
	}
	fail_msg("unknown mode %s", name);
	return RME_ROUTE_NONE;
}

static enum rme_side
side_named(const char *name)
{
	if (strcmp(name, "edge") == 0) {
		return RME_SIDE_EDGE;
	}
	return strcmp(name, "cloud") == 0 ? RME_SIDE_CLOUD : RME_SIDE_NONE;
}

static void
read_health(struct rmi_route_beliefs *b, struct rmi_route_item *it, unsigned side, const char *text)
{
	struct rmi_route_side *s = &b->side[side];
	unsigned failures;
	double ms;
	if (sscanf(text, "gone:%lf", &ms) == 1) {
		it->reopen_ns[side] = NOW + (int64_t)(ms * 1e6);
	} else if (sscanf(text, "fail%u:%lf", &failures, &ms) == 2) {
		it->open[side] = true;
		s->failures = failures;
		s->blocked_until_ns = NOW + (int64_t)(ms * 1e6);
	} else if (sscanf(text, "trial%u", &failures) == 1) {
		it->open[side] = s->trial = true;
		s->failures = failures;
		s->blocked_until_ns = NOW - 5 * MS;
	} else {
		it->open[side] = strcmp(text, "ok") == 0;
		assert_true(it->open[side] || strcmp(text, "gone") == 0);
	}
}

static void
read_measures(struct rmi_route_side *s, uint64_t bytes, const char *ms, const char *loss)
{
	if (strcmp(ms, "-") != 0) {
		struct rmi_route_measure *m = &s->measured[rmi_route_class(bytes)];
		m->ms = strtof(ms, NULL);
		m->at_ns = NOW;
	}
	s->loss = strtof(loss, NULL);
	s->loss_ms = 200;
	s->loss_at_ns = NOW;
}

static void
split(char *line, char *col[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++) {
		assert_non_null(line);
		col[i] = line;
		line = i == TEXT ? NULL : strchr(line, ',');
		if (line != NULL) {
			*line++ = '\0';
		}
	}
}

static struct rmi_route_item
item_of(char *col[COLUMNS])
{
	return (struct rmi_route_item){
	    .bytes = strtoull(col[BYTES], NULL, 10),
	    .complexity = strtof(col[COMPLEXITY], NULL),
	    .local = col[LOCAL][0] == '1',
	    .sticky = strcmp(col[CURRENT], "-") != 0,
	    .current = side_named(col[CURRENT]),
	    .since_ns = NOW - (int64_t)(strtod(col[SINCE_MS], NULL) * 1e6),
	    .now_ns = NOW,
	    .deadline_ns = strcmp(col[LEFT_MS], "-") == 0 ? 0 : NOW + (int64_t)(strtod(col[LEFT_MS], NULL) * 1e6),
	};
}

static void
replay(char *line)
{
	char *col[COLUMNS];
	split(line, col);
	struct rmi_route_rules rules = rules_of(mode_named(col[MODE]));
	enum rme_side answer = side_named(col[RULE]);
	rules.fn = say;
	rules.fn_ctx = &answer;
	struct rmi_route_item it = item_of(col);
	struct rmi_route_beliefs b = {.offline = col[OFFLINE][0] == '1'};
	read_health(&b, &it, RMI_EDGE, col[EDGE]);
	read_health(&b, &it, RMI_CLOUD, col[CLOUD]);
	read_measures(&b.side[RMI_EDGE], it.bytes, col[EDGE_MS], col[EDGE_LOSS]);
	read_measures(&b.side[RMI_CLOUD], it.bytes, col[CLOUD_MS], col[CLOUD_LOSS]);

	struct rme_route r;
	enum rme_err e = rmi_route_decide(&r, &rules, &b, &it);
	char text[RME_ROUTE_TEXT_MAX];
	size_t len = rme_route_text(&r, text);
	assert_int_equal(len, strlen(text));
	if (strcmp(rme_side_name(r.first), col[FIRST]) != 0 ||
	    strcmp(rme_route_reason_name(r.reason), col[REASON]) != 0 || strcmp(text, col[TEXT]) != 0) {
		fail_msg("%s: expected %s, %s, \"%s\"; got %s, %s, \"%s\"", col[NAME], col[FIRST], col[REASON],
		    col[TEXT], rme_side_name(r.first), rme_route_reason_name(r.reason), text);
	}
	assert_true((e == RME_OK) == (r.first != RME_SIDE_NONE));
	assert_true(e == RME_OK || e == (r.reason == RME_REASON_PRIVATE ? RME_EDENIED : RME_EUNAVAILABLE));
}

static void
golden_vectors_come_out(void **state)
{
	(void)state;
	FILE *f = fopen(ROUTE_VECTORS, "r");
	assert_non_null(f);
	char line[1024];
	int rows = 0;
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || strncmp(line, "name,", 5) == 0) {
			continue;
		}
		replay(line);
		rows++;
	}
	(void)fclose(f);
	assert_true(rows >= 50);
}

static void
size_classes_rise_by_four(void **state)
{
	(void)state;
	assert_int_equal(rmi_route_class(0), 0);
	assert_int_equal(rmi_route_class(256), 0);
	assert_int_equal(rmi_route_class(257), 1);
	assert_int_equal(rmi_route_class(1024), 1);
	assert_int_equal(rmi_route_class(1025), 2);
	assert_int_equal(rmi_route_class(UINT64_MAX), RMI_ROUTE_CLASSES - 1);
}

static void
measures_of_other_sizes_and_old_ones_do_not_count(void **state)
{
	(void)state;
	struct rmi_route_beliefs b = {0};
	struct rmi_route_item it = {.bytes = 640, .open = {true, true}, .now_ns = NOW};
	struct rmi_route_measure *m = &b.side[RMI_EDGE].measured[rmi_route_class(640)];
	*m = (struct rmi_route_measure){10, NOW - RMI_ROUTE_KNOWN_NS};
	assert_true(rmi_route_expect_ms(&b, RME_SIDE_EDGE, &it) == 10);
	m->at_ns--;
	assert_true(isnan(rmi_route_expect_ms(&b, RME_SIDE_EDGE, &it)));
	m->at_ns = NOW;
	it.bytes = 64000;
	assert_true(isnan(rmi_route_expect_ms(&b, RME_SIDE_EDGE, &it)));
}

static void
failures_cost_the_way_back_and_are_forgotten(void **state)
{
	(void)state;
	struct rmi_route_beliefs b = {0};
	struct rmi_route_item it = {.bytes = 640, .open = {true, true}, .now_ns = NOW};
	b.side[RMI_EDGE].measured[rmi_route_class(640)] = (struct rmi_route_measure){10, NOW};
	b.side[RMI_CLOUD].measured[rmi_route_class(640)] = (struct rmi_route_measure){40, NOW};
	b.side[RMI_EDGE].loss = 0.5F;
	b.side[RMI_EDGE].loss_ms = 50;
	b.side[RMI_EDGE].loss_at_ns = NOW;
	assert_float_equal(rmi_route_expect_ms(&b, RME_SIDE_EDGE, &it), 0.5F * 10 + 0.5F * (50 + 40), 1e-4);
	it.now_ns = NOW + RMI_ROUTE_FORGIVE_NS;
	float loss = 0.5F * expf(-1);
	assert_float_equal(rmi_route_expect_ms(&b, RME_SIDE_EDGE, &it), (1 - loss) * 10 + loss * 90, 1e-4);
}

static void
fallback_needs_another_side_and_time(void **state)
{
	(void)state;
	struct rmi_route_rules rules = rules_of(RME_ROUTE_AUTO);
	struct rmi_route_beliefs b = {0};
	struct rmi_route_item it = {.bytes = 640, .open = {true, true}, .now_ns = NOW, .deadline_ns = NOW + 20 * MS};
	assert_true(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));
	assert_true(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_CLOUD));
	b.side[RMI_CLOUD].measured[rmi_route_class(640)] = (struct rmi_route_measure){21, NOW};
	assert_false(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));
	it.deadline_ns = 0;
	assert_true(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));
	it.deadline_ns = NOW;
	assert_false(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_CLOUD));
	it.deadline_ns = 0;

	it.local = true;
	assert_false(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));
	assert_true(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_CLOUD));
	it.local = false;
	b.offline = true;
	assert_false(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));
	b.offline = false;
	it.open[RMI_CLOUD] = false;
	assert_false(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));
	it.open[RMI_CLOUD] = true;
	/* An avoided side is better than a failed item. */
	b.side[RMI_CLOUD].blocked_until_ns = NOW + 500 * MS;
	assert_true(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));

	rules.mode = RME_ROUTE_EDGE_ONLY;
	assert_false(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));
	rules.mode = RME_ROUTE_EDGE_FIRST;
	rules.fallback = false;
	assert_false(rmi_route_may_fall_back(&rules, &b, &it, RME_SIDE_EDGE));
}

struct seen {
	struct rme_route_ask ask;
	int calls;
};

static enum rme_side
look(void *ctx, const struct rme_route_ask *ask)
{
	struct seen *s = ctx;
	s->ask = *ask;
	s->calls++;
	return RME_SIDE_NONE;
}

static void
the_users_rule_sees_the_item_and_the_sides(void **state)
{
	(void)state;
	struct seen seen = {0};
	struct rmi_route_rules rules = rules_of(RME_ROUTE_FUNCTION);
	rules.fn = look;
	rules.fn_ctx = &seen;
	struct rmi_route_beliefs b = {0};
	b.side[RMI_CLOUD].blocked_until_ns = NOW + 1;
	b.side[RMI_EDGE].measured[rmi_route_class(640)] = (struct rmi_route_measure){7, NOW};
	struct rmi_route_item it = {
	    .module = "vad", .bytes = 640, .complexity = 0.25F, .open = {true, true}, .now_ns = NOW};
	it.format = rme_format_of(RME_MEDIA_TEXT);
	struct rme_route r;
	assert_int_equal(rmi_route_decide(&r, &rules, &b, &it), RME_OK);
	assert_int_equal(seen.calls, 1);
	assert_string_equal(seen.ask.module, "vad");
	assert_int_equal(seen.ask.bytes, 640);
	assert_true(seen.ask.complexity == 0.25F);
	assert_true(seen.ask.left_ns == INT64_MAX);
	assert_true(seen.ask.edge_ok);
	assert_false(seen.ask.cloud_ok);
	assert_true(seen.ask.edge_ms == 7 && isnan(seen.ask.cloud_ms));
	assert_int_equal(seen.ask.format.media, RME_MEDIA_TEXT);
	it.deadline_ns = NOW + 30 * MS;
	assert_int_equal(rmi_route_decide(&r, &rules, &b, &it), RME_OK);
	assert_true(seen.ask.left_ns == 30 * MS);
	assert_true(r.left_ns == 30 * MS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(golden_vectors_come_out),
	    cmocka_unit_test(size_classes_rise_by_four),
	    cmocka_unit_test(measures_of_other_sizes_and_old_ones_do_not_count),
	    cmocka_unit_test(failures_cost_the_way_back_and_are_forgotten),
	    cmocka_unit_test(fallback_needs_another_side_and_time),
	    cmocka_unit_test(the_users_rule_sees_the_item_and_the_sides),
	};
	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
