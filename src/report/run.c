#include "report/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include <rme/verdict.h>

enum { FIRST_CAP = 64 };

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv). */
static size_t
hash_of(const char *text, size_t len)
{
	uint64_t h = 0xcbf29ce484222325U;
	for (size_t i = 0; i < len; i++) {
		h = (h ^ (uint8_t)text[i]) * 0x100000001b3U;
	}
	return (size_t)h;
}

static const char **
slot_of(const char **set, size_t cap, const char *text, size_t len)
{
	size_t i = hash_of(text, len) & (cap - 1);
	while (set[i] != NULL && (strncmp(set[i], text, len) != 0 || set[i][len] != '\0')) {
		i = (i + 1) & (cap - 1);
	}
	return &set[i];
}

static bool
intern_grow(struct rmi_run *run)
{
	if (run->n_interned * 2 < run->cap_interned) {
		return true;
	}
	size_t cap = run->cap_interned == 0 ? FIRST_CAP : run->cap_interned * 2;
	const char **set = calloc(cap, sizeof(*set));
	if (set == NULL) {
		return false;
	}
	for (size_t i = 0; i < run->cap_interned; i++) {
		if (run->interned[i] != NULL) {
			*slot_of(set, cap, run->interned[i], strlen(run->interned[i])) = run->interned[i];
		}
	}
	free(run->interned);
	run->interned = set;
	run->cap_interned = cap;
	return true;
}

/* Not in the middle of a UTF-8 sequence. */
static size_t
cut_at(const char *text, size_t len, size_t max)
{
	if (len <= max) {
		return len;
	}
	while (max > 0 && ((uint8_t)text[max] & 0xc0) == 0x80) {
		max--;
	}
	return max;
}

const char *
rmi_run_intern(struct rmi_run *run, const char *text, size_t len)
{
	if (text == NULL || !intern_grow(run)) {
		run->cut |= text != NULL;
		return NULL;
	}
	const char *nul = memchr(text, '\0', len);
	len = cut_at(text, nul != NULL ? (size_t)(nul - text) : len, RMI_RUN_TEXT_MAX);
	const char **slot = slot_of(run->interned, run->cap_interned, text, len);
	if (*slot == NULL) {
		*slot = rmi_arena_strndup(&run->arena, text, len);
		run->n_interned += *slot != NULL ? 1 : 0;
		run->cut |= *slot == NULL;
	}
	return *slot;
}

static const char *
intern(struct rmi_run *run, const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : rmi_run_intern(run, text, strlen(text));
}

enum rme_err
rmi_run_new(struct rmi_run **out, const struct rmi_run_head *head)
{
	struct rmi_run *run = calloc(1, sizeof(*run));
	if (run == NULL) {
		return RME_ENOMEM;
	}
	(void)pthread_mutex_init(&run->mu, NULL);
	run->arena.limit_bytes = RMI_RUN_MEMORY_MAX;
	run->began_ns = head->began_ns;
	run->name = intern(run, head->name);
	run->pipeline = intern(run, head->pipeline);
	run->input = intern(run, head->input);
	if (run->cut) {
		rmi_run_free(run);
		return RME_ENOMEM;
	}
	*out = run;
	return RME_OK;
}

void
rmi_run_free(struct rmi_run *run)
{
	if (run == NULL) {
		return;
	}
	(void)pthread_mutex_destroy(&run->mu);
	rmi_arena_done(&run->arena);
	free(run->interned);
	free(run->item);
	free(run->pending);
	free(run);
}

/* Grow an array to hold one more. */
static bool
room(void **array, size_t *cap, size_t n, size_t size)
{
	if (n < *cap) {
		return true;
	}
	size_t more = *cap == 0 ? FIRST_CAP : *cap * 2;
	void *grown = realloc(*array, more * size);
	if (grown == NULL) {
		return false;
	}
	*array = grown;
	*cap = more;
	return true;
}

struct rmi_run_item *
rmi_run_add_item(struct rmi_run *run)
{
	void *items = run->item;
	if (run->n_items >= RMI_RUN_ITEMS_MAX || !room(&items, &run->cap_items, run->n_items, sizeof(*run->item))) {
		run->cut = true;
		return NULL;
	}
	run->item = items;
	struct rmi_run_item *it = &run->item[run->n_items++];
	*it = (struct rmi_run_item){.pts_s = NAN, .duration_s = NAN};
	return it;
}

void
rmi_run_submitted(struct rmi_run *run, const struct rme_packet *pkt)
{
	(void)pthread_mutex_lock(&run->mu);
	run->submitted++;
	if (pkt != NULL) {
		size_t len;
		const uint8_t *data = rme_packet_data(pkt, &len);
		rmi_wave_add(&run->wave, &rme_packet_meta(pkt)->format, data, len);
	}
	(void)pthread_mutex_unlock(&run->mu);
}

static double
seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* What a detector says: {"speech": true} or {"is_speech": true}. */
static enum rmi_run_speech
speech_in(yyjson_val *root)
{
	yyjson_val *v = yyjson_obj_get(root, "speech");
	if (!yyjson_is_bool(v)) {
		v = yyjson_obj_get(root, "is_speech");
	}
	if (!yyjson_is_bool(v)) {
		return RMI_SPEECH_UNKNOWN;
	}
	return yyjson_get_bool(v) ? RMI_SPEECH_YES : RMI_SPEECH_NO;
}

/* A text that a JSON result carries: {"text": "..."}; NULL = none. */
static const char *
text_in(struct rmi_run *run, yyjson_val *root)
{
	yyjson_val *v = yyjson_obj_get(root, "text");
	return yyjson_is_str(v) ? rmi_run_intern(run, yyjson_get_str(v), yyjson_get_len(v)) : NULL;
}

static void
look_into(struct rmi_run *run, struct rmi_run_pending *p, const struct rme_packet *pkt, bool annotation)
{
	size_t len;
	const char *data = (const char *)rme_packet_data(pkt, &len);
	enum rme_media media = rme_packet_meta(pkt)->format.media;
	if (media == RME_MEDIA_TEXT && !annotation && len > 0) {
		p->say.text = rmi_run_intern(run, data, len);
	} else if (media == RME_MEDIA_JSON) {
		yyjson_doc *doc = yyjson_read(data, len, 0);
		yyjson_val *root = yyjson_doc_get_root(doc);
		if (p->speech == RMI_SPEECH_UNKNOWN) {
			p->speech = speech_in(root);
		}
		if (!annotation) {
			p->say.text = text_in(run, root);
		}
		yyjson_doc_free(doc);
	}
}

static void
keep_pending(struct rmi_run *run, const struct rmi_run_pending *p)
{
	void *list = run->pending;
	if (run->n_pending >= RMI_RUN_SAYS_MAX ||
	    !room(&list, &run->cap_pending, run->n_pending, sizeof(*run->pending))) {
		run->cut = true;
		return;
	}
	run->pending = list;
	run->pending[run->n_pending++] = *p;
}

void
rmi_run_tap(struct rmi_run *run, const char *node, struct rme_packet *pkt)
{
	const struct rme_packet_meta *m = rme_packet_meta(pkt);
	struct rme_packet *note = rme_packet_annotation(pkt);
	bool telling = m->format.media == RME_MEDIA_TEXT || m->format.media == RME_MEDIA_JSON || note != NULL;
	if (m->kind != RME_PACKET_DATA || !telling) {
		return;
	}
	(void)pthread_mutex_lock(&run->mu);
	struct rmi_run_pending p = {.seq = m->seq,
	    .say = {.node = intern(run, node),
	        .pts_s = m->pts_ns < 0 ? NAN : seconds(m->pts_ns),
	        .duration_s = m->duration_ns <= 0 ? NAN : seconds(m->duration_ns),
	        .confidence = (double)m->confidence,
	        .side = m->side}};
	look_into(run, &p, pkt, false);
	if (note != NULL) {
		look_into(run, &p, note, true);
	}
	if (p.say.text != NULL || p.speech != RMI_SPEECH_UNKNOWN) {
		keep_pending(run, &p);
	}
	(void)pthread_mutex_unlock(&run->mu);
}

void
rmi_run_result(struct rmi_run *run, const struct rme_packet *pkt)
{
	size_t len;
	(void)rme_packet_data(pkt, &len);
	(void)pthread_mutex_lock(&run->mu);
	run->results++;
	run->result_bytes += len;
	(void)pthread_mutex_unlock(&run->mu);
}

static double
since(const struct rmi_run *run, int64_t ns)
{
	return ns == 0 ? NAN : (double)(ns - run->began_ns) / 1e6;
}

static void
copy_route(struct rmi_run *run, struct rmi_run_stage *s, const struct rme_route *r)
{
	char text[RME_ROUTE_TEXT_MAX];
	(void)rme_route_text(r, text);
	s->mode = intern(run, rme_route_mode_name(r->mode));
	s->reason = intern(run, rme_route_reason_name(r->reason));
	s->text = intern(run, text);
	s->first = r->first;
	s->fell_back = r->fell_back;
	s->cause = r->fell_back ? intern(run, rme_err_name(r->cause)) : NULL;
}

static void
copy_stages(struct rmi_run *run, struct rmi_run_item *it, const struct rme_verdict *v)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n_stages && n < RMI_RUN_STAGES_MAX; i++) {
		n += v->stage[i].enter_ns != 0 ? 1 : 0;
	}
	it->stage = n == 0 ? NULL : rmi_arena_calloc(&run->arena, n, sizeof(*it->stage));
	if (it->stage == NULL) {
		run->cut |= n != 0;
		return;
	}
	for (size_t i = 0; i < v->n_stages && it->n_stages < n; i++) {
		const struct rme_stage_report *r = &v->stage[i];
		if (r->enter_ns == 0) {
			continue;
		}
		struct rmi_run_stage *s = &it->stage[it->n_stages++];
		*s = (struct rmi_run_stage){.node = intern(run, r->node),
		    .side = r->side,
		    .enter_ms = since(run, r->enter_ns),
		    .leave_ms = since(run, r->leave_ns),
		    .busy_ms = (double)r->busy_ns / 1e6,
		    .remote_ms = (double)r->remote_ns / 1e6,
		    .up = r->bytes_up,
		    .down = r->bytes_down,
		    .packets = r->packets_out};
		if (r->route.mode != RME_ROUTE_NONE) {
			copy_route(run, s, &r->route);
		}
	}
}

/* What was said for the item goes into it. */
static void
take_one(struct rmi_run_item *it, const struct rmi_run_pending *p)
{
	if (it->speech == RMI_SPEECH_UNKNOWN) {
		it->speech = p->speech;
	}
	if (p->say.text != NULL && it->say != NULL) {
		it->say[it->n_says++] = p->say;
	}
}

/* Move what was said for the item out of the list; what items before it said without a verdict to come goes too. */
static void
take_pending(struct rmi_run *run, struct rmi_run_item *it)
{
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < run->n_pending; i++) {
		n += run->pending[i].seq == it->seq && run->pending[i].say.text != NULL ? 1 : 0;
	}
	it->say = n == 0 ? NULL : rmi_arena_calloc(&run->arena, n, sizeof(*it->say));
	run->cut |= n != 0 && it->say == NULL;
	for (size_t i = 0; i < run->n_pending; i++) {
		if (run->pending[i].seq > it->seq) {
			run->pending[kept++] = run->pending[i];
		} else if (run->pending[i].seq == it->seq) {
			take_one(it, &run->pending[i]);
		}
	}
	run->n_pending = kept;
}

static void
fill(struct rmi_run *run, struct rmi_run_item *it, const struct rme_packet *end)
{
	const struct rme_packet_meta *m = rme_packet_meta(end);
	const struct rme_verdict *v = rme_packet_verdict(end);
	it->seq = m->seq;
	it->pts_s = m->pts_ns < 0 ? NAN : seconds(m->pts_ns);
	it->duration_s = m->duration_ns <= 0 ? NAN : seconds(m->duration_ns);
	it->last = (m->flags & RME_PACKET_LAST) != 0;
	it->submit_ms = since(run, v->submit_ns);
	it->start_ms = since(run, v->start_ns);
	it->end_ms = since(run, v->end_ns);
	if (v->error.code != RME_OK) {
		it->error = intern(run, rme_err_name(v->error.code));
		it->where = intern(run, v->error.where);
		it->text = intern(run, v->error.text);
	}
	it->results = run->results;
	it->result_bytes = run->result_bytes;
	copy_stages(run, it, v);
	take_pending(run, it);
}

const struct rmi_run_item *
rmi_run_verdict(struct rmi_run *run, const struct rme_packet *end)
{
	(void)pthread_mutex_lock(&run->mu);
	run->verdicts++;
	struct rmi_run_item *it = rmi_run_add_item(run);
	if (it != NULL) {
		fill(run, it, end);
	}
	run->results = 0;
	run->result_bytes = 0;
	(void)pthread_mutex_unlock(&run->mu);
	return it;
}

double
rmi_run_stage_ms(const struct rmi_run_item *it, size_t stage)
{
	const struct rmi_run_stage *s = &it->stage[stage];
	double until = stage + 1 < it->n_stages ? it->stage[stage + 1].enter_ms : s->leave_ms;
	return until - s->enter_ms;
}

void
rmi_run_ended(struct rmi_run *run, int64_t now_ns)
{
	(void)pthread_mutex_lock(&run->mu);
	run->wall_ms = (double)(now_ns - run->began_ns) / 1e6;
	(void)pthread_mutex_unlock(&run->mu);
}

enum rme_err
rmi_run_rename(struct rmi_run *run, const char *name)
{
	(void)pthread_mutex_lock(&run->mu);
	const char *kept = intern(run, name);
	run->name = kept != NULL ? kept : run->name;
	(void)pthread_mutex_unlock(&run->mu);
	return kept != NULL || name[0] == '\0' ? RME_OK : RME_ENOMEM;
}

/* Texts of the head, and of items whose verdict is to come, survive in a new arena. */
void
rmi_run_forget(struct rmi_run *run)
{
	(void)pthread_mutex_lock(&run->mu);
	struct rmi_arena old = run->arena;
	run->arena = (struct rmi_arena){.limit_bytes = old.limit_bytes};
	memset(run->interned, 0, run->cap_interned * sizeof(*run->interned));
	run->n_interned = 0;
	run->n_items = 0;
	run->name = intern(run, run->name);
	run->pipeline = intern(run, run->pipeline);
	run->input = intern(run, run->input);
	for (size_t i = 0; i < run->n_pending; i++) {
		run->pending[i].say.node = intern(run, run->pending[i].say.node);
		run->pending[i].say.text = intern(run, run->pending[i].say.text);
	}
	rmi_arena_done(&old);
	(void)pthread_mutex_unlock(&run->mu);
}
