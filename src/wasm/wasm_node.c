/*
 * A node over a module: one instance per session. An instance that trapped or was stopped is thrown away; the next item
 * gets a new one, which has been started like the first and knows nothing of what was before.
 */
#include "wasm/wasm_node.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <rme/runtime.h>
#include <rme/verdict.h>

#include "core/node.h"
#include "core/runtime.h"
#include "wasm/instance.h"
#include "wasm/module_limits.h"
#include "wasm/pool.h"
#include "wasm/service_names.h"
#include "wasm/wasm_node_state.h"

struct wasm_state {
	const struct rmi_wasm_node_kind *kind;
	const struct rmi_wasm_node_config *config;
	const struct rme_module_entry *entry; /* NULL = named by path */
	struct rmi_wasm_module *module;
	struct rmi_wasm_instance *instance; /* NULL = the next item opens one */
	struct rmi_service_names services;
	struct rmi_guest_env env;
	struct rmi_guest_start start;
	char input[RME_FORMAT_TEXT_MAX];
	struct rme_format output;     /* of results; ANY = as the item */
	struct rme_format told;       /* input format of the last packet, for which the instance is */
	struct rme_format asked_with; /* input format for which the module was asked about its output */
	bool output_asked;
};

/* A node may take less than the registry gives its module, never more. */
static enum rme_err
choose_limits(struct rme_module_limits *out, struct rme_node *self, const struct rmi_wasm_node_config *c,
    const struct rme_module_entry *entry)
{
	const struct rme_module_limits none = {0}, *given = entry != NULL ? &entry->limits : &none;
	const struct {
		const char *name;
		int64_t wanted, given;
	} limits[] = {
	    {"memory_limit", c->memory_limit_bytes, (int64_t)given->memory_bytes},
	    {"timeout", c->timeout_ns, given->timeout_ns},
	    {"result_limit", c->result_limit_bytes, (int64_t)given->result_bytes},
	};
	int64_t chosen[3];
	for (size_t i = 0; i < 3; i++) {
		if (limits[i].given > 0 && limits[i].wanted > limits[i].given) {
			return rme_node_fail(self, RME_ECONFIG,
			    "%s is over the limit that the registry gives module %s; raise it there", limits[i].name,
			    c->module);
		}
		chosen[i] = limits[i].wanted > 0 ? limits[i].wanted : limits[i].given;
	}
	*out = (struct rme_module_limits){
	    .memory_bytes = (uint64_t)chosen[0], .timeout_ns = chosen[1], .result_bytes = (uint64_t)chosen[2]};
	return RME_OK;
}

enum rme_err
rmi_wasm_node_spec(struct rmi_wasm_module_spec *out, struct rme_node *self, const struct rmi_wasm_node_config *c,
    const struct rme_module_entry *entry)
{
	*out = (struct rmi_wasm_module_spec){.name = entry != NULL ? entry->name : NULL,
	    .path = entry != NULL && entry->wasm_path != NULL ? entry->wasm_path : c->module,
	    .sha256 = entry != NULL && entry->has_sha256 ? entry->sha256 : NULL,
	    .function_name = c->function_name};
	if (out->function_name == NULL && entry != NULL) {
		out->function_name = entry->function_name;
	}
	return choose_limits(&out->limits, self, c, entry);
}

static enum rme_err
open_module(struct rme_node *self, struct wasm_state *s)
{
	struct rme_error err = {0};
	struct rmi_wasm_module_spec spec;
	enum rme_err e = rmi_wasm_node_spec(&spec, self, s->config, s->entry);
	if (e != RME_OK) {
		return e;
	}
	e = rmi_wasm_nodes_open(&s->module, s->kind->nodes, &spec, &err);
	return e == RME_OK ? e : rme_node_fail(self, e, "module %s: %s", err.where, err.text);
}

static enum rme_err
open_instance(struct rme_node *self, struct wasm_state *s)
{
	struct rme_error err = {0};
	enum rme_err e = rmi_wasm_pool_take(&s->instance, s->module, &err);
	e = e != RME_OK ? e : rmi_wasm_instance_open(s->instance, &s->env, &s->start, &err);
	if (e == RME_OK) {
		s->output_asked = false;
		return RME_OK;
	}
	rmi_wasm_instance_free(s->instance);
	s->instance = NULL;
	return rme_node_fail(self, e, "%s", err.text);
}

/* A media format of the config, else of the registry; all-zero = not said. */
static enum rme_err
choose_format(struct rme_format *out, const char *config, const struct rme_format *entry, struct rme_error *err)
{
	*out = entry != NULL ? *entry : (struct rme_format){0};
	return config != NULL ? rme_format_parse(out, config, strlen(config), err) : RME_OK;
}

static enum rme_err
choose_formats(struct rme_node *self, struct wasm_state *s)
{
	struct rme_error err = {0};
	struct rme_format input;
	enum rme_err e = choose_format(&input, s->config->input, s->entry != NULL ? &s->entry->input : NULL, &err);
	e = e != RME_OK
	        ? e
	        : choose_format(&s->output, s->config->output, s->entry != NULL ? &s->entry->output : NULL, &err);
	if (e != RME_OK) {
		return rme_node_fail(self, RME_ECONFIG, "%s", err.text);
	}
	if (input.media != RME_MEDIA_ANY) {
		(void)rme_format_print(&input, s->input);
		s->start.input = s->input;
	}
	return RME_OK;
}

static enum rme_err
grant_services(struct rme_node *self, struct wasm_state *s)
{
	struct rme_error err = {0};
	const struct rme_module_entry *entry = s->entry;
	bool from_entry = s->kind->hybrid && entry != NULL;
	enum rme_err e = rmi_service_names_init(&s->services, s->kind->hybrid ? s->config->services : NULL,
	    from_entry ? entry->services : NULL, from_entry ? entry->n_services : 0, &err);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "%s", err.text);
	}
	s->env.granted = (const char *const *)s->services.names;
	s->env.n_granted = s->services.n;
	return RME_OK;
}

static enum rme_err
wasm_open(struct rme_node *self, const void *config)
{
	struct wasm_state *s = rme_node_state(self);
	s->kind = (const struct rmi_wasm_node_kind *)rmi_node_type(self);
	s->config = config;
	s->entry = rmi_wasm_nodes_find(s->kind->nodes, s->config->module);
	s->env = (struct rmi_guest_env){.rt = rme_node_runtime(self),
	    .session_id = rme_node_session_id(self),
	    .services = rmi_runtime_services(rme_node_runtime(self)),
	    .cancel = rmi_node_env(self)->cancel};
	s->start.params = s->config->params;
	enum rme_err e = choose_formats(self, s);
	e = e != RME_OK ? e : grant_services(self, s);
	e = e != RME_OK ? e : open_module(self, s);
	return e != RME_OK ? e : open_instance(self, s);
}

/* Ends the item with the guest's error; an instance that ended with it is replaced at the next item. */
static enum rme_err
fail_item(struct rme_node *self, struct wasm_state *s, enum rme_err e, const struct rme_error *err)
{
	if (!rmi_wasm_instance_dead(s->instance)) {
		return rme_node_fail(self, e, "%s", err->text);
	}
	rmi_wasm_instance_free(s->instance);
	s->instance = NULL;
	rme_log(s->env.rt, RME_LOG_DEBUG, "wasm", "%s; its instance is replaced", err->text);
	return rme_node_fail(self, e, "%s; the next item gets a new instance", err->text);
}

/* Once per input format: what the module says about its results. */
static enum rme_err
ask_output_format(struct wasm_state *s, const struct rme_format *in, struct rme_error *err)
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

/* An item under way: its results share one meta. */
struct run {
	struct rme_node *self;
	struct wasm_state *s;
	struct rmi_guest_item item;
	struct rme_packet_meta meta; /* of the results */
	unsigned outputs;
};

static enum rme_err
emit(struct run *r, struct rme_bytes data)
{
	struct rme_packet *pkt;
	if (++r->outputs > RMI_WASM_OUTPUTS_PER_ITEM) {
		return rme_node_fail(r->self, RME_ELIMIT, "module %s: more than %d results of one item",
		    rmi_wasm_module_name(r->s->module), RMI_WASM_OUTPUTS_PER_ITEM);
	}
	enum rme_err e = rme_packet_new(&pkt, &r->meta, data.data, data.len);
	return e != RME_OK ? rme_node_fail(r->self, e, "no packet for a result: %s", rme_err_text(e))
	                   : rme_node_emit(r->self, pkt);
}

/* What the declared format does not say stays as it comes. */
static void
fill_from(struct rme_format *want, const struct rme_format *in)
{
	if (want->media == RME_MEDIA_AUDIO_PCM) {
		want->audio.sample = want->audio.sample != RME_SAMPLE_ANY ? want->audio.sample : in->audio.sample;
		want->audio.rate_hz = want->audio.rate_hz != 0 ? want->audio.rate_hz : in->audio.rate_hz;
		want->audio.channels = want->audio.channels != 0 ? want->audio.channels : in->audio.channels;
	} else if (want->media == RME_MEDIA_IMAGE_RAW) {
		want->image.pixel = want->image.pixel != RME_PIXEL_ANY ? want->image.pixel : in->image.pixel;
		want->image.width = want->image.width != 0 ? want->image.width : in->image.width;
		want->image.height = want->image.height != 0 ? want->image.height : in->image.height;
	}
}

/* The results of process, next or flush have the format and confidence that the module states after the first of them. */
static enum rme_err
describe_results(struct run *r, const struct rme_format *in, struct rme_error *err)
{
	struct wasm_state *s = r->s;
	enum rme_err e = ask_output_format(s, in, err);
	e = e != RME_OK ? e : rmi_wasm_instance_confidence(s->instance, &r->meta.confidence, err);
	r->meta.format = s->output.media != RME_MEDIA_ANY ? s->output : *in;
	if (r->meta.format.media == in->media) {
		fill_from(&r->meta.format, in);
	}
	return e;
}

static enum rme_err
emit_more(struct run *r, enum rme_err (*more)(struct rmi_wasm_instance *, const struct rmi_guest_item *,
                             struct rme_bytes *, struct rme_error *))
{
	for (;;) {
		struct rme_error err = {0};
		struct rme_bytes out = {0};
		enum rme_err e = more(r->s->instance, &r->item, &out, &err);
		if (e != RME_OK) {
			return fail_item(r->self, r->s, e, &err);
		}
		if (out.len == 0) {
			return RME_OK;
		}
		e = emit(r, out);
		if (e != RME_OK) {
			return e;
		}
	}
}

static struct run
begin_run(struct rme_node *self, const struct rme_packet_meta *of)
{
	struct run r = {
	    .self = self, .s = rme_node_state(self), .item = {.deadline_ns = of->deadline_ns, .meta = of}, .meta = *of};
	r.meta.kind = RME_PACKET_DATA;
	r.meta.side = RME_SIDE_EDGE;
	r.meta.confidence = NAN;
	return r;
}

static void
report_usage(struct run *r)
{
	const struct rmi_guest_usage *u = r->s->instance != NULL ? rmi_wasm_instance_usage(r->s->instance) : NULL;
	struct rme_stage_report *report = rme_node_report(r->self, r->meta.seq);
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

static enum rme_err
process_data(struct run *r, struct rme_bytes data, const struct rme_format *in)
{
	struct rme_error err = {0};
	struct rme_bytes out = {0};
	enum rme_err e = rmi_wasm_instance_process(r->s->instance, &r->item, data, &out, &err);
	if (e == RME_OK && out.len > 0) {
		e = describe_results(r, in, &err);
	}
	if (e != RME_OK) {
		return fail_item(r->self, r->s, e, &err);
	}
	e = out.len > 0 ? emit(r, out) : RME_OK;
	if (e != RME_OK || out.len == 0 ||
	    !rmi_module_exports(rmi_wasm_module_summary(r->s->module), RMI_EXPORT_NEXT)) {
		return e;
	}
	return emit_more(r, rmi_wasm_instance_next);
}

/*
 * A module whose results depend on the input says so by output_format. Where the registry leaves open what comes (any rate,
 * say), such a module is started anew with what really comes.
 */
static enum rme_err
tell_format(struct rme_node *self, struct wasm_state *s, const struct rme_format *in)
{
	char text[RME_FORMAT_TEXT_MAX];
	if (in->media != RME_MEDIA_AUDIO_PCM || rme_format_equal(in, &s->told) ||
	    !rmi_module_exports(rmi_wasm_module_summary(s->module), RMI_EXPORT_OUTPUT_FORMAT)) {
		return RME_OK;
	}
	s->told = *in;
	(void)rme_format_print(in, text);
	if (strcmp(text, s->input) == 0) {
		return RME_OK;
	}
	memcpy(s->input, text, sizeof text);
	s->start.input = s->input;
	rmi_wasm_instance_free(s->instance);
	s->instance = NULL;
	return open_instance(self, s);
}

static enum rme_err
wasm_process(struct rme_node *self, struct rme_packet *in)
{
	struct run r = begin_run(self, rme_packet_meta(in));
	struct rme_bytes data;
	data.data = rme_packet_data(in, &data.len);
	enum rme_err e = tell_format(self, r.s, &rme_packet_meta(in)->format);
	e = e != RME_OK || r.s->instance != NULL ? e : open_instance(self, r.s);
	e = e != RME_OK ? e : process_data(&r, data, &rme_packet_meta(in)->format);
	report_usage(&r);
	rme_packet_unref(in);
	return e;
}

static enum rme_err
wasm_flush(struct rme_node *self, struct rme_packet *flush)
{
	struct run r = begin_run(self, rme_packet_meta(flush));
	if (r.s->instance == NULL || !rmi_module_exports(rmi_wasm_module_summary(r.s->module), RMI_EXPORT_FLUSH)) {
		return RME_OK;
	}
	struct rme_error err = {0};
	enum rme_err e = describe_results(&r, &r.s->asked_with, &err);
	return e != RME_OK ? fail_item(self, r.s, e, &err) : emit_more(&r, rmi_wasm_instance_flush);
}

static void
wasm_reset(struct rme_node *self)
{
	struct wasm_state *s = rme_node_state(self);
	if (s->instance != NULL &&
	    (rmi_wasm_instance_outdated(s->instance) || rmi_wasm_instance_reset(s->instance, NULL) != RME_OK)) {
		rmi_wasm_instance_free(s->instance); /* the next item gets one that has seen nothing */
		s->instance = NULL;
	}
}

static void
wasm_close(struct rme_node *self)
{
	struct wasm_state *s = rme_node_state(self);
	rmi_wasm_instance_free(s->instance);
	rmi_wasm_module_unref(s->module);
	rmi_service_names_done(&s->services);
}

static enum rme_err
wasm_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in, struct rme_format *want,
    struct rme_format *gives)
{
	const struct rmi_wasm_node_kind *kind = (const struct rmi_wasm_node_kind *)type;
	const struct rmi_wasm_node_config *c = config;
	if (c == NULL || c->module == NULL) {
		return RME_OK;
	}
	const struct rme_module_entry *entry = rmi_wasm_nodes_find(kind->nodes, c->module);
	struct rme_format declared;
	if (choose_format(&declared, c->input, entry != NULL ? &entry->input : NULL, NULL) != RME_OK) {
		return RME_EFORMAT;
	}
	if (in->media == RME_MEDIA_ANY) {
		*want = declared;
	} else if (!rme_format_fits(in, &declared)) {
		if (in->media != declared.media) {
			return RME_EFORMAT;
		}
		*want = declared;
		fill_from(want, in);
	}
	enum rme_err e = choose_format(gives, c->output, entry != NULL ? &entry->output : NULL, NULL);
	if (e == RME_OK && gives->media == want->media) {
		fill_from(gives, want);
	}
	return e;
}

#define AT(member) offsetof(struct rmi_wasm_node_config, member)

static const struct rme_param params[] = {
    {.name = "module",
        .kind = RME_PARAM_TEXT,
        .offset = AT(module),
        .required = true,
        .help = "name in wasm-modules.yaml, or path of a .wasm file"},
    {.name = "function_name",
        .kind = RME_PARAM_TEXT,
        .offset = AT(function_name),
        .help = "export that handles an item; as the registry says, else process"},
    {.name = "params",
        .kind = RME_PARAM_JSON,
        .offset = AT(params),
        .help = "object that the module is configured with"},
    {.name = "services",
        .kind = RME_PARAM_JSON,
        .offset = AT(services),
        .help = "array of the services that the module may call; HybridWasmNode only"},
    {.name = "input",
        .kind = RME_PARAM_TEXT,
        .offset = AT(input),
        .help = "media format of items; as the registry says"},
    {.name = "output",
        .kind = RME_PARAM_TEXT,
        .offset = AT(output),
        .help = "media format of results; as the registry or the module says, else that of the item"},
    {.name = "memory_limit",
        .kind = RME_PARAM_BYTES,
        .offset = AT(memory_limit_bytes),
        .max = (double)RMI_WASM_MEMORY_PAGES_LIMIT * RMI_WASM_PAGE_BYTES,
        .help = "most linear memory; as the registry says, else 64 MiB"},
    {.name = "timeout",
        .kind = RME_PARAM_DURATION,
        .offset = AT(timeout_ns),
        .max = 3600,
        .help = "longest call of the module, waiting for services not counted; as the registry says, else 1 s"},
    {.name = "result_limit",
        .kind = RME_PARAM_BYTES,
        .offset = AT(result_limit_bytes),
        .max = RMI_WASM_RESULT_BYTES_LIMIT,
        .help = "largest result; as the registry says, else 64 KiB"},
    {.name = "isolation",
        .kind = RME_PARAM_CHOICE,
        .offset = AT(isolation),
        .fallback = "auto",
        .choices = rmi_isolation_choices,
        .help = "inproc, process: where it runs; auto = as the registry says. May be tightened, never loosened"},
    {.name = NULL},
};

#define WASM_NODE_TYPE(type_name, type_help, type_flags) \
	{ \
	    .name = type_name, \
	    .category = "wasm", \
	    .help = type_help, \
	    .flags = RME_NODE_STATEFUL | RME_NODE_OUTSIDE | (type_flags), \
	    .state_size = sizeof(struct wasm_state), \
	    .config_size = sizeof(struct rmi_wasm_node_config), \
	    .params = params, \
	    .formats = wasm_formats, \
	    .open = wasm_open, \
	    .process = wasm_process, \
	    .flush = wasm_flush, \
	    .reset = wasm_reset, \
	    .close = wasm_close, \
	}

const struct rme_node_type rmi_wasm_node_types[2] = {
    WASM_NODE_TYPE("WasmEdgeNode", "Runs a WebAssembly module in a sandbox.", 0),
    WASM_NODE_TYPE("HybridWasmNode", "Runs a WebAssembly module that may call remote services.", RME_NODE_BLOCKING),
};
