#include "nodes/asr_graph.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "modules/audio/simple_asr/asr_format.h"

enum {
	PHONES_MAX = 48,    /* of a word */
	SPOKEN_MAX = 16000, /* pronunciations of all words */
	NO_POINT = -1,
	POINTS_AT_FIRST = 256,
};

/* As the native recognizer has them: how much the grammar counts against the sound, and what words and pauses cost. */
static const double grammar_weight = 6.5;
static const double word_probability = 0.65;
static const double silence_probability = 0.005;

/* One way to say a word. */
struct spoken {
	uint32_t word;
	uint32_t n;
	uint8_t phones[PHONES_MAX];
};

struct maker {
	struct rmi_asr_graph *g;
	const struct rmi_cmu_model *model;
	const struct rmi_fsg *fsg;
	struct spoken *spoken; /* sorted by word */
	size_t n_spoken;
	uint32_t *first_spoken; /* [word + 1] */
	bool *left, *right;     /* [state][phone]: may come before, after it */
	int32_t *points;        /* [state][left][right] */
	struct rme_error *err;
};

static enum rme_err
no_memory(const struct maker *k)
{
	return rme_error_set(k->err, RME_ENOMEM, "grammar", "no memory");
}

/* Room for one more; *array has n of cap elements of the given size. */
static enum rme_err
grow(const struct maker *k, void **array, size_t *cap, size_t n, size_t size)
{
	if (n < *cap) {
		return RME_OK;
	}
	if (n >= ASR_ARCS_MAX) {
		return rme_error_set(k->err, RME_ELIMIT, "grammar", "it stands for too much");
	}
	size_t more = *cap == 0 ? 256 : 2 * *cap;
	void *grown = realloc(*array, more * size);
	if (grown == NULL) {
		return no_memory(k);
	}
	*array = grown;
	*cap = more;
	return RME_OK;
}

static enum rme_err
add_node(struct maker *k, const struct rmi_cmu_triphone *phone, uint32_t word, uint32_t *out)
{
	struct rmi_asr_graph *g = k->g;
	enum rme_err e = grow(k, (void **)&g->nodes, &g->cap_nodes, g->n_nodes, sizeof(*g->nodes));
	if (e == RME_OK) {
		g->nodes[g->n_nodes] = (struct rmi_asr_graph_node){phone, word};
		*out = (uint32_t)g->n_nodes++;
	}
	return e;
}

static enum rme_err
add_link(struct maker *k, uint32_t from, uint32_t to, double weight)
{
	struct rmi_asr_graph *g = k->g;
	enum rme_err e = grow(k, (void **)&g->links, &g->cap_links, g->n_links, sizeof(*g->links));
	if (e == RME_OK) {
		g->links[g->n_links++] = (struct rmi_asr_graph_link){from, to, (float)weight};
	}
	return e;
}

/* Where a word that ends with one phone meets, in a state of the grammar, one that begins with another. */
static enum rme_err
point(struct maker *k, uint32_t state, uint32_t left, uint32_t right, uint32_t *out)
{
	struct rmi_asr_graph *g = k->g;
	int32_t *at = &k->points[((size_t)state * k->model->n_base + left) * k->model->n_base + right];
	if (*at == NO_POINT) {
		enum rme_err e = grow(k, (void **)&g->last, &g->cap_points, g->n_points, sizeof(*g->last));
		if (e != RME_OK) {
			return e;
		}
		double last = right == k->model->silence ? grammar_weight * k->fsg->last[state] : -INFINITY;
		g->last[g->n_points] = last > -1e4 ? (float)last : ASR_LOG_ZERO;
		*at = (int32_t)g->n_points++;
	}
	*out = (uint32_t)*at | RMI_ASR_POINT;
	return RME_OK;
}

/* To a node that a word, or silence, begins with. */
static enum rme_err
enter(struct maker *k, uint32_t state, uint32_t left, uint32_t node, double weight)
{
	uint32_t from = 0;
	enum rme_err e = point(k, state, left, k->g->nodes[node].phone->base, &from);
	e = e == RME_OK ? add_link(k, from, node, weight) : e;
	if (e == RME_OK && state == 0 && left == k->model->silence) {
		e = add_link(k, RMI_ASR_POINT, node, weight); /* a sentence begins after silence */
	}
	return e;
}

static enum rme_err
leave(struct maker *k, uint32_t node, uint32_t state, uint32_t right)
{
	uint32_t to = 0;
	enum rme_err e = point(k, state, k->g->nodes[node].phone->base, right, &to);
	return e == RME_OK ? add_link(k, node, to, 0.0) : e;
}

/* A node among the last @p n made that is the same phone with the same senones; makes one where there is none. */
static enum rme_err
node_like(struct maker *k, const struct rmi_cmu_triphone *t, uint32_t word, size_t since, uint32_t *out)
{
	for (size_t i = since; i < k->g->n_nodes; i++) {
		const struct rmi_cmu_triphone *have = k->g->nodes[i].phone;
		if (have->sequence == t->sequence && have->tmat == t->tmat) {
			*out = (uint32_t)i;
			return RME_OK;
		}
	}
	return add_node(k, t, word, out);
}

/* A word of one phone: its neighbors on both sides shape it. */
static enum rme_err
add_single(struct maker *k, const struct rmi_fsg_arc *arc, const struct spoken *s, double weight)
{
	uint32_t n_base = k->model->n_base;
	enum rme_err e = RME_OK;
	for (uint32_t l = 0; l < n_base; l++) {
		if (!k->left[(size_t)arc->from * n_base + l]) {
			continue;
		}
		size_t since = k->g->n_nodes;
		for (uint32_t r = 0; e == RME_OK && r < n_base; r++) {
			if (!k->right[(size_t)arc->to * n_base + r]) {
				continue;
			}
			size_t before = k->g->n_nodes;
			uint32_t node = 0;
			e = node_like(k, rmi_cmu_triphone(k->model, RMI_CMU_SINGLE, s->phones[0], l, r), s->word + 1,
			    since, &node);
			if (e == RME_OK && k->g->n_nodes > before) {
				e = enter(k, arc->from, l, node, weight);
			}
			e = e == RME_OK ? leave(k, node, arc->to, r) : e;
		}
	}
	return e;
}

/* First phones, one for each different way to begin; nodes since @p first. */
static enum rme_err
add_first(struct maker *k, const struct rmi_fsg_arc *arc, const struct spoken *s, double weight)
{
	size_t since = k->g->n_nodes;
	enum rme_err e = RME_OK;
	for (uint32_t l = 0; e == RME_OK && l < k->model->n_base; l++) {
		if (k->left[(size_t)arc->from * k->model->n_base + l]) {
			uint32_t node = 0;
			e = node_like(k, rmi_cmu_triphone(k->model, RMI_CMU_BEGIN, s->phones[0], l, s->phones[1]),
			    RMI_ASR_NO_WORD, since, &node);
			e = e == RME_OK ? enter(k, arc->from, l, node, weight) : e;
		}
	}
	return e;
}

static enum rme_err
add_last(struct maker *k, const struct rmi_fsg_arc *arc, const struct spoken *s)
{
	size_t since = k->g->n_nodes;
	enum rme_err e = RME_OK;
	for (uint32_t r = 0; e == RME_OK && r < k->model->n_base; r++) {
		if (k->right[(size_t)arc->to * k->model->n_base + r]) {
			uint32_t node = 0;
			e = node_like(k,
			    rmi_cmu_triphone(k->model, RMI_CMU_END, s->phones[s->n - 1], s->phones[s->n - 2], r),
			    s->word + 1, since, &node);
			e = e == RME_OK ? leave(k, node, arc->to, r) : e;
		}
	}
	return e;
}

/* All of one group of nodes to all of the next. */
static enum rme_err
join(struct maker *k, const size_t a[2], const size_t b[2])
{
	enum rme_err e = RME_OK;
	for (size_t i = a[0]; i < a[1]; i++) {
		for (size_t j = b[0]; e == RME_OK && j < b[1]; j++) {
			e = add_link(k, (uint32_t)i, (uint32_t)j, 0.0);
		}
	}
	return e;
}

static enum rme_err
add_spoken(struct maker *k, const struct rmi_fsg_arc *arc, const struct spoken *s)
{
	double weight = grammar_weight * arc->weight + log(word_probability);
	if (s->n == 1) {
		return add_single(k, arc, s, weight);
	}
	size_t group[2][2] = {{k->g->n_nodes, 0}, {0, 0}};
	enum rme_err e = add_first(k, arc, s, weight);
	group[0][1] = k->g->n_nodes;
	for (uint32_t i = 1; e == RME_OK && i < s->n; i++) {
		size_t *now = group[i % 2];
		now[0] = k->g->n_nodes;
		if (i + 1 < s->n) {
			uint32_t node = 0;
			e = add_node(k,
			    rmi_cmu_triphone(
			        k->model, RMI_CMU_INTERNAL, s->phones[i], s->phones[i - 1], s->phones[i + 1]),
			    RMI_ASR_NO_WORD, &node);
		} else {
			e = add_last(k, arc, s);
		}
		now[1] = k->g->n_nodes;
		e = e == RME_OK ? join(k, group[(i + 1) % 2], now) : e;
	}
	return e;
}

/* A pause in each state. */
static enum rme_err
add_silence(struct maker *k, uint32_t state)
{
	uint32_t n_base = k->model->n_base, silence = k->model->silence, node = 0;
	enum rme_err e = add_node(k, &k->model->triphones[silence], 0, &node);
	for (uint32_t p = 0; e == RME_OK && p < n_base; p++) {
		if (k->left[(size_t)state * n_base + p]) {
			e = enter(k, state, p, node, grammar_weight * log(silence_probability));
		}
		if (e == RME_OK && k->right[(size_t)state * n_base + p]) {
			e = leave(k, node, state, p);
		}
	}
	return e;
}

static enum rme_err
take_phones(struct maker *k, const char *text, size_t len, struct spoken *out)
{
	const char *end = text + len;
	while (text < end) {
		size_t n = strcspn(text, " \t\r\n");
		n = n < (size_t)(end - text) ? n : (size_t)(end - text);
		uint32_t phone = rmi_cmu_phone(k->model, text, n);
		if (phone == k->model->n_base || out->n == PHONES_MAX) {
			return rme_error_set(k->err, RME_EFORMAT, "dictionary",
			    "\"%.40s\": the model has no phone \"%.*s\"", k->fsg->words[out->word],
			    (int)(n < 20 ? n : 20), text);
		}
		out->phones[out->n++] = (uint8_t)phone;
		text += n;
		while (text < end && (*text == ' ' || *text == '\t')) {
			text++;
		}
	}
	return RME_OK;
}

static enum rme_err
look_up(struct maker *k, const struct rmi_cmu_dictionary *dictionary)
{
	for (uint32_t w = 0; w < k->fsg->n_words; w++) {
		uint32_t step = 0;
		size_t len = 0;
		k->first_spoken[w] = (uint32_t)k->n_spoken;
		for (const char *p; (p = rmi_cmu_pronunciation(dictionary, k->fsg->words[w], &len, &step)) != NULL;) {
			if (k->n_spoken == SPOKEN_MAX) {
				return rme_error_set(k->err, RME_ELIMIT, "grammar", "it has too many words");
			}
			struct spoken *s = &k->spoken[k->n_spoken];
			*s = (struct spoken){.word = w};
			enum rme_err e = take_phones(k, p, len, s);
			if (e != RME_OK) {
				return e;
			}
			k->n_spoken += s->n > 0;
		}
		if (k->n_spoken == k->first_spoken[w]) {
			return rme_error_set(k->err, RME_ECONFIG, "grammar",
			    "the word \"%.60s\" is not in the dictionary (words are lower case)", k->fsg->words[w]);
		}
	}
	k->first_spoken[k->fsg->n_words] = (uint32_t)k->n_spoken;
	return RME_OK;
}

/* Which phones words in and out of each state end and begin with; silence always may. */
static void
find_contexts(struct maker *k)
{
	uint32_t n_base = k->model->n_base;
	for (uint32_t s = 0; s < k->fsg->n_states; s++) {
		k->left[(size_t)s * n_base + k->model->silence] = true;
		k->right[(size_t)s * n_base + k->model->silence] = true;
	}
	for (uint32_t i = 0; i < k->fsg->n_arcs; i++) {
		const struct rmi_fsg_arc *a = &k->fsg->arcs[i];
		for (uint32_t p = k->first_spoken[a->word]; p < k->first_spoken[a->word + 1]; p++) {
			const struct spoken *s = &k->spoken[p];
			k->right[(size_t)a->from * n_base + s->phones[0]] = true;
			k->left[(size_t)a->to * n_base + s->phones[s->n - 1]] = true;
		}
	}
}

static enum rme_err
take_room(struct maker *k)
{
	size_t contexts = (size_t)k->fsg->n_states * k->model->n_base;
	k->spoken = calloc(SPOKEN_MAX, sizeof(*k->spoken));
	k->first_spoken = calloc(k->fsg->n_words + 1, sizeof(*k->first_spoken));
	k->left = calloc(contexts, sizeof(*k->left));
	k->right = calloc(contexts, sizeof(*k->right));
	k->points = malloc(contexts * k->model->n_base * sizeof(*k->points));
	k->g->last = malloc(POINTS_AT_FIRST * sizeof(*k->g->last));
	if (k->spoken == NULL || k->first_spoken == NULL || k->left == NULL || k->right == NULL || k->points == NULL ||
	    k->g->last == NULL) {
		return no_memory(k);
	}
	memset(k->points, 0xff, contexts * k->model->n_base * sizeof(*k->points));
	k->g->cap_points = POINTS_AT_FIRST;
	k->g->last[k->g->n_points++] = ASR_LOG_ZERO; /* the beginning */
	return RME_OK;
}

static enum rme_err
make_all(struct maker *k, const struct rmi_cmu_dictionary *dictionary)
{
	enum rme_err e = take_room(k);
	e = e == RME_OK ? look_up(k, dictionary) : e;
	if (e == RME_OK) {
		find_contexts(k);
	}
	for (uint32_t s = 0; e == RME_OK && s < k->fsg->n_states; s++) {
		e = add_silence(k, s);
	}
	for (uint32_t i = 0; e == RME_OK && i < k->fsg->n_arcs; i++) {
		const struct rmi_fsg_arc *a = &k->fsg->arcs[i];
		for (uint32_t p = k->first_spoken[a->word]; e == RME_OK && p < k->first_spoken[a->word + 1]; p++) {
			e = add_spoken(k, a, &k->spoken[p]);
		}
	}
	return e;
}

enum rme_err
rmi_asr_graph_make(struct rmi_asr_graph *out, const struct rmi_cmu_model *model,
    const struct rmi_cmu_dictionary *dictionary, const struct rmi_fsg *fsg, struct rme_error *err)
{
	*out = (struct rmi_asr_graph){0};
	struct maker k = {.g = out, .model = model, .fsg = fsg, .err = err};
	if (fsg->n_states > RMI_ASR_STATES_MAX) {
		return rme_error_set(err, RME_ELIMIT, "grammar", "%u places where words meet: at most %d",
		    fsg->n_states, RMI_ASR_STATES_MAX);
	}
	enum rme_err e = make_all(&k, dictionary);
	if (e == RME_OK && (out->n_nodes > ASR_NODES_MAX || out->n_points > ASR_POINTS_MAX)) {
		e = rme_error_set(err, RME_ELIMIT, "grammar", "it stands for too much");
	}
	free(k.spoken);
	free(k.first_spoken);
	free(k.left);
	free(k.right);
	free(k.points);
	return e;
}

void
rmi_asr_graph_done(struct rmi_asr_graph *g)
{
	free(g->nodes);
	free(g->last);
	free(g->links);
	*g = (struct rmi_asr_graph){0};
}
