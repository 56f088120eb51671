/*
 * A module compiled natively, as a node: the counterpart of src/wasm/wasm_node.c without the sandbox. It gives the same
 * bytes for the same items, which tests/integration/modules/test_twins.py holds it to.
 */
#include "nodes/twin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <rme/runtime.h>
#include <rme/verdict.h>
#include <yyjson.h>

#include "core/asset.h"
#include "core/guest_status.h"
#include "core/node.h"
#include "nodes/twin_guest.h"

enum { ALIGN = 16, RESULT_FIRST_BYTES = 4096, RETRIES_MAX = 3, FORMAT_BYTES_MAX = 256 };

struct twin {
	struct rmi_twin_guest guest;
	struct rme_format declared; /* of results, as the registry says; ANY = as the item */
	struct rme_format output;   /* as the module said last */
	struct rme_format input;    /* of the last item */
	const union rmi_twin_value *values;
	char told[RME_FORMAT_TEXT_MAX]; /* input format that configure was given */
	bool asked;                     /* about its output for `input` */
};
_Static_assert(sizeof(struct twin) <= RMI_TWIN_STATE_SIZE, "the generated table reserves that much");

static void *
new_room(size_t bytes)
{
	size_t rounded = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	void *p = aligned_alloc(ALIGN, rounded > 0 ? rounded : ALIGN);
	return p != NULL ? memset(p, 0, rounded) : NULL;
}

static bool
reserve(uint8_t **room, size_t *cap, size_t need)
{
	if (need <= *cap) {
		return true;
	}
	size_t size = RESULT_FIRST_BYTES;
	while (size < need) {
		size *= 2;
	}
	uint8_t *p = aligned_alloc(ALIGN, size);
	if (p == NULL) {
		return false;
	}
	free(*room);
	*room = p;
	*cap = size;
	return true;
}

static enum rme_err
no_memory(struct rme_node *self)
{
	return rme_node_fail(self, RME_ENOMEM, "module %s: %s", rmi_node_type(self)->name, rme_err_text(RME_ENOMEM));
}

/* ---- formats ---- */

static struct rme_format
parse(const char *text)
{
	struct rme_format f = {0};
	if (text != NULL && rme_format_parse(&f, text, strlen(text), NULL) != RME_OK) {
		f = (struct rme_format){0}; /* the registry was checked when the table was made */
	}
	return f;
}

enum rme_err
rmi_twin_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	const struct rme_module_entry *entry = ((const struct rmi_twin_kind *)type)->entry;
	const struct rme_format declared = parse(entry->input_text);
	(void)config;
	if (in->media == RME_MEDIA_ANY) {
		*want = declared;
	} else if (!rme_format_fits(in, &declared)) {
		if (in->media != declared.media) {
			return RME_EFORMAT;
		}
		*want = declared;
		rme_format_fill(want, in);
	}
	*gives = parse(entry->output_text);
	rme_format_fill(gives, want);
	return RME_OK;
}

/* ---- start ---- */

static bool
add_param(yyjson_mut_doc *doc, yyjson_mut_val *to, const struct rme_module_param *p, const union rmi_twin_value *v)
{
	switch (p->type) {
	case RME_MODULE_PARAM_NUMBER:
		return yyjson_mut_obj_add_real(doc, to, p->name, v->number);
	case RME_MODULE_PARAM_INTEGER:
		return yyjson_mut_obj_add_int(doc, to, p->name, v->whole);
	case RME_MODULE_PARAM_BOOLEAN:
		return yyjson_mut_obj_add_bool(doc, to, p->name, v->boolean);
	case RME_MODULE_PARAM_STRING:
		return yyjson_mut_obj_add_str(doc, to, p->name,
		    p->n_choices > 0  ? p->choices[v->choice]
		    : v->text != NULL ? v->text
		                      : "");
	case RME_MODULE_PARAM_ASSET:
		return yyjson_mut_obj_add_bool(doc, to, p->name, v->text != NULL && v->text[0] != '\0');
	}
	return false;
}

static char *
configuration(const struct twin *s, size_t *len)
{
	const struct rme_module_entry *entry = s->guest.entry;
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	bool ok = root != NULL;
	char *text = NULL;
	if (ok) {
		yyjson_mut_doc_set_root(doc, root);
		yyjson_mut_val *params = yyjson_mut_obj_add_obj(doc, root, "params");
		ok = params != NULL;
		for (size_t i = 0; ok && i < entry->n_params; i++) {
			ok = add_param(doc, params, &entry->params[i], &s->values[i]);
		}
		ok = ok && yyjson_mut_obj_add_str(doc, root, "input", s->told);
		ok = ok && yyjson_mut_obj_add_str(doc, root, "session", rme_node_session_id(s->guest.node));
		text = ok ? yyjson_mut_write(doc, 0, len) : NULL;
	}
	yyjson_mut_doc_free(doc);
	return text;
}

/* The code and text of a negative status. */
static enum rme_err
status_error(struct rmi_twin_guest *g, int32_t status, struct rme_error *err)
{
	const char *text;
	enum rme_err code = rmi_guest_error(status, &text);
	text = g->has_error_text ? g->error_text : text;
	return rme_error_set(err, code, g->entry->name, "module %s: %s (status %d)", g->entry->name, text, status);
}

static enum rme_err
failed(struct rmi_twin_guest *g, int32_t status)
{
	struct rme_error err = {0};
	enum rme_err e = status_error(g, status, &err);
	return rme_node_fail(g->node, e, "%s", err.text);
}

static void
enter(struct rmi_twin_guest *g)
{
	g->has_error_text = false;
	rmi_twin_enter(g);
}

static enum rme_err
take_asset(void *ctx, const char *name, struct rme_bytes bytes, struct rme_error *err)
{
	struct rmi_twin_guest *g = ctx;
	if (g->n_assets == RMI_TWIN_ASSETS_MAX || bytes.len > UINT32_MAX) {
		return rme_error_set(err, RME_ELIMIT, name, "more than %d files", RMI_TWIN_ASSETS_MAX);
	}
	void *copy = new_room(bytes.len);
	if (copy == NULL) {
		return rme_error_set(err, RME_ENOMEM, name, "%s", rme_err_text(RME_ENOMEM));
	}
	g->assets[g->n_assets++] = copy;
	memcpy(copy, bytes.data, bytes.len);
	if (*g->module->asset == NULL) {
		return RME_OK;
	}
	enter(g);
	int32_t status = (*g->module->asset)(g->instance, name, (uint32_t)strlen(name), copy, (uint32_t)bytes.len);
	rmi_twin_leave();
	return status < 0 ? status_error(g, status, err) : RME_OK;
}

static enum rme_err
give_assets(struct rmi_twin_guest *g, const union rmi_twin_value *values)
{
	const struct rme_module_entry *entry = g->entry;
	const struct rmi_asset_sink sink = {take_asset, g};
	for (size_t i = 0; i < entry->n_params; i++) {
		if (entry->params[i].type != RME_MODULE_PARAM_ASSET || values[i].text == NULL ||
		    values[i].text[0] == '\0') {
			continue;
		}
		struct rme_error err = {0};
		enum rme_err e = rmi_asset_read(&entry->params[i], values[i].text, &sink, &err);
		if (e != RME_OK) {
			return rme_node_fail(g->node, e, "%s", err.text);
		}
	}
	return RME_OK;
}

/* A new instance, up to initialize. */
static enum rme_err
start(struct twin *s)
{
	struct rmi_twin_guest *g = &s->guest;
	g->instance = new_room(g->module->size);
	if (g->instance == NULL) {
		return no_memory(g->node);
	}
	enum rme_err e = give_assets(g, s->values);
	if (e != RME_OK) {
		return e;
	}
	size_t len = 0;
	char *json = configuration(s, &len);
	if (json == NULL) {
		return no_memory(g->node);
	}
	enter(g);
	int32_t status = g->module->configure(g->instance, json, (uint32_t)len);
	bool refused = status < 0;
	status = refused ? status : g->module->initialize(g->instance, rme_node_session_id(g->node));
	rmi_twin_leave();
	free(json);
	if (refused) {
		struct rme_error err = {0};
		(void)!status_error(g, status, &err);
		return rme_node_fail(g->node, RME_ECONFIG, "%s", err.text);
	}
	return status < 0 ? failed(g, status) : RME_OK;
}

enum rme_err
rmi_twin_open(struct rme_node *self, const void *config)
{
	struct twin *s = rme_node_state(self);
	const struct rmi_twin_kind *kind = (const struct rmi_twin_kind *)rmi_node_type(self);
	struct rmi_twin_guest *g = &s->guest;
	g->module = kind->module;
	g->entry = kind->entry;
	g->node = self;
	g->item = rme_packet_meta_init();
	s->declared = s->output = parse(kind->entry->output_text);
	s->values = config;
	const struct rme_format input = parse(kind->entry->input_text);
	if (input.media != RME_MEDIA_ANY) {
		(void)rme_format_print(&input, s->told);
	}
	return start(s);
}

static void
stop(struct twin *s)
{
	struct rmi_twin_guest *g = &s->guest;
	if (g->instance != NULL) {
		enter(g);
		(void)g->module->cleanup(g->instance);
		rmi_twin_leave();
	}
	for (size_t i = 0; i < g->n_assets; i++) {
		free(g->assets[i]);
	}
	free(g->instance);
	g->instance = NULL;
	g->n_assets = 0;
}

/* A module whose results depend on the input is started anew with what really comes, as in src/wasm/wasm_item.c. */
static enum rme_err
take_format(struct twin *s, const struct rme_format *in)
{
	char text[RME_FORMAT_TEXT_MAX];
	if (!rme_format_equal(&s->input, in)) {
		s->input = *in;
		s->output = s->declared;
		s->asked = false;
		(void)rme_format_print(in, text);
		if (in->media == RME_MEDIA_AUDIO_PCM && *s->guest.module->output_format != NULL &&
		    strcmp(text, s->told) != 0) {
			memcpy(s->told, text, sizeof(text));
			stop(s);
		}
	}
	return s->guest.instance != NULL ? RME_OK : start(s);
}

/* ---- items ---- */

struct run {
	struct twin *s;
	struct rmi_twin_guest *g;
	struct rme_packet_meta meta; /* of the results */
	unsigned outputs;
};

/* A call that ends with (result, result_len*); data is NULL for those without an input. */
struct pull {
	rme_native_pull from;
	const uint8_t *data;
	uint32_t len;
};

static int32_t
call_once(struct rmi_twin_guest *g, const struct pull *p, uint32_t *len)
{
	enter(g);
	int32_t status = p->from != NULL ? p->from(g->instance, g->out, len)
	                                 : g->module->process(g->instance, p->data, p->len, g->out, len);
	rmi_twin_leave();
	return status;
}

static enum rme_err
pull(struct rmi_twin_guest *g, const struct pull *p, uint32_t *len)
{
	uint64_t limit = g->entry->limits.result_bytes;
	uint32_t need = limit < RESULT_FIRST_BYTES ? (uint32_t)limit : RESULT_FIRST_BYTES;
	int32_t status = RMI_GUEST_TOO_SMALL;
	for (int i = 0; status == RMI_GUEST_TOO_SMALL && i <= RETRIES_MAX; i++) {
		if (need > limit) {
			return rme_node_fail(g->node, RME_ELIMIT,
			    "module %s: its result of %u bytes is over the limit of %llu", g->entry->name, need,
			    (unsigned long long)limit);
		}
		if (!reserve(&g->out, &g->out_cap, need)) {
			return no_memory(g->node);
		}
		uint32_t room = g->out_cap < limit ? (uint32_t)g->out_cap : (uint32_t)limit;
		*len = room;
		status = call_once(g, p, len);
		need = *len;
		if (status >= 0 && *len > room) {
			return rme_node_fail(g->node, RME_EMODULE, "module %s: wrote past its result", g->entry->name);
		}
	}
	return status < 0 ? failed(g, status) : RME_OK;
}

/* Once per input format: what the module says about its results. It uses a buffer of its own: a result lies in the other. */
static enum rme_err
ask_output_format(struct run *r)
{
	struct twin *s = r->s;
	if (*r->g->module->output_format == NULL || s->asked) {
		return RME_OK;
	}
	struct rmi_twin_guest other = *r->g;
	other.out = NULL;
	other.out_cap = 0;
	uint32_t len = 0;
	const struct pull p = {.from = *r->g->module->output_format};
	enum rme_err e = pull(&other, &p, &len);
	struct rme_format said = {0};
	if (e == RME_OK && len > 0 &&
	    (len > FORMAT_BYTES_MAX || rme_format_parse(&said, (const char *)other.out, len, NULL) != RME_OK)) {
		e = rme_node_fail(
		    r->g->node, RME_EMODULE, "module %s: its output format is no media format", r->g->entry->name);
	}
	free(other.out);
	if (e == RME_OK) {
		s->asked = true;
		s->output = len > 0 ? said : s->output;
	}
	return e;
}

static enum rme_err
describe_results(struct run *r)
{
	struct twin *s = r->s;
	enum rme_err e = ask_output_format(r);
	if (*r->g->module->confidence != NULL) {
		enter(r->g);
		float f = (*r->g->module->confidence)(r->g->instance);
		rmi_twin_leave();
		r->meta.confidence = f >= 0.0F && f <= 1.0F ? f : NAN;
	}
	r->meta.format = s->output.media != RME_MEDIA_ANY ? s->output : s->input;
	rme_format_fill(&r->meta.format, &s->input);
	return e;
}

static enum rme_err
emit(struct run *r, uint32_t len)
{
	struct rme_packet *pkt;
	if (++r->outputs > RMI_GUEST_OUTPUTS_PER_ITEM) {
		return rme_node_fail(r->g->node, RME_ELIMIT, "module %s: more than %d results of one item",
		    r->g->entry->name, RMI_GUEST_OUTPUTS_PER_ITEM);
	}
	enum rme_err e = rme_packet_new(&pkt, &r->meta, r->g->out, len);
	return e != RME_OK ? no_memory(r->g->node) : rme_node_emit(r->g->node, pkt);
}

static enum rme_err
emit_more(struct run *r, rme_native_pull from)
{
	const struct pull p = {.from = from};
	for (;;) {
		uint32_t len = 0;
		enum rme_err e = pull(r->g, &p, &len);
		if (e != RME_OK || len == 0) {
			return e;
		}
		e = emit(r, len);
		if (e != RME_OK) {
			return e;
		}
	}
}

static struct run
begin_run(struct rme_node *self, const struct rme_packet_meta *of)
{
	struct twin *s = rme_node_state(self);
	s->guest.item = *of;
	struct run r = {.s = s, .g = &s->guest, .meta = *of};
	r.meta.kind = RME_PACKET_DATA;
	r.meta.confidence = NAN;
	return r;
}

/* Bytes at a multiple of 16, as a module may expect. */
static const uint8_t *
align_input(struct rmi_twin_guest *g, const uint8_t *data, size_t len)
{
	if ((uintptr_t)data % ALIGN == 0) {
		return data;
	}
	return reserve(&g->in, &g->in_cap, len) ? memcpy(g->in, data, len) : NULL;
}

static enum rme_err
process_data(struct run *r, const struct rme_packet *in)
{
	struct rmi_twin_guest *g = r->g;
	size_t len;
	const uint8_t *data = rme_packet_data(in, &len);
	if (len > UINT32_MAX / 2) {
		return rme_node_fail(
		    g->node, RME_ELIMIT, "module %s: an item of %zu bytes is too large", g->entry->name, len);
	}
	const struct pull p = {.data = align_input(g, data, len), .len = (uint32_t)len};
	if (p.data == NULL) {
		return no_memory(g->node);
	}
	uint32_t n = 0;
	enum rme_err e = pull(g, &p, &n);
	if (e != RME_OK || n == 0) {
		return e;
	}
	e = describe_results(r);
	e = e != RME_OK ? e : emit(r, n);
	return e != RME_OK || *g->module->next == NULL ? e : emit_more(r, *g->module->next);
}

enum rme_err
rmi_twin_process(struct rme_node *self, struct rme_packet *in)
{
	struct run r = begin_run(self, rme_packet_meta(in));
	struct rmi_twin_guest *g = r.g;
	g->service_calls = 0;
	g->bytes_up = g->bytes_down = 0;
	g->remote_ns = 0;
	rmi_twin_forget(g);
	enum rme_err e = take_format(r.s, &r.meta.format);
	e = e != RME_OK ? e : process_data(&r, in);
	struct rme_stage_report *report = rme_node_report(self, r.meta.seq);
	if (report != NULL) {
		report->bytes_up += g->bytes_up;
		report->bytes_down += g->bytes_down;
		report->remote_ns += g->remote_ns;
	}
	rme_packet_unref(in);
	return e;
}

enum rme_err
rmi_twin_flush(struct rme_node *self, struct rme_packet *flush)
{
	struct run r = begin_run(self, rme_packet_meta(flush));
	if (r.g->instance == NULL || *r.g->module->flush == NULL) {
		return RME_OK;
	}
	enum rme_err e = describe_results(&r);
	return e != RME_OK ? e : emit_more(&r, *r.g->module->flush);
}

void
rmi_twin_reset(struct rme_node *self)
{
	struct rmi_twin_guest *g = &((struct twin *)rme_node_state(self))->guest;
	if (g->instance != NULL) {
		enter(g);
		(void)g->module->reset(g->instance);
		rmi_twin_leave();
	}
}

void
rmi_twin_close(struct rme_node *self)
{
	struct twin *s = rme_node_state(self);
	struct rmi_twin_guest *g = &s->guest;
	stop(s);
	rmi_twin_forget(g);
	free(g->in);
	free(g->out);
}
