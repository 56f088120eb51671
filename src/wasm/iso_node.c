/* A wasm node whose module runs in a guest process; see iso_session.h. wasm_level.c chooses between this and wasm_node.c. */
#include <stdlib.h>
#include <string.h>
#include <rme/runtime.h>
#include <yyjson.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "core/node.h"
#include "wasm/iso_session.h"

/* ---- what waits ---- */

struct rme_packet *
rmi_iso_pending_first(const struct rmi_iso_session *s)
{
	return s->n > 0 ? s->pending[s->first] : NULL;
}

struct rme_packet *
rmi_iso_pending_pop(struct rmi_iso_session *s)
{
	struct rme_packet *pkt = s->pending[s->first];
	s->first = (s->first + 1) % s->cap;
	s->n--;
	return pkt;
}

static bool
grow(struct rmi_iso_session *s)
{
	size_t cap = s->cap > 0 ? 2 * s->cap : 64;
	struct rme_packet **list = calloc(cap, sizeof(struct rme_packet *));
	if (list == NULL) {
		return false;
	}
	for (size_t i = 0; i < s->n; i++) {
		list[i] = s->pending[(s->first + i) % s->cap];
	}
	free(s->pending);
	s->pending = list;
	s->cap = cap;
	s->first = 0;
	return true;
}

/* The ends of items always have a place: what was taken must be given back. */
static bool
has_place(struct rmi_iso_session *s, const struct rme_packet *pkt)
{
	bool data = rme_packet_meta(pkt)->kind == RME_PACKET_DATA;
	if (data && s->n >= RMI_ISO_PENDING_MAX) {
		return false;
	}
	return s->n < s->cap || grow(s);
}

/* ---- opening ---- */

static bool
add_text(char **body, size_t *len, const char *text)
{
	static const char absent[] = "\1";
	const char *said = text != NULL ? text : absent;
	size_t n = strlen(said) + 1;
	char *more = realloc(*body, *len + n);
	if (more == NULL) {
		return false;
	}
	memcpy(more + *len, said, n);
	*body = more;
	*len += n;
	return true;
}

static char *
names_json(const struct rmi_service_names *names)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *list = doc != NULL ? yyjson_mut_arr(doc) : NULL;
	bool ok = list != NULL;
	for (size_t i = 0; ok && i < names->n; i++) {
		ok = yyjson_mut_arr_add_str(doc, list, names->names[i]);
	}
	char *text = ok ? yyjson_mut_val_write(list, 0, NULL) : NULL;
	yyjson_mut_doc_free(doc);
	return text;
}

/* A media format as the config says it, else the registry; NULL = not said. */
static const char *
format_text(const char *config, const char *entry_text, const struct rme_format *entry, char text[RME_FORMAT_TEXT_MAX])
{
	if (config != NULL || entry_text != NULL) {
		return config != NULL ? config : entry_text;
	}
	if (entry == NULL || entry->media == RME_MEDIA_ANY) {
		return NULL;
	}
	(void)rme_format_print(entry, text);
	return text;
}

static enum rme_err
make_texts(struct rmi_iso_session *s, const struct rmi_wasm_node_config *c, const struct rme_module_entry *entry,
    const char *params)
{
	char given_input[RME_FORMAT_TEXT_MAX], given_output[RME_FORMAT_TEXT_MAX];
	struct rme_module_entry unknown = {.name = NULL};
	const struct rme_module_entry *e = entry != NULL ? entry : &unknown;
	const char *input = format_text(c->input, e->input_text, &e->input, given_input);
	const char *output = format_text(c->output, e->output_text, &e->output, given_output);
	char *services = names_json(&s->services);
	size_t len = 0;
	const char *texts[RMI_ISO_TEXT_COUNT] = {[RMI_ISO_TEXT_NODE] = rme_node_name(s->self),
	    [RMI_ISO_TEXT_SESSION] = rme_node_session_id(s->self),
	    [RMI_ISO_TEXT_PARAMS] = params,
	    [RMI_ISO_TEXT_SERVICES] = services,
	    [RMI_ISO_TEXT_INPUT] = input,
	    [RMI_ISO_TEXT_OUTPUT] = output};
	bool ok = services != NULL;
	for (int i = 0; ok && i < RMI_ISO_TEXT_COUNT; i++) {
		ok = add_text(&s->texts, &len, texts[i]);
	}
	free(services);
	if (!ok) {
		return rme_node_fail(s->self, RME_ENOMEM, "out of memory");
	}
	if (len > RMI_ISO_OPEN_BYTES_MAX) {
		return rme_node_fail(s->self, RME_ELIMIT, "its parameters have %zu bytes, at most %d are allowed", len,
		    RMI_ISO_OPEN_BYTES_MAX);
	}
	s->texts_len = (uint32_t)len;
	return RME_OK;
}

/* Paths stay here: the guest gets the other parameters. */
static enum rme_err
split_params(struct rmi_iso_session *s, const struct rmi_wasm_node_config *c, const struct rme_module_entry *entry)
{
	struct rme_error err = {0};
	char *params;
	enum rme_err e = rmi_asset_list_take(&s->assets, &params, entry, c->params, &err);
	if (e != RME_OK) {
		return rme_node_fail(s->self, e, "module %s: %s", c->module, err.text);
	}
	s->in.assets = s->assets != NULL;
	e = make_texts(s, c, entry, params);
	free(params);
	return e;
}

static enum rme_err
grant_services(struct rmi_iso_session *s, const struct rmi_wasm_node_config *c, const struct rme_module_entry *entry)
{
	struct rme_error err = {0};
	bool from_entry = s->kind->hybrid && entry != NULL;
	enum rme_err e = rmi_service_names_init(&s->services, s->kind->hybrid ? c->services : NULL,
	    from_entry ? entry->services : NULL, from_entry ? entry->n_services : 0, &err);
	return e == RME_OK ? e : rme_node_fail(s->self, e, "%s", err.text);
}

static enum rme_err
open_module(struct rmi_iso_session *s, const struct rmi_wasm_node_config *c, const struct rme_module_entry *entry)
{
	struct rme_error err = {0};
	struct rmi_wasm_module_spec spec;
	enum rme_err e = rmi_wasm_node_spec(&spec, s->self, c, entry);
	if (e != RME_OK) {
		return e;
	}
	struct rmi_iso_host *host;
	e = rmi_wasm_nodes_host(&host, s->kind->nodes, &err);
	e = e != RME_OK ? e : rmi_iso_module_open(&s->module, host, &spec, &err);
	if (e != RME_OK) {
		return rme_node_fail(s->self, e, "module %s: %s", err.where, err.text);
	}
	s->in.result_max = (uint32_t)rmi_iso_module_limits(s->module)->result_bytes; /* RMI_WASM_RESULT_BYTES_LIMIT */
	return RME_OK;
}

static enum rme_err
open_session(struct rmi_iso_session *s)
{
	rmi_iso_session_start(s);
	bool settled = rmi_iso_session_settle(s, rmi_monotonic_ns() + 2 * RMI_ISO_START_NS);
	if (!settled) {
		return rme_node_fail(
		    s->self, RME_ETIMEDOUT, "module %s: its process is not ready yet", rmi_iso_module_name(s->module));
	}
	if (!s->opened) {
		return rme_node_fail(s->self, s->why.code, "%s", s->why.text);
	}
	rme_log(rme_node_runtime(s->self), RME_LOG_INFO, "wasm", "module %s runs in a process of its own",
	    rmi_iso_module_name(s->module));
	return RME_OK;
}

static enum rme_err
iso_open(struct rme_node *self, const void *config)
{
	struct rmi_iso_session *s = rme_node_state(self);
	const struct rmi_wasm_node_config *c = config;
	s->self = self;
	s->kind = (const struct rmi_wasm_node_kind *)rmi_node_type(self);
	s->spin_credit = 4;
	const struct rme_module_entry *entry = rmi_wasm_nodes_find(s->kind->nodes, c->module);
	enum rme_err e = grant_services(s, c, entry);
	e = e != RME_OK ? e : split_params(s, c, entry);
	e = e != RME_OK ? e : open_module(s, c, entry);
	return e != RME_OK ? e : open_session(s);
}

/* ---- running ---- */

static enum rme_err
iso_process(struct rme_node *self, struct rme_packet *in)
{
	struct rmi_iso_session *s = rme_node_state(self);
	if (!has_place(s, in)) {
		bool data = rme_packet_meta(in)->kind == RME_PACKET_DATA;
		if (!data) {
			return rme_node_emit(self, in); /* out of memory: the end of an item must not be lost */
		}
		rme_packet_unref(in);
		return rme_node_fail(self, s->n >= RMI_ISO_PENDING_MAX ? RME_ELIMIT : RME_ENOMEM,
		    "module %s: no room for another packet, %zu wait", rmi_iso_module_name(s->module), s->n);
	}
	s->pending[(s->first + s->n++) % s->cap] = in;
	rmi_iso_session_drive(s);
	return RME_OK;
}

static void
iso_wake(struct rme_node *self)
{
	struct rmi_iso_session *s = rme_node_state(self);
	bool talking = s->phase != RMI_ISO_AT_REST && s->phase != RMI_ISO_AWAITING;
	if (talking && ++s->spurious > RMI_ISO_SPURIOUS_MAX) {
		rmi_iso_session_accuse(s, RME_EMODULE, "it rang without a reason, again and again");
	}
	rmi_iso_session_drive(s);
}

static void
iso_reset(struct rme_node *self)
{
	static const struct rme_error canceled = {RME_ECANCELED, "", "canceled"};
	struct rmi_iso_session *s = rme_node_state(self);
	if (s->current != NULL) {
		rme_node_item_fail(self, rme_packet_meta(s->current)->seq, &canceled);
		s->discard = true;
	}
	while (s->n > 0) {
		struct rme_packet *pkt = rmi_iso_pending_pop(s);
		rme_node_item_fail(self, rme_packet_meta(pkt)->seq, &canceled);
		if (rme_packet_meta(pkt)->kind == RME_PACKET_DATA) {
			rme_packet_unref(pkt);
		} else {
			(void)!rme_node_emit(self, pkt);
		}
	}
	s->reset_wanted = s->opened;
	if (rme_node_canceled(self) && s->seat.process != NULL && s->opened) {
		rmi_iso_seat_cancel(&s->seat);
	}
}

static void
iso_close(struct rme_node *self)
{
	struct rmi_iso_session *s = rme_node_state(self);
	while (s->n > 0) {
		rme_packet_unref(rmi_iso_pending_pop(s));
	}
	if (s->module != NULL) {
		rmi_iso_session_end(s);
		rmi_iso_module_close(s->module);
	}
	rmi_service_names_done(&s->services);
	rmi_asset_list_free(s->assets);
	free(s->pending);
	free(s->texts);
}

const struct rme_node_type rmi_iso_node_type = {
    .name = "IsolatedWasmNode",
    .flags = RME_NODE_ASYNC,
    .state_size = sizeof(struct rmi_iso_session),
    .open = iso_open,
    .process = iso_process,
    .wake = iso_wake,
    .reset = iso_reset,
    .close = iso_close,
};
