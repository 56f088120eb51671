#include "report/record.h"

#include <math.h>
#include <stdlib.h>
#include <yyjson.h>

#include <rme/route.h>

#include "report/run.h"

/* A document that is being made, for one line. */
struct line {
	yyjson_mut_doc *doc;
	yyjson_mut_val *root;
};

static bool
line_begin(struct line *l)
{
	l->doc = yyjson_mut_doc_new(NULL);
	l->root = l->doc != NULL ? yyjson_mut_obj(l->doc) : NULL;
	if (l->root != NULL) {
		yyjson_mut_doc_set_root(l->doc, l->root);
	}
	return l->root != NULL;
}

static enum rme_err
line_end(struct line *l, FILE *out)
{
	size_t len;
	yyjson_write_err err;
	/* Texts come from modules and services: what is no UTF-8 is escaped, not refused. */
	char *text = yyjson_mut_write_opts(l->doc, YYJSON_WRITE_ALLOW_INVALID_UNICODE, NULL, &len, &err);
	yyjson_mut_doc_free(l->doc);
	if (text == NULL) {
		return RME_ENOMEM;
	}
	bool ok = fwrite(text, 1, len, out) == len && fputc('\n', out) != EOF;
	free(text);
	return ok ? RME_OK : RME_EIO;
}

/* In microseconds of precision; what is not known is left out. */
static void
add_number(struct line *l, yyjson_mut_val *obj, const char *key, double value)
{
	if (isfinite(value)) {
		(void)yyjson_mut_obj_add_real(l->doc, obj, key, round(value * 1000) / 1000);
	}
}

static void
add_text(struct line *l, yyjson_mut_val *obj, const char *key, const char *text)
{
	if (text != NULL) {
		(void)yyjson_mut_obj_add_str(l->doc, obj, key, text);
	}
}

static void
add_count(struct line *l, yyjson_mut_val *obj, const char *key, uint64_t n)
{
	if (n != 0) {
		(void)yyjson_mut_obj_add_uint(l->doc, obj, key, n);
	}
}

static void
add_side(struct line *l, yyjson_mut_val *obj, const char *key, enum rme_side side)
{
	if (side != RME_SIDE_NONE) {
		(void)yyjson_mut_obj_add_str(l->doc, obj, key, rme_side_name(side));
	}
}

static void
add_route(struct line *l, yyjson_mut_val *stage, const struct rmi_run_stage *s)
{
	yyjson_mut_val *r = yyjson_mut_obj_add_obj(l->doc, stage, "route");
	add_text(l, r, "mode", s->mode);
	add_text(l, r, "reason", s->reason);
	add_side(l, r, "first", s->first);
	if (s->fell_back) {
		(void)yyjson_mut_obj_add_bool(l->doc, r, "fell_back", true);
	}
	add_text(l, r, "cause", s->cause);
	add_text(l, r, "text", s->text);
}

static void
add_stages(struct line *l, const struct rmi_run_item *it)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(l->doc, l->root, "stages");
	for (size_t i = 0; i < it->n_stages; i++) {
		const struct rmi_run_stage *s = &it->stage[i];
		yyjson_mut_val *o = yyjson_mut_arr_add_obj(l->doc, list);
		add_text(l, o, "node", s->node);
		add_side(l, o, "side", s->side);
		add_number(l, o, "enter_ms", s->enter_ms);
		add_number(l, o, "leave_ms", s->leave_ms);
		add_number(l, o, "busy_ms", s->busy_ms);
		if (s->remote_ms > 0) {
			add_number(l, o, "remote_ms", s->remote_ms);
		}
		add_count(l, o, "up", s->up);
		add_count(l, o, "down", s->down);
		add_count(l, o, "packets", s->packets);
		if (s->mode != NULL) {
			add_route(l, o, s);
		}
	}
}

static void
add_says(struct line *l, const struct rmi_run_item *it)
{
	if (it->n_says == 0) {
		return;
	}
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(l->doc, l->root, "says");
	for (size_t i = 0; i < it->n_says; i++) {
		const struct rmi_run_say *s = &it->say[i];
		yyjson_mut_val *o = yyjson_mut_arr_add_obj(l->doc, list);
		add_text(l, o, "node", s->node);
		add_side(l, o, "side", s->side);
		add_number(l, o, "pts_s", s->pts_s);
		add_number(l, o, "duration_s", s->duration_s);
		add_number(l, o, "confidence", s->confidence);
		add_text(l, o, "text", s->text);
	}
}

/* Side and reason of the first router on the way, for those who read lines and not stages. */
static void
add_first_route(struct line *l, const struct rmi_run_item *it)
{
	for (size_t i = 0; i < it->n_stages; i++) {
		if (it->stage[i].mode != NULL) {
			add_side(l, l->root, "side", it->stage[i].side);
			add_text(l, l->root, "reason", it->stage[i].text);
			return;
		}
	}
}

static void
add_error(struct line *l, const struct rmi_run_item *it)
{
	(void)yyjson_mut_obj_add_bool(l->doc, l->root, "ok", it->error == NULL);
	if (it->error == NULL) {
		return;
	}
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(l->doc, l->root, "error");
	add_text(l, o, "code", it->error);
	add_text(l, o, "where", it->where);
	add_text(l, o, "text", it->text);
}

enum rme_err
rmi_record_write_head(FILE *out, const struct rmi_run *run)
{
	struct line l;
	if (!line_begin(&l)) {
		yyjson_mut_doc_free(l.doc);
		return RME_ENOMEM;
	}
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(l.doc, l.root, "run");
	add_text(&l, o, "name", run->name);
	add_text(&l, o, "pipeline", run->pipeline);
	add_text(&l, o, "input", run->input);
	return line_end(&l, out);
}

enum rme_err
rmi_record_write_item(FILE *out, const struct rmi_run_item *it)
{
	struct line l;
	if (!line_begin(&l)) {
		yyjson_mut_doc_free(l.doc);
		return RME_ENOMEM;
	}
	(void)yyjson_mut_obj_add_uint(l.doc, l.root, "item", it->seq);
	add_error(&l, it);
	add_first_route(&l, it);
	add_number(&l, l.root, "pts_s", it->pts_s);
	add_number(&l, l.root, "duration_s", it->duration_s);
	add_number(&l, l.root, "submit_ms", it->submit_ms);
	add_number(&l, l.root, "start_ms", it->start_ms);
	add_number(&l, l.root, "end_ms", it->end_ms);
	if (it->speech != RMI_SPEECH_UNKNOWN) {
		(void)yyjson_mut_obj_add_bool(l.doc, l.root, "speech", it->speech == RMI_SPEECH_YES);
	}
	if (it->last) {
		(void)yyjson_mut_obj_add_bool(l.doc, l.root, "last", true);
	}
	add_count(&l, l.root, "results", it->results);
	add_count(&l, l.root, "result_bytes", it->result_bytes);
	add_stages(&l, it);
	add_says(&l, it);
	return line_end(&l, out);
}

static void
add_wave(struct line *l, yyjson_mut_val *end, const struct rmi_wave *w)
{
	if (w->n == 0) {
		return;
	}
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(l->doc, end, "wave");
	add_count(l, o, "rate_hz", w->rate_hz);
	add_count(l, o, "per", w->per);
	add_count(l, o, "in_pair", w->in_pair);
	yyjson_mut_val *pairs = yyjson_mut_obj_add_arr(l->doc, o, "pairs");
	for (size_t i = 0; i < w->n; i++) {
		(void)yyjson_mut_arr_add_int(l->doc, pairs, w->lo[i]);
		(void)yyjson_mut_arr_add_int(l->doc, pairs, w->hi[i]);
	}
}

enum rme_err
rmi_record_write_end(FILE *out, const struct rmi_run *run)
{
	struct line l;
	if (!line_begin(&l)) {
		yyjson_mut_doc_free(l.doc);
		return RME_ENOMEM;
	}
	yyjson_mut_val *o = yyjson_mut_obj_add_obj(l.doc, l.root, "end");
	(void)yyjson_mut_obj_add_uint(l.doc, o, "submitted", run->submitted);
	(void)yyjson_mut_obj_add_uint(l.doc, o, "verdicts", run->verdicts);
	add_number(&l, o, "wall_ms", run->wall_ms);
	add_wave(&l, o, &run->wave);
	return line_end(&l, out);
}
