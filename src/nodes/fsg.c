#include "nodes/fsg.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "nodes/fsg_jsgf.h"

/* Work in taking out empty steps and in merging: bounds how long a hostile grammar takes. */
enum { WORK_MAX = 20000000, MERGE_WORK_MAX = 2000000 };

struct maker {
	struct rmi_fsg *out;
	const struct rmi_fsg_graph *g;
	uint32_t *first; /* [state + 1]: its steps within by_state */
	const struct rmi_fsg_step **by_state;
	uint32_t *kept;   /* [state]: its number in out, or RMI_FSG_EMPTY */
	uint32_t *source; /* [state of out]: the state it was */
	double *reach;    /* [state]: best ln probability without a word, from the state in hand */
	uint32_t *queue;  /* states whose reach got better */
	uint32_t cap_arcs;
	uint64_t work;
	struct rme_error *err;
};

static enum rme_err
too_much(const struct maker *k)
{
	return rme_error_set(k->err, RME_ELIMIT, "grammar", "it stands for too much");
}

static enum rme_err
no_memory(const struct maker *k)
{
	return rme_error_set(k->err, RME_ENOMEM, "grammar", "no memory");
}

/* Steps in the order of the states that they leave. */
static void
sort_steps(struct maker *k)
{
	const struct rmi_fsg_graph *g = k->g;
	for (size_t i = 0; i < g->n_steps; i++) {
		k->first[g->steps[i].from + 1]++;
	}
	for (uint32_t i = 0; i < g->n_states; i++) {
		k->first[i + 1] += k->first[i];
	}
	for (size_t i = g->n_steps; i-- > 0;) {
		k->by_state[--k->first[g->steps[i].from + 1]] = &g->steps[i];
	}
	/* first[s + 1] is now where the steps of s begin */
	memmove(k->first, k->first + 1, g->n_states * sizeof(*k->first));
	k->first[g->n_states] = (uint32_t)g->n_steps;
}

/* All that can be reached from a state without a word: into queue; returns how many, 0 where the work is too much. */
static uint32_t
reach_empty(struct maker *k, uint32_t from)
{
	uint32_t n = 0;
	k->reach[from] = 0.0;
	k->queue[n++] = from;
	for (bool again = true; again;) {
		again = false;
		for (uint32_t q = 0; q < n; q++) {
			uint32_t s = k->queue[q];
			for (uint32_t i = k->first[s]; i < k->first[s + 1]; i++) {
				const struct rmi_fsg_step *step = k->by_state[i];
				double p =
				    step->word == RMI_FSG_EMPTY ? k->reach[s] + log(step->probability) : -INFINITY;
				if (++k->work > WORK_MAX) {
					return 0;
				}
				if (!(p > k->reach[step->to])) {
					continue;
				}
				if (k->reach[step->to] == -INFINITY) {
					k->queue[n++] = step->to;
				} else {
					again = again || p > k->reach[step->to] + 1e-12;
				}
				k->reach[step->to] = p;
			}
		}
	}
	return n;
}

static enum rme_err
add_arc(struct maker *k, struct rmi_fsg_arc arc)
{
	struct rmi_fsg *out = k->out;
	for (uint32_t i = out->n_arcs; i-- > 0 && out->arcs[i].from == arc.from;) {
		if (out->arcs[i].to == arc.to && out->arcs[i].word == arc.word) {
			out->arcs[i].weight = fmax(out->arcs[i].weight, arc.weight);
			return RME_OK;
		}
		if (++k->work > WORK_MAX) {
			return too_much(k);
		}
	}
	if (out->n_arcs == RMI_FSG_STEPS_MAX) {
		return too_much(k);
	}
	if (out->n_arcs == k->cap_arcs) {
		uint32_t cap = k->cap_arcs == 0 ? 256 : 2 * k->cap_arcs;
		struct rmi_fsg_arc *grown = realloc(out->arcs, cap * sizeof(*grown));
		if (grown == NULL) {
			return no_memory(k);
		}
		out->arcs = grown;
		k->cap_arcs = cap;
	}
	out->arcs[out->n_arcs++] = arc;
	return RME_OK;
}

/* Where a state without a choice leads to: ends of alternatives become one state, and not each a state with all arcs. */
static uint32_t
pass_through(const struct maker *k, uint32_t state)
{
	for (uint32_t i = 0; i < k->g->n_states; i++) { /* there may be a circle */
		const struct rmi_fsg_step *only =
		    k->first[state + 1] - k->first[state] == 1 ? k->by_state[k->first[state]] : NULL;
		if (only == NULL || only->word != RMI_FSG_EMPTY || only->probability != 1.0) {
			return state;
		}
		state = only->to;
	}
	return state;
}

static uint32_t
keep(struct maker *k, uint32_t state)
{
	state = pass_through(k, state);
	if (k->kept[state] == RMI_FSG_EMPTY) {
		k->source[k->out->n_states] = state;
		k->kept[state] = k->out->n_states++;
	}
	return k->kept[state];
}

/* The arcs of one state: words that may come next, whatever empty steps are before them. */
static enum rme_err
make_arcs(struct maker *k, uint32_t from)
{
	uint32_t n = reach_empty(k, k->source[from]);
	enum rme_err e = n > 0 ? RME_OK : too_much(k);
	for (uint32_t q = 0; q < n; q++) {
		uint32_t s = k->queue[q];
		for (uint32_t i = k->first[s]; e == RME_OK && i < k->first[s + 1]; i++) {
			const struct rmi_fsg_step *step = k->by_state[i];
			double weight = k->reach[s] + log(step->probability);
			if (step->word != RMI_FSG_EMPTY && weight > -INFINITY) {
				e = add_arc(k, (struct rmi_fsg_arc){from, keep(k, step->to), step->word, weight});
			}
		}
	}
	k->out->last[from] = k->reach[1];
	for (uint32_t q = 0; q < n; q++) {
		k->reach[k->queue[q]] = -INFINITY;
	}
	return e;
}

static enum rme_err
take_out_empty(struct maker *k)
{
	const struct rmi_fsg_graph *g = k->g;
	k->first = calloc((size_t)g->n_states + 2, sizeof(*k->first));
	k->by_state = calloc(g->n_steps + 1, sizeof(*k->by_state));
	k->kept = calloc(g->n_states, sizeof(*k->kept));
	k->source = calloc(g->n_states, sizeof(*k->source));
	k->reach = calloc(g->n_states, sizeof(*k->reach));
	k->queue = calloc(g->n_states, sizeof(*k->queue));
	k->out->last = calloc(g->n_states, sizeof(*k->out->last));
	if (k->first == NULL || k->by_state == NULL || k->kept == NULL || k->source == NULL || k->reach == NULL ||
	    k->queue == NULL || k->out->last == NULL) {
		return no_memory(k);
	}
	sort_steps(k);
	for (uint32_t i = 0; i < g->n_states; i++) {
		k->kept[i] = RMI_FSG_EMPTY;
		k->reach[i] = -INFINITY;
	}
	(void)keep(k, 0);
	enum rme_err e = RME_OK;
	for (uint32_t i = 0; e == RME_OK && i < k->out->n_states; i++) {
		e = make_arcs(k, i);
	}
	return e;
}

struct signed_state {
	uint64_t sign; /* of what may follow the state */
	uint32_t state;
};

static int
by_sign(const void *a, const void *b)
{
	const struct signed_state *x = a, *y = b;
	return x->sign < y->sign ? -1 : x->sign > y->sign ? 1 : x->state < y->state ? -1 : x->state > y->state;
}

static uint64_t
mix(uint64_t h)
{
	h ^= h >> 31;
	h *= 0x7fb5d329728ea185ULL;
	h ^= h >> 27;
	h *= 0x81dadef4bc2dd44dULL;
	return h ^ h >> 33;
}

static uint64_t
rounded(double weight)
{
	return weight == -INFINITY ? 0 : (uint64_t)(int64_t)llround(weight * 1e6) + 1;
}

/* One round of merging: states with the same words to the same groups are a group. Returns how many groups there are. */
static uint32_t
regroup(const struct rmi_fsg *f, uint32_t *group, struct signed_state *order)
{
	for (uint32_t i = 0; i < f->n_states; i++) {
		order[i] = (struct signed_state){mix(rounded(f->last[i])) + mix(group[i] + 0x9e3779b97f4a7c15ULL), i};
	}
	for (uint32_t i = 0; i < f->n_arcs; i++) {
		const struct rmi_fsg_arc *a = &f->arcs[i];
		/* A sum, since the order of arcs says nothing. */
		order[a->from].sign += mix(mix(((uint64_t)a->word << 32) + group[a->to]) + rounded(a->weight));
	}
	qsort(order, f->n_states, sizeof(*order), by_sign);
	uint32_t n = 0;
	for (uint32_t i = 0; i < f->n_states; i++) {
		n += i > 0 && order[i].sign != order[i - 1].sign;
		group[order[i].state] = n;
	}
	return n + 1;
}

/* The number of a group's state: the beginning stays state 0. */
static uint32_t
renumbered(const uint32_t *group, uint32_t state)
{
	uint32_t g = group[state];
	return g == group[0] ? 0 : g < group[0] ? g + 1 : g;
}

/*
 * Make one state of each group: the first one's arcs are those of all.
 * @param first  [group], room for numbers
 * @param last   what f->last was
 */
static void
merge_groups(struct rmi_fsg *f, const uint32_t *group, uint32_t *first, const double *last)
{
	uint32_t n = 0;
	memset(f->last, 0, f->n_states * sizeof(*f->last));
	for (uint32_t i = f->n_states; i-- > 0;) {
		uint32_t g = renumbered(group, i);
		first[g] = i;
		f->last[g] = last[i];
	}
	for (uint32_t i = 0; i < f->n_arcs; i++) {
		struct rmi_fsg_arc a = f->arcs[i];
		uint32_t from = renumbered(group, a.from);
		if (first[from] != a.from) {
			continue;
		}
		a.from = from;
		a.to = renumbered(group, a.to);
		bool twice = false;
		for (uint32_t j = n; !twice && j-- > 0 && f->arcs[j].from == from;) {
			twice = f->arcs[j].to == a.to && f->arcs[j].word == a.word;
		}
		if (!twice) {
			f->arcs[n++] = a;
		}
	}
	f->n_arcs = n;
}

static enum rme_err
merge(struct maker *k)
{
	struct rmi_fsg *f = k->out;
	uint32_t *group = calloc(f->n_states, sizeof(*group));
	struct signed_state *order = calloc(f->n_states, sizeof(*order));
	enum rme_err e = group == NULL || order == NULL ? no_memory(k) : RME_OK;
	uint32_t n = 0;
	uint32_t before = UINT32_MAX;
	for (uint64_t work = 0; e == RME_OK && n != before && work < MERGE_WORK_MAX;) {
		before = n;
		n = regroup(f, group, order);
		work += f->n_states + f->n_arcs;
	}
	uint32_t *first = calloc(n + 1, sizeof(*first));
	double *last = calloc(f->n_states, sizeof(*last));
	if (first == NULL || last == NULL) {
		e = no_memory(k);
	}
	if (e == RME_OK && n == before) { /* else the groups are not final yet: right as it is, only larger */
		memcpy(last, f->last, f->n_states * sizeof(*last));
		merge_groups(f, group, first, last);
		f->n_states = n;
	}
	free(first);
	free(last);
	free(group);
	free(order);
	return e;
}

enum rme_err
rmi_fsg_read(struct rmi_fsg *out, const char *text, struct rme_error *err)
{
	struct rmi_fsg_graph g;
	*out = (struct rmi_fsg){0};
	struct maker k = {.out = out, .g = &g, .err = err};
	enum rme_err e = rmi_fsg_parse(&g, text, err);
	e = e == RME_OK ? take_out_empty(&k) : e;
	e = e == RME_OK ? merge(&k) : e;
	free(k.first);
	free((void *)k.by_state);
	free(k.kept);
	free(k.source);
	free(k.reach);
	free(k.queue);
	memcpy(out->name, g.name, sizeof(out->name));
	out->words = g.words;
	out->n_words = g.n_words;
	g.words = NULL;
	g.n_words = 0;
	rmi_fsg_graph_done(&g);
	return e;
}

void
rmi_fsg_done(struct rmi_fsg *f)
{
	for (uint32_t i = 0; i < f->n_words; i++) {
		free(f->words[i]);
	}
	free((void *)f->words);
	free(f->arcs);
	free(f->last);
	*f = (struct rmi_fsg){0};
}
