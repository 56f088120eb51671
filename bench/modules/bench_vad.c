/*
 * bench_vad FAST_VAD.WASM SENTENCE [interruptible] - what 10 ms of audio cost the detector: natively, and in the engine, with the
 * guard that it takes by itself, or the one that checks a flag in every loop. Items of 20 ms, entry of the guest included; the
 * best of some rounds.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "modules/audio/fast_vad/vad_kernel.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"

enum { ITEM = 320, ROUNDS = 40, SAMPLES_MAX = 16000 * 16 };

static int16_t pcm[SAMPLES_MAX];
static size_t n_pcm;

static double
now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* One module opened by one engine. */
struct side {
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_module *module;
	struct rmi_wasm_instance *instance;
	struct rmi_guest_env env;
	double best_us;
};

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_vad: %s\n", err->text);
		exit(1);
	}
}

static void
side_open(struct side *s, enum rmi_wasm_guard guard, const char *path)
{
	struct rme_error err = {0};
	const struct rmi_wasm_engine_config config = {.guard = guard, .warm_instances = -1, .optimize_first = true};
	const struct rmi_wasm_module_spec spec = {.path = path};
	const struct rmi_guest_start start = {0};
	*s = (struct side){.best_us = 1e9};
	check(rmi_wasm_engine_new(&s->engine, &config, &err), &err);
	check(rmi_wasm_module_open(&s->module, s->engine, &spec, &err), &err);
	check(rmi_wasm_instance_new(&s->instance, s->module, &err), &err);
	check(rmi_wasm_instance_open(s->instance, &s->env, &start, &err), &err);
}

static void
side_close(struct side *s)
{
	rmi_wasm_instance_free(s->instance);
	rmi_wasm_module_unref(s->module);
	rmi_wasm_engine_free(s->engine);
}

static void
side_round(struct side *s)
{
	struct rme_error err = {0};
	const struct rmi_guest_item item = {0};
	size_t items = n_pcm / ITEM;
	double begin = now_us();
	for (size_t i = 0; i < items; i++) {
		struct rme_bytes out;
		const struct rme_bytes in = {(const uint8_t *)(pcm + i * ITEM), ITEM * sizeof(int16_t)};
		check(rmi_wasm_instance_process(s->instance, &item, in, &out, &err), &err);
	}
	double us = (now_us() - begin) / (double)items / 2;
	s->best_us = us < s->best_us ? us : s->best_us;
}

static double
native_round(struct vad *v)
{
	size_t items = n_pcm / ITEM;
	double begin = now_us();
	for (size_t i = 0; i < items; i++) {
		struct vad_summary sum;
		vad_push(v, pcm + i * ITEM, ITEM, &sum, NULL);
	}
	return (now_us() - begin) / (double)items / 2;
}

int
main(int argc, char **argv)
{
	FILE *f = argc >= 3 ? fopen(argv[2], "rb") : NULL;
	static struct vad vad;
	const struct vad_options o = {.threshold = 0.5F, .speech_ratio = 0.3F};
	struct side guest;
	int interruptible = argc > 3 && strcmp(argv[3], "interruptible") == 0;
	double native = 1e9;
	if (f == NULL) {
		(void)fprintf(stderr, "usage: bench_vad FAST_VAD.WASM SENTENCE [interruptible]\n");
		return 2;
	}
	n_pcm = fread(pcm, sizeof(int16_t), SAMPLES_MAX, f);
	(void)fclose(f);
	vad_init(&vad, &o);
	side_open(&guest, interruptible ? RMI_GUARD_INTERRUPTIBLE : RMI_GUARD_AUTO, argv[1]);
	for (int r = 0; r < ROUNDS; r++) {
		double us = native_round(&vad);
		native = us < native ? us : native;
		side_round(&guest);
	}
	printf("module/fast_vad%s native_us %.3f aot_us %.3f aot_ratio %.3f\n", interruptible ? "-interruptible" : "",
	    native, guest.best_us, guest.best_us / native);
	side_close(&guest);
	return 0;
}
