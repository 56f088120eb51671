#include "route/learn.h"

#include <math.h>
#include <stdbool.h>

#include "route/decide.h"

/* Weight of a new latency: about the last eight items of its class count. */
#define LATENCY_WEIGHT 0.25F
/* Weight of a try's end in the share of failures. */
#define LOSS_WEIGHT 0.2F
/* Pauses are spread by this share either way, so that many devices do not come back at once. */
#define SPREAD 0.2

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), for a spread that replays. */
static double
spread_of(uint32_t seed, uint32_t trips)
{
	uint64_t z = ((uint64_t)seed << 32 | trips) + 0x9e3779b97f4a7c15U;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	z ^= z >> 31;
	return 1 + SPREAD * (2 * ((double)(z >> 11) / (double)(1ULL << 53)) - 1);
}

int64_t
rmi_route_pause_ns(const struct rmi_route_beliefs *b, const struct rmi_route_rules *rules, uint32_t trips)
{
	double wait = (double)rules->breaker_wait_ns;
	for (uint32_t i = 1; i < trips && wait < (double)rules->breaker_wait_max_ns; i++) {
		wait *= 2;
	}
	wait = fmin(wait, fmax((double)rules->breaker_wait_max_ns, (double)rules->breaker_wait_ns));
	return (int64_t)(wait * spread_of(b->seed, trips));
}

static void
trip(struct rmi_route_side *s, const struct rmi_route_beliefs *b, const struct rmi_route_rules *rules, int64_t now_ns)
{
	s->trips++;
	s->tripped_ns = now_ns;
	s->blocked_until_ns = now_ns + rmi_route_pause_ns(b, rules, s->trips);
}

void
rmi_route_begin(struct rmi_route_beliefs *b, enum rme_side side, int64_t now_ns)
{
	struct rmi_route_side *s = &b->side[rmi_side_index(side)];
	if (s->blocked_until_ns != 0 && now_ns >= s->blocked_until_ns) {
		s->trial = true;
	}
}

static void
learn_loss(struct rmi_route_side *s, bool failed, int64_t now_ns)
{
	float was = s->loss;
	if (s->loss_at_ns != 0 && was > 0) {
		was *= (float)exp(-(double)(now_ns - s->loss_at_ns) / (double)RMI_ROUTE_FORGIVE_NS);
	}
	s->loss = was + LOSS_WEIGHT * ((failed ? 1.0F : 0.0F) - was);
	s->loss_at_ns = now_ns;
}

static void
learn_success(struct rmi_route_side *s, const struct rmi_route_outcome *o)
{
	struct rmi_route_measure *m = &s->measured[rmi_route_class(o->bytes)];
	float ms = (float)((double)(o->ended_ns - o->began_ns) / 1e6);
	bool known = m->at_ns != 0 && o->ended_ns - m->at_ns <= RMI_ROUTE_AVERAGE_NS;
	m->ms = known ? m->ms + LATENCY_WEIGHT * (ms - m->ms) : ms;
	m->at_ns = o->ended_ns;
	s->failures = 0;
	/* An answer to what was sent before the breaker opened does not tell that the side is well now. */
	if (s->blocked_until_ns != 0 && o->began_ns > s->tripped_ns) {
		s->blocked_until_ns = 0;
		s->trips = 0;
		s->trial = false;
	}
}

/* The item, not the side, is at fault: it must not switch the side off for others. */
static bool
blames_item(enum rme_err e)
{
	return e == RME_EFORMAT || e == RME_EUNSUPPORTED || e == RME_EEMPTY;
}

static void
learn_failure(struct rmi_route_side *s, const struct rmi_route_beliefs *b, const struct rmi_route_rules *rules,
    const struct rmi_route_outcome *o)
{
	float ms = (float)((double)(o->ended_ns - o->began_ns) / 1e6);
	s->loss_ms = s->loss_ms > 0 ? s->loss_ms + LATENCY_WEIGHT * (ms - s->loss_ms) : ms;
	if (blames_item(o->err)) {
		return;
	}
	s->failures++;
	if (rules->breaker_failures == 0 || s->failures < rules->breaker_failures) {
		return;
	}
	/* Items in flight when the breaker opened fail together: that is one failure, not many. */
	if (s->blocked_until_ns == 0 || o->began_ns > s->tripped_ns) {
		s->trial = false;
		trip(s, b, rules, o->ended_ns);
	}
}

/* The one item sent to a half-open side is over without telling anything: another may be sent. */
static void
trial_over(struct rmi_route_side *s, const struct rmi_route_outcome *o)
{
	if (s->blocked_until_ns != 0 && o->began_ns >= s->blocked_until_ns) {
		s->trial = false;
	}
}

void
rmi_route_end(struct rmi_route_beliefs *b, const struct rmi_route_rules *rules, const struct rmi_route_outcome *o)
{
	struct rmi_route_side *s = &b->side[rmi_side_index(o->side)];
	trial_over(s, o);
	if (o->err == RME_ECANCELED || o->err == RME_EINVAL) {
		return;
	}
	learn_loss(s, o->err != RME_OK, o->ended_ns);
	if (o->err == RME_OK) {
		learn_success(s, o);
	} else {
		learn_failure(s, b, rules, o);
	}
}
