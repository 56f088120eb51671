#include "wasm/pin.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "wasm/fault_guard.h"

enum { STACK_BYTES = 256 << 10 };

/* (module (import "p" "park" (func)) (func (export "run") call 0)) */
static const uint8_t pin_module[] = {0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, /* header */
    0x01, 0x04, 0x01, 0x60, 0x00, 0x00,                                              /* type () -> () */
    0x02, 0x0a, 0x01, 0x01, 'p', 0x04, 'p', 'a', 'r', 'k', 0x00, 0x00,               /* import */
    0x03, 0x02, 0x01, 0x00,                                                          /* one function */
    0x07, 0x07, 0x01, 0x03, 'r', 'u', 'n', 0x00, 0x01,                               /* export */
    0x0a, 0x06, 0x01, 0x04, 0x00, 0x10, 0x00, 0x0b};                                 /* call 0 */

/* Shared with the pin thread until it has said how it went. */
struct pin {
	struct rmi_wasm_process *p;
	int object_fd;
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

static WasmEdge_ASTModuleContext *
load_pin(struct pin *pin)
{
	const struct rmi_wasmedge *we = &pin->p->we;
	char path[32];
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", pin->object_fd);
	WasmEdge_LoaderContext *loader = we->LoaderCreate(pin->p->conf);
	WasmEdge_ValidatorContext *validator = we->ValidatorCreate(pin->p->conf);
	WasmEdge_ASTModuleContext *ast = NULL;
	if (we->LoaderParseFromFile(loader, &ast, path).Code != 0 || we->ValidatorValidate(validator, ast).Code != 0) {
		we->ASTModuleDelete(ast);
		ast = NULL;
	}
	we->LoaderDelete(loader);
	we->ValidatorDelete(validator);
	return ast;
}

/* Everything made here belongs to a thread that never ends. */
static void
enter_pin(struct pin *pin)
{
	const struct rmi_wasmedge *we = &pin->p->we;
	const WasmEdge_String module = {.Length = 1, .Buf = "p"}, name = {.Length = 4, .Buf = "park"};
	const WasmEdge_String run = {.Length = 3, .Buf = "run"};
	WasmEdge_ASTModuleContext *ast = load_pin(pin);
	if (ast == NULL) {
		tell(pin, "its code cannot be loaded");
		return;
	}
	WasmEdge_ExecutorContext *executor = we->ExecutorCreate(pin->p->conf, NULL);
	WasmEdge_StoreContext *store = we->StoreCreate();
	WasmEdge_ModuleInstanceContext *host = we->ModuleInstanceCreate(module), *guest = NULL;
	WasmEdge_FunctionTypeContext *type = we->FunctionTypeCreate(NULL, 0, NULL, 0);
	we->ModuleInstanceAddFunction(host, name, we->FunctionInstanceCreate(type, park, pin, 0));
	we->FunctionTypeDelete(type);
	if (we->ExecutorRegisterImport(executor, store, host).Code != 0 ||
	    we->ExecutorInstantiate(executor, &guest, store, ast).Code != 0) {
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
	pthread_attr_t attr;
	sigset_t all, before;
	sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &before);
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK_BYTES);
	int e = pthread_create(&thread, &attr, pin_thread, pin);
	(void)pthread_attr_destroy(&attr);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return e;
}

enum rme_err
rmi_pin_start(struct rmi_wasm_process *p, const struct rmi_code_source *source, struct rme_error *err)
{
	struct pin pin = {.p = p, .object_fd = -1};
	enum rme_err e =
	    source->compile(source->ctx, (struct rme_bytes){pin_module, sizeof(pin_module)}, &pin.object_fd, err);
	if (e != RME_OK) {
		return e;
	}
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
