/*
 * bench_asr SIMPLE_ASR.WASM GRAMMAR UTTERANCE.s16le - what recognition costs as a share of the utterance's length, natively and
 * in the engine, and how long a new instance takes to be ready, model file included. Best of some rounds. Needs
 * pocketsphinx-en-us; ends with 77 without it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "modules/audio/simple_asr/asr.h"
#include "nodes/asr_pack.h"
#include "wasm/asset_list.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"

#define MODEL_DIR "/usr/share/pocketsphinx/model/en-us/"

enum { ROUNDS = 12, SAMPLES_MAX = 16000 * 30, SKIPPED = 77 };

static double
now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_asr: %s\n", err->text);
		exit(1);
	}
}

static void
keep_best(double *best, double v)
{
	*best = v < *best ? v : *best;
}

/* The packed model: in memory, and as a file. */
struct model {
	uint8_t *data;
	size_t len;
	char path[40];
};

static void
model_make(struct model *m, const char *grammar)
{
	const struct rmi_asr_pack_config c = {MODEL_DIR "en-us", MODEL_DIR "cmudict-en-us.dict", grammar};
	struct rme_error err = {0};
	check(rmi_asr_pack(&m->data, &m->len, &c, &err), &err);
	(void)snprintf(m->path, sizeof(m->path), "/tmp/bench_asr_XXXXXX");
	int fd = mkstemp(m->path);
	if (fd < 0 || write(fd, m->data, m->len) != (ssize_t)m->len || close(fd) != 0) {
		(void)fprintf(stderr, "bench_asr: cannot write %s\n", m->path);
		exit(1);
	}
}

struct native {
	struct asr asr;
	uint8_t *room;
	double start_ms, run_ms;
};

static void
native_round(struct native *n, const struct model *m, const int16_t *pcm, uint32_t samples)
{
	struct asr_model model;
	struct asr_verdict v;
	const char *why = "";
	double begin = now_ms();
	if (asr_model_open(&model, m->data, (uint32_t)m->len, &why) < 0) {
		(void)fprintf(stderr, "bench_asr: %s\n", why);
		exit(1);
	}
	if (n->room == NULL) {
		n->room = aligned_alloc(16, (asr_bytes(&model) + 15) & ~(uint64_t)15);
	}
	asr_init(&n->asr, &model, n->room);
	keep_best(&n->start_ms, now_ms() - begin);
	begin = now_ms();
	(void)asr_utterance(&n->asr, pcm, samples, &v);
	keep_best(&n->run_ms, now_ms() - begin);
}

struct guest {
	struct rmi_wasm_module *module;
	struct rmi_asset_list *assets;
	struct rmi_guest_env env;
	char *params;
	double start_ms, run_ms;
};

static void
guest_round(struct guest *g, const int16_t *pcm, uint32_t samples)
{
	struct rme_error err = {0};
	struct rmi_wasm_instance *in;
	struct rme_bytes out;
	const struct rmi_guest_item item = {0};
	const struct rmi_guest_start start = {.params = g->params, .assets = rmi_asset_list_source(g->assets)};
	const struct rme_bytes bytes = {(const uint8_t *)pcm, samples * sizeof(int16_t)};
	double begin = now_ms();
	check(rmi_wasm_instance_new(&in, g->module, &err), &err);
	check(rmi_wasm_instance_open(in, &g->env, &start, &err), &err);
	keep_best(&g->start_ms, now_ms() - begin);
	begin = now_ms();
	check(rmi_wasm_instance_process(in, &item, bytes, &out, &err), &err);
	keep_best(&g->run_ms, now_ms() - begin);
	rmi_wasm_instance_free(in);
}

static void
measure(const char *wasm, const struct model *m, const int16_t *pcm, uint32_t samples)
{
	static struct native native = {.start_ms = 1e9, .run_ms = 1e9};
	struct guest guest = {.start_ms = 1e9, .run_ms = 1e9};
	struct rmi_wasm_engine *engine;
	struct rme_error err = {0};
	char json[80];
	const struct rme_module_param param = {
	    .name = "model", .type = RME_MODULE_PARAM_ASSET, .has_max = true, .max = ASR_FILE_MAX};
	struct rme_module_entry entry;
	rme_module_entry_init(&entry, "simple_asr", wasm);
	entry.params = &param;
	entry.n_params = 1;
	const struct rmi_wasm_engine_config config = {.warm_instances = -1, .optimize_first = true};
	const struct rmi_wasm_module_spec spec = {.path = wasm, .limits = entry.limits};
	(void)snprintf(json, sizeof(json), "{\"model\":\"%s\"}", m->path);
	check(rmi_asset_list_take(&guest.assets, &guest.params, &entry, json, &err), &err);
	check(rmi_wasm_engine_new(&engine, &config, &err), &err);
	check(rmi_wasm_module_open(&guest.module, engine, &spec, &err), &err);
	for (int r = 0; r < ROUNDS; r++) {
		native_round(&native, m, pcm, samples);
		guest_round(&guest, pcm, samples);
	}
	double length_ms = samples / 16.0;
	printf("module/simple_asr native_share %.4f aot_share %.4f aot_ratio %.3f native_start_ms %.2f aot_start_ms "
	       "%.2f\n",
	    native.run_ms / length_ms, guest.run_ms / length_ms, guest.run_ms / native.run_ms, native.start_ms,
	    guest.start_ms);
	rmi_wasm_module_unref(guest.module);
	rmi_wasm_engine_free(engine);
	rmi_asset_list_free(guest.assets);
	free(guest.params);
	free(native.room);
}

int
main(int argc, char **argv)
{
	static int16_t pcm[SAMPLES_MAX];
	FILE *f = argc == 4 ? fopen(argv[3], "rb") : NULL;
	struct model m;
	if (f == NULL || access(MODEL_DIR "en-us", R_OK) != 0) {
		(void)fprintf(stderr, argc == 4 ? "bench_asr: install pocketsphinx-en-us pocketsphinx-testdata\n"
		                                : "usage: bench_asr SIMPLE_ASR.WASM GRAMMAR UTTERANCE.s16le\n");
		return argc == 4 ? SKIPPED : 2;
	}
	uint32_t samples = (uint32_t)fread(pcm, sizeof(int16_t), SAMPLES_MAX, f);
	(void)fclose(f);
	model_make(&m, argv[2]);
	measure(argv[1], &m, pcm, samples);
	(void)unlink(m.path);
	free(m.data);
	return 0;
}
