#include "asr_search.h"

#include <stddef.h>

/* In ln. What falls behind the best by more is given up; word ends are kept to less, since each costs a record. */
static const float beam = 110.0f;
static const float word_beam = 65.0f;
static const float hopeless = 0.5f * ASR_LOG_ZERO; /* below it: not reached at all */

static uint64_t
round16(uint64_t n)
{
	return (n + 15) & ~(uint64_t)15;
}

/* Sizes of the arrays, in the order in which they lie in the arena. */
static void
array_bytes(const struct asr_model *m, uint64_t bytes[9])
{
	const struct asr_header *h = m->header;
	bytes[0] = round16((uint64_t)h->n_nodes * h->n_states * sizeof(struct asr_token));
	bytes[1] = round16((uint64_t)h->n_nodes * sizeof(struct asr_token));
	bytes[2] = round16((uint64_t)h->n_points * sizeof(struct asr_point_token));
	bytes[3] = round16((uint64_t)ASR_RECORDS_MAX * sizeof(struct asr_record));
	bytes[4] = round16((uint64_t)ASR_RECORDS_MAX * sizeof(uint32_t));
	bytes[5] = round16((uint64_t)h->n_points * sizeof(uint32_t));
	bytes[6] = round16((uint64_t)h->n_phones * h->n_states * sizeof(float));
	bytes[7] = round16((uint64_t)ASR_FRAMES_MAX * sizeof(float));
	bytes[8] = round16(h->n_nodes);
}

uint64_t
asr_search_bytes(const struct asr_model *m)
{
	uint64_t bytes[9];
	uint64_t sum = 0;
	array_bytes(m, bytes);
	for (uint32_t i = 0; i < 9; i++) {
		sum += bytes[i];
	}
	return sum;
}

void
asr_search_init(struct asr_search *s, const struct asr_model *m, uint8_t *arena)
{
	uint64_t bytes[9];
	void *at[9];
	array_bytes(m, bytes);
	for (uint32_t i = 0; i < 9; i++) {
		at[i] = arena;
		arena += bytes[i];
	}
	*s = (struct asr_search){
	    .model = m,
	    .state = at[0],
	    .entry = at[1],
	    .point = at[2],
	    .records = at[3],
	    .moved = at[4],
	    .touched = at[5],
	    .loop = at[6],
	    .loop_best = at[7],
	    .alive = at[8],
	};
	asr_search_begin(s);
}

static const struct asr_token nothing = {ASR_LOG_ZERO, 0.0f, ASR_NONE};

static void
reach_node(struct asr_search *s, uint32_t node, struct asr_token t, float weight)
{
	t.score += weight;
	t.grammar += weight;
	if (t.score > s->entry[node].score) {
		s->entry[node] = t;
	}
}

static void
reach_point(struct asr_search *s, uint32_t point, struct asr_token t, uint32_t word)
{
	struct asr_point_token *p = &s->point[point];
	if (p->token.score <= ASR_LOG_ZERO) {
		s->touched[s->n_touched++] = point;
	} else if (!(t.score > p->token.score)) {
		return;
	}
	p->token = t;
	p->word = word;
}

static void
leave_point(struct asr_search *s, uint32_t point, struct asr_token t)
{
	const struct asr_model *m = s->model;
	uint32_t from = m->header->n_nodes + point;
	for (uint32_t a = m->points[point].first_arc; a < asr_model_arcs_end(m, from); a++) {
		reach_node(s, m->arcs[a].to, t, m->arcs[a].weight);
	}
}

static void
loop_begin(struct asr_search *s)
{
	const struct asr_header *h = s->model->header;
	for (uint32_t i = 0; i < h->n_phones * h->n_states; i++) {
		s->loop[i] = ASR_LOG_ZERO;
	}
	s->loop_base = 0.0f;
	s->loop_shift = 0.0;
}

void
asr_search_begin(struct asr_search *s)
{
	const struct asr_header *h = s->model->header;
	for (uint32_t i = 0; i < h->n_nodes; i++) {
		s->alive[i] = 0;
		s->entry[i] = nothing;
	}
	for (uint32_t i = 0; i < h->n_points; i++) {
		s->point[i].token = nothing;
	}
	s->n_touched = 0;
	s->n_records = 0;
	s->n_frames = 0;
	s->best = 0.0f;
	s->shift = 0.0;
	s->failed = 0;
	loop_begin(s);
	struct asr_token start = {0.0f, 0.0f, ASR_NONE};
	leave_point(s, h->start, start);
}

static inline struct asr_token
better(struct asr_token a, struct asr_token b, float weight)
{
	b.score += weight;
	return b.score > a.score ? b : a;
}

/* One frame of one node; returns the best score in it. */
static float
step_node(struct asr_search *s, uint32_t node, const float *senone, float base)
{
	const struct asr_model *m = s->model;
	uint32_t n = m->header->n_states;
	const struct asr_node *def = &m->nodes[node];
	const float *tp = m->transition + (size_t)def->tmat * n * 3;
	struct asr_token *x = s->state + (size_t)node * n;
	if (!s->alive[node]) {
		for (uint32_t j = 0; j < n; j++) {
			x[j] = nothing;
		}
		s->alive[node] = 1;
	}
	float best = ASR_LOG_ZERO;
	for (uint32_t j = n; j-- > 0;) {
		struct asr_token t = x[j];
		t.score += tp[3 * j];
		if (j == 0) {
			t = better(t, s->entry[node], 0.0f);
		}
		if (j > 0) {
			t = better(t, x[j - 1], tp[3 * (j - 1) + 1]);
		}
		if (j > 1) {
			t = better(t, x[j - 2], tp[3 * (j - 2) + 2]);
		}
		t.score += senone[def->senone[j]] - base;
		t.score = t.score > ASR_LOG_ZERO ? t.score : ASR_LOG_ZERO;
		x[j] = t;
		best = t.score > best ? t.score : best;
	}
	s->entry[node] = nothing;
	return best;
}

static void
leave_node(struct asr_search *s, uint32_t node)
{
	const struct asr_model *m = s->model;
	uint32_t n = m->header->n_states;
	const struct asr_node *def = &m->nodes[node];
	const float *tp = m->transition + (size_t)def->tmat * n * 3;
	const struct asr_token *x = s->state + (size_t)node * n;
	struct asr_token t = x[n - 1];
	t.score += tp[3 * (n - 1) + 1];
	if (n > 1) {
		t = better(t, x[n - 2], tp[3 * (n - 2) + 2]);
	}
	if (t.score < s->best - (def->word != ASR_NO_WORD ? word_beam : beam)) {
		return;
	}
	for (uint32_t a = def->first_arc; a < asr_model_arcs_end(m, node); a++) {
		if (m->arcs[a].to < m->header->n_nodes) {
			reach_node(s, m->arcs[a].to, t, m->arcs[a].weight);
		} else {
			struct asr_token moved = t;
			moved.score += m->arcs[a].weight;
			moved.grammar += m->arcs[a].weight;
			reach_point(s, m->arcs[a].to - m->header->n_nodes, moved, def->word);
		}
	}
}

/* Call @p visit for every token that still counts. */
static void
each_token(struct asr_search *s, void (*visit)(struct asr_search *, struct asr_token *))
{
	const struct asr_header *h = s->model->header;
	for (uint32_t i = 0; i < h->n_nodes; i++) {
		visit(s, &s->entry[i]);
		for (uint32_t j = 0; s->alive[i] && j < h->n_states; j++) {
			visit(s, &s->state[(size_t)i * h->n_states + j]);
		}
	}
	for (uint32_t i = 0; i < s->n_touched; i++) {
		visit(s, &s->point[s->touched[i]].token);
	}
}

static void
mark(struct asr_search *s, struct asr_token *t)
{
	for (uint32_t r = t->record; r != ASR_NONE && s->moved[r] == ASR_NONE; r = s->records[r].before) {
		s->moved[r] = 0;
	}
}

static void
move(struct asr_search *s, struct asr_token *t)
{
	t->record = t->record == ASR_NONE ? ASR_NONE : s->moved[t->record];
}

/* Forget the records that no token leads to. */
static void
clear_out(struct asr_search *s)
{
	for (uint32_t i = 0; i < s->n_records; i++) {
		s->moved[i] = ASR_NONE;
	}
	each_token(s, mark);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < s->n_records; i++) {
		if (s->moved[i] != ASR_NONE) {
			struct asr_record r = s->records[i];
			r.before = r.before == ASR_NONE ? ASR_NONE : s->moved[r.before];
			s->records[kept] = r;
			s->moved[i] = kept++;
		}
	}
	s->n_records = kept;
	each_token(s, move);
}

/* The token with the word that ended as its last one. */
static struct asr_token
remember(struct asr_search *s, const struct asr_point_token *p)
{
	struct asr_token t = p->token;
	if (p->word == ASR_NO_WORD) {
		return t;
	}
	s->records[s->n_records] = (struct asr_record){
	    .before = t.record,
	    .frame = s->n_frames,
	    .score = (float)(s->shift + (double)t.score),
	    .grammar = t.grammar,
	    .word = p->word,
	};
	t.record = s->n_records++;
	return t;
}

static void
leave_points(struct asr_search *s)
{
	if (s->n_records + s->n_touched > ASR_RECORDS_MAX) {
		clear_out(s);
	}
	if (s->n_records + s->n_touched > ASR_RECORDS_MAX) {
		s->failed = 1;
		return;
	}
	for (uint32_t i = 0; i < s->n_touched; i++) {
		struct asr_point_token *p = &s->point[s->touched[i]];
		p->token = remember(s, p);
		leave_point(s, s->touched[i], p->token);
	}
}

/* The best score of leaving any phone of the loop. */
static float
loop_leave(const struct asr_search *s)
{
	const struct asr_model *m = s->model;
	uint32_t n = m->header->n_states;
	float best = s->n_frames == 0 ? 0.0f : ASR_LOG_ZERO;
	for (uint32_t i = 0; i < m->header->n_phones; i++) {
		const float *tp = m->transition + (size_t)m->phones[i].tmat * n * 3;
		const float *x = s->loop + (size_t)i * n;
		float leave = x[n - 1] + tp[3 * (n - 1) + 1];
		best = leave > best ? leave : best;
		if (n > 1 && x[n - 2] + tp[3 * (n - 2) + 2] > best) {
			best = x[n - 2] + tp[3 * (n - 2) + 2];
		}
	}
	return best;
}

/* One frame of one phone of the loop; returns the best score in it. */
static float
loop_step(struct asr_search *s, uint32_t phone, float enter, const float *senone)
{
	const struct asr_model *m = s->model;
	uint32_t n = m->header->n_states;
	const float *tp = m->transition + (size_t)m->phones[phone].tmat * n * 3;
	float *x = s->loop + (size_t)phone * n;
	float best = ASR_LOG_ZERO;
	for (uint32_t j = n; j-- > 0;) {
		float v = x[j] + tp[3 * j];
		float from1 = j > 0 ? x[j - 1] + tp[3 * (j - 1) + 1] : enter;
		float from2 = j > 1 ? x[j - 2] + tp[3 * (j - 2) + 2] : ASR_LOG_ZERO;
		v = from1 > v ? from1 : v;
		v = from2 > v ? from2 : v;
		v += senone[m->phones[phone].senone[j]] - s->loop_base;
		x[j] = v > ASR_LOG_ZERO ? v : ASR_LOG_ZERO;
		best = x[j] > best ? x[j] : best;
	}
	return best;
}

/* Any phone after any other: the score of the best sequence up to this frame. */
static void
loop_frame(struct asr_search *s, const float *senone)
{
	const struct asr_header *h = s->model->header;
	float enter = loop_leave(s) + h->phone_penalty;
	float best = ASR_LOG_ZERO;
	for (uint32_t i = 0; i < h->n_phones; i++) {
		float b = loop_step(s, i, enter, senone);
		best = b > best ? b : best;
	}
	s->loop_shift += (double)s->loop_base;
	s->loop_base = best;
	s->loop_best[s->n_frames] = (float)(s->loop_shift + (double)best);
}

void
asr_search_frame(struct asr_search *s, const float *senone)
{
	const struct asr_header *h = s->model->header;
	float base = s->best;
	float best = hopeless;
	if (s->failed || s->n_frames == ASR_FRAMES_MAX) {
		s->failed = 1;
		return;
	}
	for (uint32_t i = 0; i < s->n_touched; i++) {
		s->point[s->touched[i]].token = nothing;
	}
	s->n_touched = 0;
	loop_frame(s, senone);
	for (uint32_t i = 0; i < h->n_nodes; i++) {
		if (s->alive[i] || s->entry[i].score > ASR_LOG_ZERO) {
			float b = step_node(s, i, senone, base);
			s->alive[i] = b > hopeless && b >= best - beam;
			best = b > best ? b : best;
		}
	}
	s->shift += (double)base;
	s->best = best > hopeless ? best : 0.0f;
	s->n_frames++;
	for (uint32_t i = 0; i < h->n_nodes; i++) {
		if (s->alive[i]) {
			leave_node(s, i);
		}
	}
	leave_points(s);
}

/* Words from the last record backwards, put into their order. */
static void
trace_back(const struct asr_search *s, uint32_t last, struct asr_result *out)
{
	uint32_t n = 0;
	for (uint32_t r = last; r != ASR_NONE; r = s->records[r].before) {
		n++;
	}
	out->n_words = n < ASR_RESULT_WORDS_MAX ? n : ASR_RESULT_WORDS_MAX;
	for (uint32_t r = last; r != ASR_NONE; r = s->records[r].before) {
		const struct asr_record *now = &s->records[r];
		const struct asr_record *was = now->before != ASR_NONE ? &s->records[now->before] : NULL;
		if (--n >= ASR_RESULT_WORDS_MAX) {
			continue;
		}
		struct asr_result_word *w = &out->words[n];
		w->word = now->word;
		w->start = was != NULL ? was->frame : 0;
		w->end = now->frame;
		w->filler = s->model->words[now->word].len == 0;
		float acoustic = (now->score - now->grammar) - (was != NULL ? was->score - was->grammar : 0.0f);
		float any = s->loop_best[w->end - 1] - (w->start > 0 ? s->loop_best[w->start - 1] : 0.0f);
		w->llr = (acoustic - any) / (float)(w->end - w->start);
	}
}

int
asr_search_end(struct asr_search *s, struct asr_result *out)
{
	float best = ASR_LOG_ZERO;
	uint32_t last = ASR_NONE;
	out->n_words = 0;
	out->n_frames = s->n_frames;
	out->complete = 0;
	if (s->failed) {
		return -1;
	}
	for (uint32_t i = 0; i < s->n_touched; i++) {
		const struct asr_token *t = &s->point[s->touched[i]].token;
		float score = t->score + s->model->points[s->touched[i]].last;
		if (s->model->points[s->touched[i]].last > ASR_LOG_ZERO && score > best) {
			best = score;
			last = t->record;
			out->complete = 1;
		}
	}
	trace_back(s, last, out);
	return 0;
}
