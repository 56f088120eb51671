#include "route/decide.h"

#include <math.h>

#define MS_NS 1e6

/* Auto leaves the thresholds' choice only for a clear gain: a quarter of the time and a millisecond. */
#define GAIN_RATIO 1.25F
#define GAIN_MS    1.0F

/* Why a side cannot be used. A hard one cannot be used at all, a soft one should not be. */
struct gate {
	enum rme_route_reason why; /* of choosing the other side; RME_REASON_NONE = usable */
	bool hard;
	bool trial; /* usable, to see whether it works again */
};

/* A policy's choice. */
struct choice {
	enum rme_side side;
	enum rme_route_reason why;
	uint64_t bytes_limit;
	float complexity_limit;
};

unsigned
rmi_route_class(uint64_t bytes)
{
	unsigned c = 0;
	for (uint64_t top = 256; bytes > top && c < RMI_ROUTE_CLASSES - 1; top *= 4) {
		c++;
	}
	return c;
}

static float
left_ms(const struct rmi_route_item *it)
{
	return it->deadline_ns == 0 ? INFINITY : (float)((double)(it->deadline_ns - it->now_ns) / MS_NS);
}

static float
measured_ms(const struct rmi_route_side *s, const struct rmi_route_item *it)
{
	const struct rmi_route_measure *m = &s->measured[rmi_route_class(it->bytes)];
	return m->at_ns == 0 || it->now_ns - m->at_ns > RMI_ROUTE_KNOWN_NS ? NAN : m->ms;
}

static float
loss_now(const struct rmi_route_side *s, int64_t now_ns)
{
	if (s->loss <= 0) {
		return 0;
	}
	double age = (double)(now_ns - s->loss_at_ns) / (double)RMI_ROUTE_FORGIVE_NS;
	return s->loss * (float)exp(-age);
}

float
rmi_route_expect_ms(const struct rmi_route_beliefs *b, enum rme_side s, const struct rmi_route_item *it)
{
	const struct rmi_route_side *side = &b->side[rmi_side_index(s)];
	float ms = measured_ms(side, it);
	float loss = loss_now(side, it->now_ns);
	if (isnan(ms) || loss < 0.01F) {
		return ms;
	}
	float back = measured_ms(&b->side[rmi_side_index(rmi_side_other(s))], it);
	return (1 - loss) * ms + loss * (side->loss_ms + (isnan(back) ? ms : back));
}

/* A half-open side gets an item only if that still meets its deadline should the try fail. */
static bool
trial_affordable(const struct rmi_route_rules *rules, const struct rmi_route_beliefs *b, enum rme_side s,
    const struct rmi_route_item *it)
{
	if (it->deadline_ns == 0) {
		return true;
	}
	const struct rmi_route_side *side = &b->side[rmi_side_index(s)];
	float fail = side->loss_ms;
	int64_t limit = rules->timeout_ns[rmi_side_index(s)];
	if (limit > 0) {
		fail = fmaxf(fail, (float)((double)limit / MS_NS));
	}
	float back = measured_ms(&b->side[rmi_side_index(rmi_side_other(s))], it);
	return fail + (isnan(back) ? 0 : back) <= left_ms(it);
}

static struct gate
gate_of(const struct rmi_route_rules *rules, const struct rmi_route_beliefs *b, enum rme_side s,
    const struct rmi_route_item *it)
{
	const struct rmi_route_side *side = &b->side[rmi_side_index(s)];
	if (s == RME_SIDE_CLOUD && it->local) {
		return (struct gate){RME_REASON_PRIVATE, true, false};
	}
	if (!it->open[rmi_side_index(s)]) {
		return (struct gate){RME_REASON_NOT_OPEN, true, false};
	}
	if (s == RME_SIDE_CLOUD && b->offline) {
		return (struct gate){RME_REASON_OFFLINE, true, false};
	}
	if (side->blocked_until_ns == 0) {
		return (struct gate){RME_REASON_NONE, false, false};
	}
	if (it->now_ns < side->blocked_until_ns || side->trial || !trial_affordable(rules, b, s, it)) {
		return (struct gate){RME_REASON_OTHER_FAILING, false, false};
	}
	return (struct gate){RME_REASON_NONE, false, true};
}

/* The rule of the requirements document. */
static struct choice
choose_thresholds(const struct rmi_route_rules *rules, const struct rmi_route_item *it)
{
	if (it->bytes < rules->edge_max_bytes && it->complexity < rules->edge_max_complexity) {
		return (struct choice){
		    RME_SIDE_EDGE, RME_REASON_SMALL, rules->edge_max_bytes, rules->edge_max_complexity};
	}
	if (it->bytes > rules->cloud_min_bytes) {
		return (struct choice){RME_SIDE_CLOUD, RME_REASON_LARGE, rules->cloud_min_bytes, NAN};
	}
	if (it->complexity > rules->cloud_min_complexity) {
		return (struct choice){RME_SIDE_CLOUD, RME_REASON_LARGE, 0, rules->cloud_min_complexity};
	}
	return (struct choice){RME_SIDE_EDGE, RME_REASON_MIDDLE, 0, NAN};
}

static struct choice
choose_function(const struct rmi_route_rules *rules, const struct rme_route *r, const struct rmi_route_item *it,
    const struct gate gates[2])
{
	struct rme_route_ask ask = {
	    .module = it->module,
	    .format = it->format,
	    .bytes = it->bytes,
	    .complexity = it->complexity,
	    .left_ns = it->deadline_ns == 0 ? INT64_MAX : it->deadline_ns - it->now_ns,
	    .edge_ok = gates[RMI_EDGE].why == RME_REASON_NONE,
	    .cloud_ok = gates[RMI_CLOUD].why == RME_REASON_NONE,
	    .edge_ms = r->edge_ms,
	    .cloud_ms = r->cloud_ms,
	};
	enum rme_side s = rules->fn != NULL ? rules->fn(rules->fn_ctx, &ask) : RME_SIDE_NONE;
	if (s != RME_SIDE_EDGE && s != RME_SIDE_CLOUD) {
		return choose_thresholds(rules, it);
	}
	return (struct choice){s, RME_REASON_FUNCTION, 0, NAN};
}

/* The thresholds, corrected by what was measured. */
static struct choice
choose_auto(const struct rmi_route_rules *rules, const struct rme_route *r, const struct rmi_route_item *it)
{
	struct choice c = choose_thresholds(rules, it);
	enum rme_side other = rmi_side_other(c.side);
	float here = c.side == RME_SIDE_EDGE ? r->edge_ms : r->cloud_ms;
	float there = c.side == RME_SIDE_EDGE ? r->cloud_ms : r->edge_ms;
	float left = left_ms(it);
	if (isnan(here)) {
		return c;
	}
	if (here > left && (isnan(there) || there <= left)) {
		return (struct choice){other, RME_REASON_DEADLINE, 0, NAN};
	}
	if (!isnan(there) && there * GAIN_RATIO + GAIN_MS < here) {
		return (struct choice){other, RME_REASON_FASTER, 0, NAN};
	}
	return c;
}

static struct choice
choose(const struct rmi_route_rules *rules, const struct rme_route *r, const struct rmi_route_item *it,
    const struct gate gates[2])
{
	switch (rules->mode) {
	case RME_ROUTE_EDGE_ONLY:
	case RME_ROUTE_EDGE_FIRST:
		return (struct choice){RME_SIDE_EDGE, RME_REASON_MODE, 0, NAN};
	case RME_ROUTE_CLOUD_FIRST:
	case RME_ROUTE_CLOUD_ONLY:
		return (struct choice){RME_SIDE_CLOUD, RME_REASON_MODE, 0, NAN};
	case RME_ROUTE_THRESHOLDS:
		return choose_thresholds(rules, it);
	case RME_ROUTE_FUNCTION:
		return choose_function(rules, r, it, gates);
	case RME_ROUTE_NONE:
	case RME_ROUTE_AUTO:
		break;
	}
	return choose_auto(rules, r, it);
}

static bool
mode_is_only(enum rme_route_mode m)
{
	return m == RME_ROUTE_EDGE_ONLY || m == RME_ROUTE_CLOUD_ONLY;
}

static void
take(struct rme_route *r, const struct choice *c)
{
	r->first = c->side;
	r->reason = c->why;
	r->bytes_limit = c->bytes_limit;
	r->complexity_limit = c->complexity_limit;
}

/* A side is taken for want of the other, or in spite of all: tell of the trouble of @p avoided. */
static void
tell_trouble(struct rme_route *r, const struct rmi_route_beliefs *b, const struct rmi_route_item *it, unsigned avoided)
{
	int64_t at = it->open[avoided] ? b->side[avoided].blocked_until_ns : it->reopen_ns[avoided];
	r->failures = b->side[avoided].failures;
	r->retry_ns = at > it->now_ns ? at - it->now_ns : 0;
}

static enum rme_err
refuse(struct rme_route *r, enum rme_route_reason why)
{
	r->reason = why;
	return why == RME_REASON_PRIVATE ? RME_EDENIED : RME_EUNAVAILABLE;
}

/* Nothing but this side will do: its health does not matter, trying costs nothing. */
static enum rme_err
decide_only(struct rme_route *r, const struct choice *c, const struct gate gates[2])
{
	const struct gate *g = &gates[rmi_side_index(c->side)];
	if (g->hard) {
		return refuse(r, g->why);
	}
	take(r, c);
	return RME_OK;
}

static enum rme_err
decide_gated(struct rme_route *r, const struct rmi_route_beliefs *b, const struct rmi_route_item *it,
    const struct choice *c, const struct gate gates[2])
{
	unsigned mine = rmi_side_index(c->side), its = 1 - mine;
	const struct gate *g = &gates[mine];
	if (g->why == RME_REASON_NONE) {
		take(r, c);
		if (g->trial) {
			r->reason = RME_REASON_PROBE;
			r->failures = b->side[mine].failures;
		}
		return RME_OK;
	}
	if (g->hard && gates[its].hard) {
		/* That the data must stay is the news, not that the edge is missing. */
		bool private = g->why == RME_REASON_PRIVATE || gates[its].why == RME_REASON_PRIVATE;
		return refuse(r, private ? RME_REASON_PRIVATE : g->why);
	}
	bool well = gates[its].why == RME_REASON_NONE;
	bool stay = !well && !g->hard;
	r->first = stay ? c->side : rmi_side_other(c->side);
	r->reason = well ? g->why : RME_REASON_LAST_RESORT;
	tell_trouble(r, b, it, mine);
	return RME_OK;
}

enum rme_err
rmi_route_decide(struct rme_route *out, const struct rmi_route_rules *rules, const struct rmi_route_beliefs *b,
    const struct rmi_route_item *it)
{
	const struct gate gates[2] = {gate_of(rules, b, RME_SIDE_EDGE, it), gate_of(rules, b, RME_SIDE_CLOUD, it)};
	*out = (struct rme_route){
	    .mode = rules->mode,
	    .complexity = it->complexity,
	    .complexity_limit = NAN,
	    .edge_ms = rmi_route_expect_ms(b, RME_SIDE_EDGE, it),
	    .cloud_ms = rmi_route_expect_ms(b, RME_SIDE_CLOUD, it),
	    .bytes = it->bytes,
	    .left_ns = it->deadline_ns == 0 ? 0 : it->deadline_ns - it->now_ns,
	};
	struct choice c = choose(rules, out, it, gates);
	bool bound = it->sticky && it->current != RME_SIDE_NONE && it->now_ns - it->since_ns < rules->hold_ns;
	if (bound && c.side != it->current && !mode_is_only(rules->mode)) {
		c = (struct choice){it->current, RME_REASON_STICKY, 0, NAN};
	}
	return mode_is_only(rules->mode) ? decide_only(out, &c, gates) : decide_gated(out, b, it, &c, gates);
}

bool
rmi_route_may_fall_back(const struct rmi_route_rules *rules, const struct rmi_route_beliefs *b,
    const struct rmi_route_item *it, enum rme_side failed)
{
	if (!rules->fallback || mode_is_only(rules->mode)) {
		return false;
	}
	enum rme_side to = rmi_side_other(failed);
	if (gate_of(rules, b, to, it).hard) {
		return false;
	}
	float left = left_ms(it), need = measured_ms(&b->side[rmi_side_index(to)], it);
	return left > 0 && (isnan(need) || need <= left);
}
