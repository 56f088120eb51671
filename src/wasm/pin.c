#include "wasm/pin.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/quiet_thread.h"
#include "wasm/fault_guard.h"
#include "wasm/self_module.h"

enum { STACK_BYTES = 256 << 10 };

/* Shared with the pin thread until it has said how it went. */
struct pin {
	struct rmi_wasm_process *p;
	struct rmi_saved_actions before;
	sem_t told;
	bool parked;
	char text[96];
};

static void
tell(struct pin *pin, const char *text)
{
	(void)snprintf(pin->text, sizeof(pin->text), "%s", text);
	sem_post(&pin->told);
}

static WasmEdge_Result
park(void *data, const WasmEdge_CallingFrameContext *frame, const WasmEdge_Value *params, WasmEdge_Value *results)
{
	(void)frame;
	(void)params;
	(void)results;
	struct pin *pin = data;
	if (!rmi_fault_guard_install(&pin->before)) {
		return WasmEdge_Result_Terminate;
	}
	pin->parked = true;
	tell(pin, "");
	for (;;) {
		(void)pause();
	}
}

/* Everything made here belongs to a thread that never ends. */
static void
enter_pin(struct pin *pin)
{
	const struct rmi_wasmedge *we = &pin->p->we;
	const WasmEdge_String run = {.Length = 3, .Buf = "run"};
	WasmEdge_ExecutorContext *executor = we->ExecutorCreate(pin->p->conf, NULL);
	WasmEdge_StoreContext *store = we->StoreCreate();
	WasmEdge_ModuleInstanceContext *host = rmi_self_module_host(pin->p, park, pin), *guest = NULL;
	if (host == NULL || we->ExecutorRegisterImport(executor, store, host).Code != 0 ||
	    we->ExecutorInstantiate(executor, &guest, store, pin->p->self.ast).Code != 0) {
		tell(pin, "it cannot be instantiated");
		return;
	}
	rmi_fault_guard_save(&pin->before);
	(void)we->ExecutorInvoke(executor, we->ModuleInstanceFindFunction(guest, run), NULL, 0, NULL, 0);
	tell(pin, "the engine did not install a signal handler");
}

static void *
pin_thread(void *arg)
{
	(void)prctl(PR_SET_NAME, "rme-pin");
	enter_pin(arg);
	return NULL;
}

static int
start_thread(struct pin *pin)
{
	pthread_t thread;
	int e = rmi_quiet_thread(&thread, pin_thread, pin, STACK_BYTES);
	if (e == 0) {
		(void)pthread_detach(thread);
	}
	return e;
}

enum rme_err
rmi_pin_start(struct rmi_wasm_process *p, struct rme_error *err)
{
	struct pin pin = {.p = p};
	sem_init(&pin.told, 0, 0);
	int failed = start_thread(&pin);
	if (failed != 0) {
		return rme_error_set(err, RME_ENOMEM, NULL, "no thread for the pin: %s", strerror(failed));
	}
	while (sem_wait(&pin.told) != 0) {
	}
	/* From here on the thread does not look at the pin any more. */
	if (!pin.parked) {
		return rme_error_set(
		    err, RME_EUNSUPPORTED, NULL, "the guard of modules cannot be started: %s", pin.text);
	}
	return RME_OK;
}
