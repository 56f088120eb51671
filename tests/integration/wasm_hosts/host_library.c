#include "host_library.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"

#define LOOP_NS (5 * RMI_NS_PER_MS)

static struct rmi_wasm_engine *engine;
static struct rmi_wasm_module *module;
static struct rmi_wasm_status status;
static _Thread_local char text[512];

static int
fail(enum rme_err e, const struct rme_error *err)
{
	(void)snprintf(text, sizeof(text), "%s: %s", rme_err_text(e), err->text);
	return -1;
}

int
wh_start(const char *path)
{
	struct rme_error err = {0};
	const struct rmi_wasm_engine_config config = {.optimize_first = true};
	enum rme_err e = rmi_wasm_engine_new(&engine, &config, &err);
	e = e != RME_OK ? e : rmi_wasm_module_open(&module, engine, &(struct rmi_wasm_module_spec){.path = path}, &err);
	if (e != RME_OK) {
		return fail(e, &err);
	}
	rmi_wasm_engine_status(engine, &status);
	return 0;
}

int
wh_stop(void)
{
	rmi_wasm_module_unref(module);
	rmi_wasm_engine_free(engine);
	return 0;
}

const char *
wh_guard(void)
{
	return rmi_wasm_guard_name(status.guard);
}

const char *
wh_error(void)
{
	return text;
}

/* Ask a new instance. @return 0 if it ended with this code */
static int
ask(const char *what, int64_t deadline_ns, enum rme_err wanted)
{
	static const struct rmi_guest_env env;
	struct rme_error err = {0};
	struct rme_bytes out = {0};
	struct rmi_wasm_instance *in = NULL;
	const struct rmi_guest_item item = {.deadline_ns = deadline_ns};
	enum rme_err e = rmi_wasm_instance_new(&in, module, &err);
	e = e != RME_OK ? e : rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, &err);
	if (e == RME_OK) {
		e = rmi_wasm_instance_process(
		    in, &item, (struct rme_bytes){(const uint8_t *)what, strlen(what)}, &out, &err);
	}
	bool right = e == wanted && (e != RME_OK || (out.len == 1 && out.data[0] == 'x'));
	rmi_wasm_instance_free(in);
	return right ? 0 : fail(e, &err);
}

int
wh_echo(void)
{
	return ask("echo x", 0, RME_OK);
}

int
wh_trap(void)
{
	return ask("trap oob", 0, RME_EMODULE);
}

int
wh_loop(void)
{
	return ask("loop ", rmi_monotonic_ns() + LOOP_NS, RME_ETIMEDOUT);
}

int
wh_fault(void)
{
	int *volatile nowhere = (int *)16;
	*nowhere = 1;
	return 0;
}

int
wh_has_handler(void)
{
	struct sigaction now;
	return sigaction(SIGSEGV, NULL, &now) == 0 && ((now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != SIG_DFL);
}
