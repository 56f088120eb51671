/* One life of a hostile module: a session that sends items and flushes, or each entry point called directly. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>
#include <rme/packet.h>
#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include "base/clock.h"
#include "core/node.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"
#include "wasm/wasm_node.h"

enum { ITEMS = 2, BIG_BYTES = 20000, WAIT_S = 120 };

static enum fate
fate_of(const struct rme_error *err)
{
	static const char *const traps[] = {"trap: ", "abort: ", "ended itself"};
	if (err->code == RME_OK) {
		return FATE_HARMLESS;
	}
	if (err->code == RME_ETIMEDOUT) {
		return FATE_STOPPED;
	}
	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		if (strstr(err->text, traps[i]) != NULL) {
			return FATE_TRAPPED;
		}
	}
	return FATE_FAILED;
}

/* A module with a short limit may be stopped anywhere: a busy machine does not let it run. */
static bool
is_expected(const struct hostile *h, enum fate f, const struct rme_error *err)
{
	bool hurried = h->entry.limits.timeout_ns < 100 * RMI_NS_PER_MS;
	if (f == FATE_STOPPED && hurried) {
		return strstr(err->text, "stopped after") != NULL || strstr(err->text, "deadline") != NULL;
	}
	return f == h->fate && (f == FATE_HARMLESS || strstr(err->text, h->text) != NULL);
}

static void
note(struct hostile *h, enum fate f, const struct rme_error *err)
{
	bool expected = is_expected(h, f, err);
	if (h->runs == 0 || (!expected && h->unexpected == 0)) {
		(void)snprintf(h->sample, sizeof(h->sample), "%s", f == FATE_HARMLESS ? "" : err->text);
	}
	h->runs++;
	h->fates[f]++;
	h->unexpected += !expected;
}

static enum rme_err
submit(struct rme_session *s, size_t len)
{
	struct rme_packet *pkt;
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_of(RME_MEDIA_OCTETS);
	char *data = malloc(len);
	if (data == NULL) {
		return RME_ENOMEM;
	}
	memset(data, 'h', len);
	enum rme_err e = rme_packet_new(&pkt, &meta, data, len);
	free(data);
	return e != RME_OK ? e : rme_session_submit(s, pkt, NULL);
}

/* Takes all that comes until @p ends verdicts are there; keeps the first error. */
static void
receive(struct rme_session *s, unsigned ends, struct rme_error *err)
{
	const int64_t deadline = rmi_monotonic_ns() + WAIT_S * RMI_NS_PER_S;
	while (ends > 0) {
		struct rme_packet *pkt;
		enum rme_err e = rme_session_recv(s, &pkt, deadline);
		if (e != RME_OK) {
			(void)rme_error_set(err, RME_EIO, NULL, "no verdict came: %s", rme_err_name(e));
			return;
		}
		if (rme_packet_meta(pkt)->kind == RME_PACKET_ITEM_END) {
			const struct rme_verdict *v = rme_packet_verdict(pkt);
			if (err->code == RME_OK) {
				*err = v->error;
			}
			ends--;
		}
		rme_packet_unref(pkt);
	}
}

static void
run_session(const struct hostile *h, struct world *w, struct rme_session *s, struct rme_error *err)
{
	(void)w;
	enum rme_err e = submit(s, 8);
	e = e != RME_OK ? e : submit(s, h->big ? BIG_BYTES : 16);
	e = e != RME_OK ? e : rme_session_flush(s, NULL);
	if (e != RME_OK) {
		(void)rme_error_set(err, RME_EIO, NULL, "no item was taken: %s", rme_err_name(e));
		return;
	}
	receive(s, ITEMS + 1, err);
}

static void
run_node(const struct hostile *h, struct world *w, struct rme_error *err)
{
	struct rmi_wasm_node_config config = {0};
	const struct rme_node_type *type =
	    rme_runtime_find(w->rt, h->via == VIA_HYBRID ? "HybridWasmNode" : "WasmEdgeNode");
	const struct rme_value value = {.key = "module", .kind = RME_VALUE_TEXT, .text = h->name};
	const struct rme_params_in in = {&value, 1};
	const struct rme_node_spec spec = {.type = type, .config = &config, .name = "hostile"};
	const struct rme_plan_in plan_in = {.specs = &spec, .n = 1};
	struct rme_plan *plan = NULL;
	struct rme_session *s = NULL;
	enum rme_err e = rme_params_bind(type->params, &in, &config, NULL, err);
	e = e != RME_OK ? e : rme_plan_new(&plan, w->rt, &plan_in, err);
	e = e != RME_OK ? e : rme_session_open(&s, w->rt, plan, NULL, err);
	if (e == RME_OK) {
		err->code = RME_OK;
		run_session(h, w, s, err);
	}
	rme_session_free(s);
	rme_plan_free(plan);
	rme_params_done(type->params, &config);
}

static enum rme_err
call_each(struct rmi_wasm_instance *in, struct rme_error *err)
{
	const struct rme_bytes item = {(const uint8_t *)"12345678", 8};
	struct rme_bytes out;
	struct rmi_guest_estimate guess;
	float sure;
	enum rme_err e = rmi_wasm_instance_process(in, NULL, item, &out, err);
	e = e != RME_OK ? e : rmi_wasm_instance_next(in, NULL, &out, err);
	e = e != RME_OK ? e : rmi_wasm_instance_confidence(in, &sure, err);
	e = e != RME_OK ? e : rmi_wasm_instance_output_format(in, &out, err);
	e = e != RME_OK ? e : rmi_wasm_instance_estimate(in, item, &guess, err);
	e = e != RME_OK ? e : rmi_wasm_instance_flush(in, NULL, &out, err);
	return e != RME_OK ? e : rmi_wasm_instance_reset(in, err);
}

static void
run_direct(const struct hostile *h, struct rme_error *err)
{
	static const struct rmi_guest_env env = {.session_id = "direct"};
	static const struct rmi_guest_start start = {0};
	struct rmi_wasm_instance *in = NULL;
	enum rme_err e = rmi_wasm_instance_new(&in, h->held, err);
	e = e != RME_OK ? e : rmi_wasm_instance_open(in, &env, &start, err);
	e = e != RME_OK ? e : call_each(in, err);
	if (e == RME_OK) {
		err->code = RME_OK;
	}
	rmi_wasm_instance_free(in);
}

static enum rme_err
open_module(struct hostile *h, struct world *w, struct rmi_wasm_module **out, struct rme_error *err)
{
	const struct rmi_wasm_module_spec spec = {.name = h->name, .path = h->path, .limits = h->entry.limits};
	return rmi_wasm_module_open(out, w->engine, &spec, err);
}

static void
run_once(struct hostile *h, struct world *w)
{
	struct rme_error err = {0};
	if (h->held == NULL) {
		struct rmi_wasm_module *m = NULL;
		enum rme_err e = open_module(h, w, &m, &err);
		h->costly = e != RME_OK && strstr(err.text, "compil") != NULL;
		rmi_wasm_module_unref(m);
		note(h, e == RME_OK ? FATE_HARMLESS : FATE_REFUSED, &err);
		return;
	}
	if (h->via == VIA_DIRECT) {
		run_direct(h, &err);
	} else {
		run_node(h, w, &err);
	}
	note(h, fate_of(&err), &err);
}

void
hostile_run(struct hostile *h, struct world *w)
{
	if (h->runs >= h->rounds || (h->costly && h->runs > 0)) {
		return;
	}
	int64_t start = rmi_monotonic_ns();
	run_once(h, w);
	int64_t took = rmi_monotonic_ns() - start;
	h->took_ns += took;
	h->longest_ns = took > h->longest_ns ? took : h->longest_ns;
}

void
hostile_prepare(struct hostile_set *set, struct world *w, bool progress)
{
	int64_t said = rmi_monotonic_ns();
	for (size_t i = 0; i < set->n; i++) {
		struct hostile *h = &set->all[i];
		struct rme_error err = {0};
		int64_t start = rmi_monotonic_ns();
		if (open_module(h, w, &h->held, &err) != RME_OK) {
			h->held = NULL;
			h->costly = strstr(err.text, "compil") != NULL;
			if (h->costly || h->fate != FATE_REFUSED) {
				note(h, FATE_REFUSED, &err);
			}
		}
		int64_t now = rmi_monotonic_ns();
		if (progress && (now - said > 5 * RMI_NS_PER_S || now - start > RMI_NS_PER_S)) {
			(void)fprintf(stderr, "compiling: %zu of %zu, %s took %lld ms\n", i + 1, set->n, h->name,
			    (long long)((now - start) / RMI_NS_PER_MS));
			said = now;
		}
	}
}

void
hostile_release(struct hostile_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		rmi_wasm_module_unref(set->all[i].held);
	}
}
