#include "wasm/wasm_item.h"

#include <math.h>
#include <string.h>
#include <rme/runtime.h>
#include <rme/verdict.h>

#include "wasm/module_limits.h"
#include "wasm/pool.h"

enum rme_err
rmi_wasm_open_instance(struct rmi_wasm_state *s, struct rme_error *err)
{
	enum rme_err e = rmi_wasm_pool_take(&s->instance, s->module, err);
	e = e != RME_OK ? e : rmi_wasm_instance_open(s->instance, &s->env, &s->start, err);
	if (e == RME_OK) {
		s->output_asked = false;
		return RME_OK;
	}
	rmi_wasm_instance_free(s->instance);
	s->instance = NULL;
	return e;
}

void
rmi_wasm_reset_instance(struct rmi_wasm_state *s)
{
	if (s->instance != NULL &&
	    (rmi_wasm_instance_outdated(s->instance) || rmi_wasm_instance_reset(s->instance, NULL) != RME_OK)) {
		rmi_wasm_instance_free(s->instance); /* the next item gets one that has seen nothing */
		s->instance = NULL;
	}
}

/* A guest that is dead with the item is replaced at the next one. */
static enum rme_err
step_failed(struct rmi_wasm_state *s, enum rme_err e, struct rme_error *err)
{
	if (s->instance == NULL || !rmi_wasm_instance_dead(s->instance)) {
		return e;
	}
	rmi_wasm_instance_free(s->instance);
	s->instance = NULL;
	rme_log(s->env.rt, RME_LOG_DEBUG, "wasm", "%s; its instance is replaced", err->text);
	struct rme_error why = *err;
	return rme_error_set(err, e, why.where, "%s; the next item gets a new instance", why.text);
}

/* Once per input format: what the module says about its results. */
static enum rme_err
ask_output_format(struct rmi_wasm_state *s, const struct rme_format *in, struct rme_error *err)
{
	if (!rmi_module_exports(rmi_wasm_module_summary(s->module), RMI_EXPORT_OUTPUT_FORMAT) ||
	    (s->output_asked && rme_format_equal(in, &s->asked_with))) {
		return RME_OK;
	}
	struct rme_bytes text;
	enum rme_err e = rmi_wasm_instance_output_format(s->instance, &text, err);
	if (e != RME_OK) {
		return e;
	}
	s->output_asked = true;
	s->asked_with = *in;
	struct rme_format said;
	if (text.len == 0) {
		return RME_OK;
	}
	e = rme_format_parse(&said, (const char *)text.data, text.len, NULL);
	if (e != RME_OK) {
		return rme_error_set(err, RME_EMODULE, NULL, "module %s: its output format is no media format",
		    rmi_wasm_module_name(s->module));
	}
	s->output = said;
	return RME_OK;
}

/* The results of process, next or flush have the format and confidence that the module states after the first of them. */
static enum rme_err
describe_results(struct rmi_wasm_item *it, const struct rme_format *in, struct rme_error *err)
{
	struct rmi_wasm_state *s = it->s;
	enum rme_err e = ask_output_format(s, in, err);
	e = e != RME_OK ? e : rmi_wasm_instance_confidence(s->instance, &it->meta.confidence, err);
	it->meta.format = s->output.media != RME_MEDIA_ANY ? s->output : *in;
	rme_format_fill(&it->meta.format, in);
	return e;
}

struct rmi_wasm_item
rmi_wasm_item_begin(struct rme_node *self, struct rme_packet *in)
{
	struct rmi_wasm_item it = {.self = self, .s = rme_node_state(self), .in = in, .meta = *rme_packet_meta(in)};
	it.meta.kind = RME_PACKET_DATA;
	it.meta.side = RME_SIDE_EDGE;
	it.meta.confidence = NAN;
	return it;
}

static struct rmi_guest_item
guest_item(const struct rmi_wasm_item *it)
{
	const struct rme_packet_meta *of = rme_packet_meta(it->in);
	return (struct rmi_guest_item){.deadline_ns = of->deadline_ns, .meta = of, .packet = it->in};
}

/*
 * A module whose results depend on the input says so by output_format. Where the registry leaves open what comes (any rate,
 * say), such a module is started anew with what really comes: the instance it had is thrown away.
 */
static void
tell_format(struct rmi_wasm_state *s, const struct rme_format *in)
{
	char text[RME_FORMAT_TEXT_MAX];
	if (in->media != RME_MEDIA_AUDIO_PCM || rme_format_equal(in, &s->told) ||
	    !rmi_module_exports(rmi_wasm_module_summary(s->module), RMI_EXPORT_OUTPUT_FORMAT)) {
		return;
	}
	s->told = *in;
	(void)rme_format_print(in, text);
	if (strcmp(text, s->input) == 0) {
		return;
	}
	memcpy(s->input, text, sizeof(text));
	s->start.input = s->input;
	rmi_wasm_instance_free(s->instance);
	s->instance = NULL;
}

enum rme_err
rmi_wasm_item_first(struct rmi_wasm_item *it, struct rme_bytes *out, struct rme_error *err)
{
	struct rmi_wasm_state *s = it->s;
	const struct rmi_guest_item item = guest_item(it);
	struct rme_bytes data;
	data.data = rme_packet_data(it->in, &data.len);
	*out = (struct rme_bytes){0};
	tell_format(s, &item.meta->format);
	enum rme_err e = s->instance != NULL ? RME_OK : rmi_wasm_open_instance(s, err);
	e = e != RME_OK ? e : rmi_wasm_instance_process(s->instance, &item, data, out, err);
	if (e == RME_OK && out->len > 0) {
		e = describe_results(it, &item.meta->format, err);
	}
	return e == RME_OK ? e : step_failed(s, e, err);
}

enum rme_err
rmi_wasm_item_next(struct rmi_wasm_item *it, struct rme_bytes *out, struct rme_error *err)
{
	struct rmi_wasm_state *s = it->s;
	const struct rmi_guest_item item = guest_item(it);
	*out = (struct rme_bytes){0};
	if (!rmi_module_exports(rmi_wasm_module_summary(s->module), RMI_EXPORT_NEXT)) {
		return RME_OK;
	}
	enum rme_err e = rmi_wasm_instance_next(s->instance, &item, out, err);
	return e == RME_OK ? e : step_failed(s, e, err);
}

enum rme_err
rmi_wasm_item_flush(struct rmi_wasm_item *it, struct rme_bytes *out, struct rme_error *err)
{
	struct rmi_wasm_state *s = it->s;
	const struct rmi_guest_item item = guest_item(it);
	*out = (struct rme_bytes){0};
	if (s->instance == NULL || !rmi_module_exports(rmi_wasm_module_summary(s->module), RMI_EXPORT_FLUSH)) {
		return RME_OK;
	}
	enum rme_err e = it->outputs > 0 ? RME_OK : describe_results(it, &s->asked_with, err);
	e = e != RME_OK ? e : rmi_wasm_instance_flush(s->instance, &item, out, err);
	return e == RME_OK ? e : step_failed(s, e, err);
}

enum rme_err
rmi_wasm_item_emit(struct rmi_wasm_item *it, struct rme_bytes out, struct rme_error *err)
{
	struct rme_packet *pkt;
	const char *name = rmi_wasm_module_name(it->s->module);
	if (++it->outputs > RMI_WASM_OUTPUTS_PER_ITEM) {
		return rme_error_set(err, RME_ELIMIT, NULL, "module %s: more than %d results of one item", name,
		    RMI_WASM_OUTPUTS_PER_ITEM);
	}
	enum rme_err e = rmi_wasm_instance_packet(it->s->instance, &it->meta, out, &pkt);
	if (e != RME_OK) {
		return rme_error_set(err, e, NULL, "no packet for a result: %s", rme_err_text(e));
	}
	e = rme_node_emit(it->self, pkt);
	return e == RME_OK ? e
	                   : rme_error_set(err, e, NULL, "%s", rme_err_text(e)); /* the item has its error already */
}

void
rmi_wasm_item_report(struct rmi_wasm_item *it)
{
	const struct rmi_wasm_state *s = it->s;
	const struct rmi_guest_usage *u = s->instance != NULL ? rmi_wasm_instance_usage(s->instance) : NULL;
	struct rme_stage_report *report = rme_node_report(it->self, it->meta.seq);
	if (report == NULL) {
		return;
	}
	report->side = RME_SIDE_EDGE;
	if (u != NULL) {
		report->bytes_up += u->bytes_up;
		report->bytes_down += u->bytes_down;
		report->remote_ns += u->remote_ns;
	}
}
