/* Runs a module of the fuzzer under the guard, as a session would. */
#include "guarded_run.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"

/* Kept until the end: a process has one engine library anyway. */
static struct rmi_wasm_engine *engines[2];

/* At the end, for whoever wants to know whether anything was run at all. */
static struct {
	unsigned long long opened, refused, finished, ended;
} count[2];

static void
say(void)
{
	for (int i = 0; i < 2; i++) {
		(void)fprintf(stderr, "%s: %llu opened, %llu not, %llu ran to the end, %llu were ended\n",
		    i != 0 ? "compiled" : "interpreted", count[i].opened, count[i].refused, count[i].finished,
		    count[i].ended);
	}
}

static struct rmi_wasm_engine *
engine(bool compiled)
{
	if (engines[0] == NULL) {
		(void)atexit(say);
	}
	if (engines[compiled] == NULL) {
		const struct rmi_wasm_engine_config config = {
		    .cache_dir = "", .interpret = !compiled, .warm_instances = -1};
		struct rme_error err;
		if (rmi_wasm_engine_new(&engines[compiled], &config, &err) != RME_OK) {
			abort();
		}
	}
	return engines[compiled];
}

/* Every error has a text that people can read. */
static enum rme_err
checked(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK && (err->code != e || err->text[0] == '\0')) {
		abort();
	}
	return e;
}

static enum rme_err
call_all(struct rmi_wasm_instance *in, struct rme_error *err)
{
	static const struct rmi_guest_env env = {.session_id = "fuzz"};
	static const struct rmi_guest_start start = {0};
	const struct rme_bytes item = {(const uint8_t *)"an item", 7};
	struct rme_bytes out = {0};
	struct rmi_guest_estimate guess;
	float sure;
	enum rme_err e = checked(rmi_wasm_instance_open(in, &env, &start, err), err);
	for (int i = 0; i < 3 && e == RME_OK; i++) {
		e = checked(rmi_wasm_instance_process(in, NULL, item, &out, err), err);
		e = e != RME_OK ? e : checked(rmi_wasm_instance_next(in, NULL, &out, err), err);
		e = e != RME_OK ? e : checked(rmi_wasm_instance_confidence(in, &sure, err), err);
		e = e != RME_OK ? e : checked(rmi_wasm_instance_output_format(in, &out, err), err);
		e = e != RME_OK ? e : checked(rmi_wasm_instance_estimate(in, item, &guess, err), err);
		e = e != RME_OK ? e : checked(rmi_wasm_instance_flush(in, NULL, &out, err), err);
		e = e != RME_OK ? e : checked(rmi_wasm_instance_reset(in, err), err);
	}
	return e;
}

bool
guarded_run(const uint8_t *wasm, size_t len, bool compiled, bool run)
{
	const struct rmi_wasm_module_spec spec = {.name = "fuzz",
	    .bytes = {wasm, len},
	    .limits = {.memory_bytes = 1 << 20, .timeout_ns = 5 * RMI_NS_PER_MS, .result_bytes = 4096}};
	struct rmi_wasm_module *m = NULL;
	struct rmi_wasm_instance *in = NULL;
	struct rme_error err = {0};
	enum rme_err e = checked(rmi_wasm_module_open(&m, engine(compiled), &spec, &err), &err);
	if (e != RME_OK) {
		count[compiled].refused++;
		if (getenv("FUZZ_SAY") != NULL) {
			(void)fprintf(stderr, "%s\n", err.text);
		}
		return false;
	}
	count[compiled].opened++;
	if (run) {
		e = checked(rmi_wasm_instance_new(&in, m, &err), &err);
		e = e != RME_OK ? e : call_all(in, &err);
		rmi_wasm_instance_free(in);
		count[compiled].finished += e == RME_OK;
		count[compiled].ended += e != RME_OK;
	}
	rmi_wasm_module_unref(m);
	return true;
}
