#include "wasm/instance.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "wasm/fault_guard.h"
#include "wasm/instance_state.h"
#include "wasm/module_state.h"
#include "wasm/watchdog.h"
#include "wasm/windows.h"

enum { PLACE_BYTES = 32 /* name of an export of the interface, and ": " */ };

static enum rme_err
set_death(struct rmi_wasm_instance *in, enum rme_err code, struct rme_error *err, const char *text)
{
	in->state = RMI_INSTANCE_DEAD;
	return rme_error_set(err, code, in->module->name, "module %s: %s", in->module->name, text);
}

enum rme_err
rmi_instance_die(struct rmi_wasm_instance *in, struct rme_error *err, const char *what)
{
	char text[RME_ERROR_TEXT_MAX];
	(void)snprintf(text, sizeof(text), "broke the interface: %s", what);
	return set_death(in, RME_EMODULE, err, text);
}

enum rme_err
rmi_instance_usable(const struct rmi_wasm_instance *in, struct rme_error *err)
{
	if (in->state == RMI_INSTANCE_DEAD) {
		return rme_error_set(err, RME_ECLOSED, in->module->name,
		    "module %s: this instance has ended; open a new one", in->module->name);
	}
	return RME_OK;
}

/* Why the guest was ended from outside. */
static enum rme_err
report_stop(struct rmi_wasm_instance *in, const char *place, const struct rmi_invoke *call, struct rme_error *err)
{
	char text[RME_ERROR_TEXT_MAX];
	long long limit_ms = in->module->limits.timeout_ns / RMI_NS_PER_MS;
	bool by_item = in->item_deadline_ns != 0 && call->deadline_ns == in->item_deadline_ns;
	switch (call->stop) {
	case RMI_STOP_TIMEOUT:
		if (by_item) {
			(void)snprintf(text, sizeof(text), "%sstopped at the deadline of the item", place);
		} else {
			(void)snprintf(text, sizeof(text), "%sstopped after %lld ms (limit)", place, limit_ms);
		}
		return set_death(in, RME_ETIMEDOUT, err, text);
	case RMI_STOP_CANCELED:
		(void)snprintf(text, sizeof(text), "%scanceled", place);
		return set_death(in, RME_ECANCELED, err, text);
	case RMI_STOP_STACK:
		(void)snprintf(
		    text, sizeof(text), "%strap: stack overflow (limit %d KiB)", place, RMI_STACK_USABLE_BYTES >> 10);
		break;
	case RMI_STOP_DIVISION:
		(void)snprintf(text, sizeof(text), "%strap: integer divide by zero", place);
		break;
	case RMI_STOP_GIVEN:
		(void)snprintf(text, sizeof(text), "%strap: it wrote to a result that it had given away", place);
		break;
	case RMI_STOP_FAULT:
	case RMI_STOP_NONE:
	default:
		(void)snprintf(text, sizeof(text), "%strap: out of bounds memory access", place);
		break;
	}
	return set_death(in, RME_EMODULE, err, text);
}

static enum rme_err
report_trap(struct rmi_wasm_instance *in, const char *place, const struct rmi_invoke *call, struct rme_error *err)
{
	char text[RME_ERROR_TEXT_MAX];
	if (in->gave_up) {
		(void)snprintf(text, sizeof(text), "%s%s", place, in->error_text);
	} else {
		(void)snprintf(
		    text, sizeof(text), "%strap: %s", place, rmi_wasmedge_text(&in->process->we, call->result));
	}
	return set_death(in, RME_EMODULE, err, text);
}

static enum rme_err
begin_call(struct rmi_wasm_instance *in, struct rmi_invoke *call, struct rme_error *err)
{
	enum rme_err e = rmi_instance_usable(in, err);
	if (e != RME_OK) {
		return e;
	}
	int64_t now = rmi_monotonic_ns();
	const char *name = in->module->name;
	if (in->entered) {
		return rme_error_set(
		    err, RME_EINVAL, name, "module %s: has a call open; it is never entered twice", name);
	}
	if (in->item_deadline_ns != 0 && in->item_deadline_ns <= now) {
		return rme_error_set(
		    err, RME_ETIMEDOUT, name, "module %s: the deadline passed before it was called", name);
	}
	call->deadline_ns = now + in->module->limits.timeout_ns;
	if (in->item_deadline_ns != 0 && in->item_deadline_ns < call->deadline_ns) {
		call->deadline_ns = in->item_deadline_ns;
	}
	return rmi_windows_enter(in, err);
}

enum rme_err
rmi_instance_call(struct rmi_wasm_instance *in, enum rmi_export_id id, struct rmi_invoke *call, struct rme_error *err)
{
	enum rme_err e = begin_call(in, call, err);
	if (e != RME_OK) {
		return e;
	}
	call->function = in->exports[id];
	in->has_error_text = in->gave_up = false;
	const struct rmi_invoke_target target = {
	    .process = in->process, .zone = &in->zone, .canceled = &in->canceled, .instance = in};
	in->entered = true;
	e = rmi_invoke(call, &target, err);
	in->entered = false;
	if (e != RME_OK) {
		return e;
	}
	bool ok = call->result.Code == WasmEdge_Result_Success.Code;
	if (ok && call->stop == RMI_STOP_NONE) {
		return RME_OK;
	}
	char place[PLACE_BYTES] = "";
	if (id != RMI_EXPORT_PROCESS) {
		(void)snprintf(place, sizeof(place), "%s: ", rmi_module_export_name(id));
	}
	return call->stop != RMI_STOP_NONE ? report_stop(in, place, call, err) : report_trap(in, place, call, err);
}

static bool
find_exports(struct rmi_wasm_instance *in)
{
	for (unsigned id = 0; id < RMI_EXPORT_COUNT_; id++) {
		if (!rmi_module_exports(&in->module->summary, (enum rmi_export_id)id)) {
			continue;
		}
		const char *name = id == RMI_EXPORT_PROCESS ? in->module->function_name
		                                            : rmi_module_export_name((enum rmi_export_id)id);
		const WasmEdge_String text = {.Length = (uint32_t)strlen(name), .Buf = name};
		in->exports[id] = in->process->we.ModuleInstanceFindFunction(in->guest, text);
		if (in->exports[id] == NULL) {
			return false;
		}
	}
	return true;
}

/* A memory that could not be reserved has no pages, and the engine says nothing. */
static bool
find_memory(struct rmi_wasm_instance *in)
{
	const struct rmi_wasmedge *we = &in->process->we;
	const struct rmi_module_summary *s = &in->module->summary;
	const WasmEdge_String name = {.Length = 6, .Buf = "memory"};
	in->memory = we->ModuleInstanceFindMemory(in->guest, name);
	if (in->memory == NULL || we->MemoryInstanceGetPageSize(in->memory) < s->memory_pages_min) {
		return false;
	}
	in->zone = (struct rmi_zone){.code_low = in->code->low,
	    .code_high = in->code->high,
	    .memory = we->MemoryInstanceGetPointer(in->memory, 0, 1),
	    .memory_bytes = (size_t)s->memory_pages_max * RMI_WASM_PAGE_BYTES,
	    .interruptible = in->code->interruptible};
	return in->zone.memory != NULL;
}

static enum rme_err
instantiate(struct rmi_wasm_instance *in, struct rme_error *err)
{
	const char *name = in->module->name;
	struct rmi_wasm_process *p = in->process;
	struct rmi_lane *lane;
	if (rmi_lane_running() != NULL) {
		return rme_error_set(err, RME_EINVAL, name, "module %s: opened from inside a module", name);
	}
	enum rme_err e = rmi_lane_of_thread(&lane, p, err);
	if (e != RME_OK) {
		return e;
	}
	rmi_fault_guard_check(false); /* other libraries and languages have handlers of their own */
	WasmEdge_Result r = p->we.ExecutorInstantiate(lane->executor, &in->guest, p->store, in->code->ast);
	if (r.Code != WasmEdge_Result_Success.Code) {
		in->guest = NULL;
		return rme_error_set(err, RME_EMODULE, name, "module %s: cannot be instantiated: %s", name,
		    rmi_wasmedge_text(&p->we, r));
	}
	if (!find_memory(in)) {
		return rme_error_set(err, RME_ELIMIT, name,
		    "module %s: no address space for its memory (12 GiB each are reserved; ulimit -v must not be set)",
		    name);
	}
	return find_exports(in) ? RME_OK
	                        : rme_error_set(err, RME_EMODULE, name, "module %s: an export is missing", name);
}

enum rme_err
rmi_wasm_instance_new(struct rmi_wasm_instance **out, struct rmi_wasm_module *m, struct rme_error *err)
{
	if (atomic_fetch_add(&m->process->instances, 1) >= RMI_WASM_INSTANCES_MAX) {
		atomic_fetch_sub(&m->process->instances, 1);
		return rme_error_set(err, RME_ELIMIT, m->name,
		    "module %s: %d instances are open in this process, the most there can be", m->name,
		    RMI_WASM_INSTANCES_MAX);
	}
	struct rmi_wasm_instance *in = calloc(1, sizeof(*in));
	if (in == NULL) {
		atomic_fetch_sub(&m->process->instances, 1);
		return rme_error_set(err, RME_ENOMEM, m->name, "out of memory");
	}
	in->module = rmi_wasm_module_ref(m);
	in->code = rmi_wasm_module_code(m);
	in->process = m->process;
	in->item = rme_packet_meta_init();
	enum rme_err e = instantiate(in, err);
	if (e == RME_OK && in->exports[RMI_EXPORT_START_REACTOR] != NULL) {
		struct rmi_invoke call = {.n_args = 0};
		e = rmi_instance_call(in, RMI_EXPORT_START_REACTOR, &call, err);
	}
	e = e != RME_OK ? e : rmi_instance_find_windows(in, err);
	if (e != RME_OK) {
		rmi_wasm_instance_free(in);
		return e;
	}
	*out = in;
	return RME_OK;
}

static void
end_session(struct rmi_wasm_instance *in)
{
	if (in->state != RMI_INSTANCE_OPEN || atomic_load(&in->canceled)) {
		return;
	}
	struct rmi_invoke call = {.n_results = 1};
	in->item_deadline_ns = 0;
	(void)!rmi_instance_call(in, RMI_EXPORT_CLEANUP, &call, NULL); /* whatever it says, it is over */
}

void
rmi_wasm_instance_free(struct rmi_wasm_instance *in)
{
	if (in == NULL) {
		return;
	}
	end_session(in);
	if (in->hooked) {
		rmi_cancel_unhook(in->env->cancel, &in->cancel_hook);
	}
	const struct rmi_guest_log_to to = rmi_instance_log_to(in);
	rmi_guest_log_end(&in->log, &to);
	rmi_host_service_done(in);
	if (in->guest != NULL) {
		in->process->we.ModuleInstanceDelete(in->guest);
	}
	rmi_windows_done(in);
	rmi_wasm_code_unref(in->code);
	atomic_fetch_sub(&in->process->instances, 1);
	if (!in->uncounted) {
		rmi_wasm_module_unref(in->module);
	}
	free(in);
}

static void
cancel_from_hook(void *ctx)
{
	rmi_wasm_instance_cancel(ctx);
}

/* The text for configure(): params, input format, session. @return NULL = out of memory, or params are no JSON object */
static char *
configuration(const struct rmi_wasm_instance *in, const struct rmi_guest_start *start, size_t *len)
{
	const char *params = start->params != NULL ? start->params : "{}";
	yyjson_doc *given = yyjson_read(params, strlen(params), 0);
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	char *text = NULL;
	if (given != NULL && doc != NULL && yyjson_is_obj(yyjson_doc_get_root(given))) {
		yyjson_mut_val *root = yyjson_mut_obj(doc);
		yyjson_mut_doc_set_root(doc, root);
		bool ok =
		    yyjson_mut_obj_add_val(doc, root, "params", yyjson_val_mut_copy(doc, yyjson_doc_get_root(given)));
		ok = ok && yyjson_mut_obj_add_str(doc, root, "input", start->input != NULL ? start->input : "");
		ok = ok && yyjson_mut_obj_add_str(
		               doc, root, "session", in->env->session_id != NULL ? in->env->session_id : "");
		text = ok ? yyjson_mut_write(doc, 0, len) : NULL;
	}
	yyjson_doc_free(given);
	yyjson_mut_doc_free(doc);
	return text;
}

static enum rme_err
call_configure(struct rmi_wasm_instance *in, const struct rmi_guest_start *start, struct rme_error *err)
{
	if (in->exports[RMI_EXPORT_CONFIGURE] == NULL) {
		return RME_OK;
	}
	size_t len;
	char *text = configuration(in, start, &len);
	if (text == NULL) {
		return rme_error_set(
		    err, RME_ECONFIG, in->module->name, "module %s: params must be a JSON object", in->module->name);
	}
	enum rme_err e = rmi_instance_put(in, text, len, err);
	free(text);
	if (e != RME_OK) {
		return e;
	}
	struct rmi_invoke call = {.args = {(int32_t)in->in.address, (int32_t)len}, .n_args = 2, .n_results = 1};
	e = rmi_instance_call(in, RMI_EXPORT_CONFIGURE, &call, err);
	if (e == RME_OK && (int32_t)call.value.Value < 0) {
		struct rme_error why = {0};
		(void)!rmi_instance_status(in, (int32_t)call.value.Value, &why);
		return rme_error_set(err, RME_ECONFIG, in->module->name, "%s", why.text);
	}
	return e;
}

static enum rme_err
call_initialize(struct rmi_wasm_instance *in, struct rme_error *err)
{
	const char *id = in->env->session_id != NULL ? in->env->session_id : "";
	enum rme_err e = rmi_instance_put(in, id, strlen(id) + 1, err);
	if (e != RME_OK) {
		return e;
	}
	struct rmi_invoke call = {.args = {(int32_t)in->in.address}, .n_args = 1, .n_results = 1};
	e = rmi_instance_call(in, RMI_EXPORT_INITIALIZE, &call, err);
	if (e == RME_OK && (int32_t)call.value.Value < 0) {
		e = rmi_instance_status(in, (int32_t)call.value.Value, err);
	}
	return e;
}

enum rme_err
rmi_wasm_instance_open(struct rmi_wasm_instance *in, const struct rmi_guest_env *env,
    const struct rmi_guest_start *start, struct rme_error *err)
{
	in->env = env;
	if (env->cancel != NULL) {
		in->cancel_hook = (struct rmi_cancel_hook){.fn = cancel_from_hook, .ctx = in};
		in->hooked = rmi_cancel_hook(env->cancel, &in->cancel_hook);
		if (!in->hooked) {
			rmi_wasm_instance_cancel(in);
		}
	}
	const struct rmi_asset_sink sink = {rmi_instance_take_asset, in};
	enum rme_err e = rmi_asset_give(&start->assets, &sink, err);
	e = e != RME_OK ? e : call_configure(in, start, err);
	e = e != RME_OK ? e : call_initialize(in, err);
	if (e == RME_OK) {
		in->state = RMI_INSTANCE_OPEN;
	}
	return e;
}

bool
rmi_wasm_instance_dead(const struct rmi_wasm_instance *in)
{
	return in->state == RMI_INSTANCE_DEAD;
}

bool
rmi_wasm_instance_outdated(const struct rmi_wasm_instance *in)
{
	return !rmi_wasm_module_code_is(in->module, in->code);
}

void
rmi_wasm_instance_cancel(struct rmi_wasm_instance *in)
{
	atomic_store(&in->canceled, true);
	rmi_watchdog_canceled(in->process->watchdog);
}

const struct rmi_guest_usage *
rmi_wasm_instance_usage(const struct rmi_wasm_instance *in)
{
	return &in->usage;
}

uint32_t
rmi_wasm_instance_pages(const struct rmi_wasm_instance *in)
{
	return in->process->we.MemoryInstanceGetPageSize(in->memory);
}

struct rmi_guest_log_to
rmi_instance_log_to(const struct rmi_wasm_instance *in)
{
	return (struct rmi_guest_log_to){.rt = in->env != NULL ? in->env->rt : NULL, .module = in->module->name};
}
