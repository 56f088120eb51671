#include "wasm/wasm_process.h"

#include <stdio.h>
#include <stdlib.h>

#include "wasm/fiber_check.h"
#include "wasm/guard_check.h"
#include "wasm/host_modules.h"
#include "wasm/pin.h"
#include "wasm/self_module.h"
#include "wasm/watchdog.h"

/* The only writable globals of this layer, with those of fault_guard.c and lane.c; see the header. */
static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rmi_wasm_process *the_process;

static WasmEdge_Result
do_nothing(void *data, const WasmEdge_CallingFrameContext *frame, const WasmEdge_Value *params, WasmEdge_Value *results)
{
	(void)data;
	(void)frame;
	(void)params;
	(void)results;
	return WasmEdge_Result_Success;
}

static void
after_fork_in_child(void)
{
	if (the_process != NULL) {
		atomic_store(&the_process->forked, true);
	}
}

static enum rme_err
init_engine_objects(struct rmi_wasm_process *p, struct rme_error *err)
{
	const struct rmi_wasmedge *we = &p->we;
	p->i32 = we->ValTypeGenI32();
	p->i64 = we->ValTypeGenI64();
	p->f32 = we->ValTypeGenF32();
	p->f64 = we->ValTypeGenF64();
	p->conf = we->ConfigureCreate();
	p->store = we->StoreCreate();
	WasmEdge_FunctionTypeContext *type = we->FunctionTypeCreate(NULL, 0, NULL, 0);
	p->no_op = type != NULL ? we->FunctionInstanceCreate(type, do_nothing, NULL, 0) : NULL;
	we->FunctionTypeDelete(type);
	if (p->conf == NULL || p->store == NULL || p->no_op == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory for the WebAssembly engine");
	}
	return rmi_host_modules_register(p, err);
}

static enum rme_err
make_process(struct rmi_wasm_process **out, struct rme_error *err)
{
	struct rmi_wasm_process *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	enum rme_err e = rmi_wasmedge_load(&p->we, err);
	if (e != RME_OK) {
		free(p);
		return e;
	}
	pthread_mutex_init(&p->guard_lock, NULL);
	pthread_mutex_init(&p->lane_lock, NULL);
	pthread_mutex_init(&p->load_lock, NULL);
	p->guard_reason = "not started";
	(void)snprintf(p->fibers_reason, sizeof(p->fibers_reason), "not started");
	e = init_engine_objects(p, err);
	if (e == RME_OK && (!rmi_lane_key_init(p) || pthread_atfork(NULL, NULL, after_fork_in_child) != 0)) {
		e = rme_error_set(err, RME_ENOMEM, NULL, "no thread key is left for the WebAssembly engine");
	}
	e = e != RME_OK ? e : rmi_watchdog_start(&p->watchdog, p, err);
	if (e == RME_OK) {
		*out = p;
	}
	return e; /* on failure what was made stays: it cannot happen but at the end of all memory */
}

enum rme_err
rmi_wasm_process_get(struct rmi_wasm_process **out, struct rme_error *err)
{
	enum rme_err e = RME_OK;
	pthread_mutex_lock(&process_lock);
	if (the_process == NULL) {
		e = make_process(&the_process, err);
	}
	*out = the_process;
	pthread_mutex_unlock(&process_lock);
	return e;
}

static void
choose_guard(struct rmi_wasm_process *p, enum rmi_wasm_guard wanted)
{
	const char *problem = wanted == RMI_GUARD_INTERRUPTIBLE ? "asked for" : rmi_guard_check(p);
	p->guard = problem != NULL ? RMI_GUARD_INTERRUPTIBLE : RMI_GUARD_SIGNALS;
	p->guard_reason = problem != NULL               ? problem
	                  : wanted == RMI_GUARD_SIGNALS ? "asked for, and tried: works here"
	                                                : "tried: works here";
}

enum rme_err
rmi_wasm_process_guard(
    struct rmi_wasm_process *p, enum rmi_wasm_guard wanted, const struct rmi_code_source *source, struct rme_error *err)
{
	enum rme_err e = RME_OK;
	pthread_mutex_lock(&p->guard_lock);
	if (p->guard == RMI_GUARD_AUTO) {
		e = p->self.ast != NULL ? RME_OK : rmi_self_module_load(p, source, err);
		e = e != RME_OK ? e : rmi_pin_start(p, err);
		if (e == RME_OK) {
			p->fibers =
			    !source->no_fibers && rmi_fiber_check(p, p->fibers_reason, sizeof(p->fibers_reason));
			choose_guard(p, wanted);
		}
	}
	pthread_mutex_unlock(&p->guard_lock);
	return e;
}
