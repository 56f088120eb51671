#include "report/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "report/run.h"

static double
get_number(yyjson_val *obj, const char *key)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	return yyjson_is_num(v) ? yyjson_get_num(v) : NAN;
}

static uint64_t
get_count(yyjson_val *obj, const char *key)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	return yyjson_is_uint(v) ? yyjson_get_uint(v) : 0;
}

static bool
get_flag(yyjson_val *obj, const char *key)
{
	return yyjson_get_bool(yyjson_obj_get(obj, key));
}

static const char *
get_text(struct rmi_run *run, yyjson_val *obj, const char *key)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	return yyjson_is_str(v) ? rmi_run_intern(run, yyjson_get_str(v), yyjson_get_len(v)) : NULL;
}

static enum rme_side
get_side(yyjson_val *obj, const char *key)
{
	const char *s = yyjson_get_str(yyjson_obj_get(obj, key));
	if (s == NULL) {
		return RME_SIDE_NONE;
	}
	return strcmp(s, "edge") == 0 ? RME_SIDE_EDGE : strcmp(s, "cloud") == 0 ? RME_SIDE_CLOUD : RME_SIDE_NONE;
}

static double
get_zero(yyjson_val *obj, const char *key)
{
	double v = get_number(obj, key);
	return isfinite(v) ? v : 0;
}

static void
read_stage(struct rmi_run *run, struct rmi_run_stage *s, yyjson_val *o)
{
	yyjson_val *r = yyjson_obj_get(o, "route");
	*s = (struct rmi_run_stage){.node = get_text(run, o, "node"),
	    .side = get_side(o, "side"),
	    .enter_ms = get_number(o, "enter_ms"),
	    .leave_ms = get_number(o, "leave_ms"),
	    .busy_ms = get_zero(o, "busy_ms"),
	    .remote_ms = get_zero(o, "remote_ms"),
	    .up = get_count(o, "up"),
	    .down = get_count(o, "down"),
	    .packets = (uint32_t)get_count(o, "packets"),
	    .fell_back = get_flag(r, "fell_back"),
	    .first = get_side(r, "first"),
	    .mode = get_text(run, r, "mode"),
	    .reason = get_text(run, r, "reason"),
	    .cause = get_text(run, r, "cause"),
	    .text = get_text(run, r, "text")};
}

static void
read_stages(struct rmi_run *run, struct rmi_run_item *it, yyjson_val *list)
{
	size_t n = yyjson_arr_size(list);
	n = n < RMI_RUN_STAGES_MAX ? n : RMI_RUN_STAGES_MAX;
	it->stage = n == 0 ? NULL : rmi_arena_calloc(&run->arena, n, sizeof(*it->stage));
	if (it->stage == NULL) {
		run->cut |= n != 0;
		return;
	}
	yyjson_arr_iter at = yyjson_arr_iter_with(list);
	while (it->n_stages < n) {
		read_stage(run, &it->stage[it->n_stages++], yyjson_arr_iter_next(&at));
	}
}

static void
read_says(struct rmi_run *run, struct rmi_run_item *it, yyjson_val *list)
{
	size_t n = yyjson_arr_size(list);
	n = n < RMI_RUN_SAYS_MAX ? n : RMI_RUN_SAYS_MAX;
	it->say = n == 0 ? NULL : rmi_arena_calloc(&run->arena, n, sizeof(*it->say));
	if (it->say == NULL) {
		run->cut |= n != 0;
		return;
	}
	yyjson_arr_iter at = yyjson_arr_iter_with(list);
	for (size_t i = 0; i < n; i++) {
		yyjson_val *o = yyjson_arr_iter_next(&at);
		struct rmi_run_say say = {.node = get_text(run, o, "node"),
		    .text = get_text(run, o, "text"),
		    .pts_s = get_number(o, "pts_s"),
		    .duration_s = get_number(o, "duration_s"),
		    .confidence = get_number(o, "confidence"),
		    .side = get_side(o, "side")};
		if (say.text != NULL) {
			it->say[it->n_says++] = say;
		}
	}
}

static void
read_item(struct rmi_run *run, yyjson_val *root)
{
	struct rmi_run_item *it = rmi_run_add_item(run);
	if (it == NULL) {
		return;
	}
	yyjson_val *speech = yyjson_obj_get(root, "speech"), *error = yyjson_obj_get(root, "error");
	it->seq = get_count(root, "item");
	it->pts_s = get_number(root, "pts_s");
	it->duration_s = get_number(root, "duration_s");
	it->submit_ms = get_number(root, "submit_ms");
	it->start_ms = get_number(root, "start_ms");
	it->end_ms = get_number(root, "end_ms");
	it->error = get_text(run, error, "code");
	it->where = get_text(run, error, "where");
	it->text = get_text(run, error, "text");
	if (yyjson_is_bool(speech)) {
		it->speech = yyjson_get_bool(speech) ? RMI_SPEECH_YES : RMI_SPEECH_NO;
	}
	it->last = get_flag(root, "last");
	it->results = (uint32_t)get_count(root, "results");
	it->result_bytes = get_count(root, "result_bytes");
	read_stages(run, it, yyjson_obj_get(root, "stages"));
	read_says(run, it, yyjson_obj_get(root, "says"));
	run->verdicts++;
}

static int8_t
to_sample(yyjson_val *v)
{
	int64_t s = yyjson_get_sint(v);
	return (int8_t)(s < -127 ? -127 : s > 127 ? 127 : s);
}

static void
read_wave(struct rmi_wave *w, yyjson_val *o)
{
	yyjson_val *pairs = yyjson_obj_get(o, "pairs");
	size_t n = yyjson_arr_size(pairs) / 2;
	w->n = n < RMI_WAVE_PAIRS ? n : RMI_WAVE_PAIRS;
	w->rate_hz = (uint32_t)get_count(o, "rate_hz");
	w->per = get_count(o, "per");
	w->in_pair = get_count(o, "in_pair");
	yyjson_arr_iter at = yyjson_arr_iter_with(pairs);
	for (size_t i = 0; i < w->n; i++) {
		w->lo[i] = to_sample(yyjson_arr_iter_next(&at));
		w->hi[i] = to_sample(yyjson_arr_iter_next(&at));
	}
	if (w->rate_hz == 0 || w->per == 0 || w->in_pair > w->per) {
		*w = (struct rmi_wave){0};
	}
}

/* A line that is one JSON object. */
static void
read_root(struct rmi_run *run, yyjson_val *root)
{
	yyjson_val *head = yyjson_obj_get(root, "run"), *end = yyjson_obj_get(root, "end");
	if (yyjson_is_obj(head)) {
		const char *name = get_text(run, head, "name");
		run->name = name != NULL ? name : run->name;
		run->pipeline = get_text(run, head, "pipeline");
		run->input = get_text(run, head, "input");
	} else if (yyjson_is_obj(end)) {
		run->submitted = get_count(end, "submitted");
		run->wall_ms = get_zero(end, "wall_ms");
		read_wave(&run->wave, yyjson_obj_get(end, "wave"));
	} else if (yyjson_obj_get(root, "item") != NULL) {
		read_item(run, root);
	}
}

/* One line without its end. @return false at the end of the file, or on an error in *e */
static bool
read_line(FILE *in, char **buf, size_t *cap, size_t *len, enum rme_err *e)
{
	size_t n = 0;
	int c;
	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		if (n == *cap) {
			size_t more = *cap == 0 ? 4096 : *cap * 2;
			char *grown = more > RMI_RECORD_LINE_MAX ? NULL : realloc(*buf, more);
			if (grown == NULL) {
				*e = more > RMI_RECORD_LINE_MAX ? RME_ELIMIT : RME_ENOMEM;
				return false;
			}
			*buf = grown;
			*cap = more;
		}
		(*buf)[n++] = (char)c;
	}
	*len = n;
	*e = ferror(in) != 0 ? RME_EIO : RME_OK;
	return *e == RME_OK && (c != EOF || n > 0);
}

static enum rme_err
read_lines(struct rmi_run *run, FILE *in, const char *name, struct rme_error *err)
{
	char *buf = NULL;
	size_t cap = 0, len = 0, number = 0;
	enum rme_err e = RME_OK;
	while (read_line(in, &buf, &cap, &len, &e)) {
		number++;
		if (len == 0 || buf[0] == '\r') {
			continue;
		}
		yyjson_read_err why;
		yyjson_doc *doc = yyjson_read_opts(buf, len, YYJSON_READ_ALLOW_INVALID_UNICODE, NULL, &why);
		bool ok = yyjson_is_obj(yyjson_doc_get_root(doc));
		if (ok) {
			read_root(run, yyjson_doc_get_root(doc));
		}
		yyjson_doc_free(doc);
		if (!ok) {
			free(buf);
			return rme_error_set(err, RME_EFORMAT, name,
			    "line %zu is no JSON object; give a file that `rme run --json` has written", number);
		}
	}
	free(buf);
	if (e != RME_OK) {
		return rme_error_set(err, e, name, "line %zu: %s", number + 1, rme_err_text(e));
	}
	return RME_OK;
}

enum rme_err
rmi_record_read(struct rmi_run **out, FILE *in, const char *name, struct rme_error *err)
{
	struct rmi_run *run;
	struct rmi_run_head head = {.name = name};
	enum rme_err e = rmi_run_new(&run, &head);
	if (e != RME_OK) {
		return rme_error_set(err, e, name, "%s", rme_err_text(e));
	}
	e = read_lines(run, in, name, err);
	if (e == RME_OK && run->verdicts == 0 && run->submitted == 0) {
		e = rme_error_set(
		    err, RME_EFORMAT, name, "there is no run in it; give a file that `rme run --json` has written");
	}
	if (e != RME_OK) {
		rmi_run_free(run);
		return e;
	}
	if (run->submitted < run->verdicts) {
		run->submitted = run->verdicts; /* the last line is missing: what was lost is not known */
	}
	*out = run;
	return RME_OK;
}
