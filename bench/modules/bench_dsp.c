/*
 * bench_dsp FOLDER SENTENCE - what the DSP modules of FOLDER cost beside the same sources compiled natively: a second of audio
 * in items of 20 ms, entry of the guest included; the best of some rounds.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "modules/audio/audio_enhance/enhance.h"
#include "modules/audio/audio_preprocess/preprocess.h"
#include "modules/audio/denoise/denoise.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"

enum { ITEM = 320, ROUNDS = 25, SAMPLES_MAX = 16000 * 16, OUT_MAX = 65536 };

static int16_t pcm[SAMPLES_MAX];
static size_t n_pcm;
static uint8_t out_bytes[OUT_MAX];

static double
now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_dsp: %s\n", err->text);
		exit(1);
	}
}

/* The native side: a state, and what an item does to it. */
struct kernel {
	const char *module, *name, *params, *input;
	size_t state_bytes;
	void (*init)(void *state);
	void (*item)(void *state, const int16_t *in);
};

static void
denoise_start(void *state)
{
	denoise_init(state, DENOISE_ASR);
}

static void
denoise_item(void *state, const int16_t *in)
{
	(void)denoise_push(state, in, ITEM, (int16_t *)(void *)out_bytes);
}

static const struct preprocess_options resampling = {.in = {PCM_S16LE, 48000, 1},
    .out = {PCM_S16LE, 16000, 1},
    .quality = POLYPHASE_HQ,
    .high_pass_hz = 80,
    .limiter = 1,
    .ceiling_db = -1.0F};

static void
resample_start(void *state)
{
	(void)preprocess_init(state, &resampling);
}

static void
level_start(void *state)
{
	struct preprocess_options o = resampling;
	o.in.rate = 16000;
	o.agc = 1;
	o.target_lufs = -23.0F;
	o.max_gain_db = 30.0F;
	(void)preprocess_init(state, &o);
}

static void
preprocess_item(void *state, const int16_t *in)
{
	(void)preprocess_push(state, (const uint8_t *)in, ITEM, out_bytes);
}

static void
enhance_start(void *state)
{
	static const struct enhance_options o = {.format = PCM_S16LE,
	    .rate_in = 16000,
	    .rate_out = 48000,
	    .channels = 1,
	    .target_lufs = -16.0F,
	    .max_gain_db = 30.0F,
	    .ceiling_db = -1.0F,
	    .presence_db = 2.0F,
	    .de_ess_db = 6.0F};
	(void)enhance_init(state, &o);
}

static void
enhance_item(void *state, const int16_t *in)
{
	(void)enhance_push(state, (const uint8_t *)in, ITEM, out_bytes);
}

#define AUDIO(rate) "audio/pcm;format=s16le;rate=" rate ";channels=1"

static const struct kernel kernels[] = {
    {"denoise", "denoise", "{}", AUDIO("16000"), sizeof(struct denoise), denoise_start, denoise_item},
    {"audio_preprocess", "preprocess-48k", "{\"agc\":false}", AUDIO("48000"), sizeof(struct preprocess), resample_start,
        preprocess_item},
    {"audio_preprocess", "preprocess-agc", "{}", AUDIO("16000"), sizeof(struct preprocess), level_start,
        preprocess_item},
    {"audio_enhance", "enhance-48k", "{\"output_sample_rate\":48000}", AUDIO("16000"), sizeof(struct enhance),
        enhance_start, enhance_item},
};

static double
guest_round(struct rmi_wasm_instance *instance)
{
	struct rme_error err = {0};
	const struct rmi_guest_item item = {0};
	double begin = now_us();
	for (size_t at = 0; at + ITEM <= n_pcm; at += ITEM) {
		struct rme_bytes out;
		const struct rme_bytes in = {(const uint8_t *)(pcm + at), ITEM * sizeof(int16_t)};
		check(rmi_wasm_instance_process(instance, &item, in, &out, &err), &err);
	}
	return now_us() - begin;
}

static double
native_round(const struct kernel *k, void *state)
{
	double begin = now_us();
	for (size_t at = 0; at + ITEM <= n_pcm; at += ITEM) {
		k->item(state, pcm + at);
	}
	return now_us() - begin;
}

/* A large module runs plain code until it is optimized. */
static void
wait_for_best(const struct rmi_wasm_module *module)
{
	struct rmi_wasm_code_info info = {0};
	for (int i = 0; i < 1200; i++) {
		rmi_wasm_module_code_info(module, &info);
		if (info.optimize_level > 0) {
			return;
		}
		const struct timespec pause = {.tv_nsec = 100000000};
		(void)nanosleep(&pause, NULL);
	}
	(void)fprintf(stderr, "bench_dsp: it was not optimized within two minutes\n");
	exit(1);
}

static void
measure(const struct kernel *k, const char *folder)
{
	struct rme_error err = {0};
	char path[512];
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_module *module;
	struct rmi_wasm_instance *instance;
	struct rmi_guest_env env = {0};
	(void)snprintf(path, sizeof path, "%s/%s.wasm", folder, k->module);
	const struct rmi_wasm_engine_config config = {.warm_instances = -1};
	const struct rmi_wasm_module_spec spec = {.path = path};
	const struct rmi_guest_start start = {.params = k->params, .input = k->input};
	void *state = calloc(1, k->state_bytes);
	double best[2] = {1e12, 1e12};
	check(rmi_wasm_engine_new(&engine, &config, &err), &err);
	check(rmi_wasm_module_open(&module, engine, &spec, &err), &err);
	wait_for_best(module);
	check(rmi_wasm_instance_new(&instance, module, &err), &err);
	check(rmi_wasm_instance_open(instance, &env, &start, &err), &err);
	k->init(state);
	for (int r = 0; r < ROUNDS; r++) {
		double us = native_round(k, state);
		best[0] = us < best[0] ? us : best[0];
		us = guest_round(instance);
		best[1] = us < best[1] ? us : best[1];
	}
	double seconds = (double)n_pcm / (strstr(k->input, "48000") != NULL ? 48000.0 : 16000.0);
	printf("module/%s native_rtf %.5f aot_rtf %.5f aot_ratio %.3f\n", k->name, best[0] / 1e6 / seconds,
	    best[1] / 1e6 / seconds, best[1] / best[0]);
	rmi_wasm_instance_free(instance);
	rmi_wasm_module_unref(module);
	rmi_wasm_engine_free(engine);
	free(state);
}

int
main(int argc, char **argv)
{
	FILE *f = argc >= 3 ? fopen(argv[2], "rb") : NULL;
	if (f == NULL) {
		(void)fprintf(stderr, "usage: bench_dsp FOLDER SENTENCE\n");
		return 2;
	}
	n_pcm = fread(pcm, sizeof(int16_t), SAMPLES_MAX, f);
	(void)fclose(f);
	for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++) {
		measure(&kernels[k], argv[1]);
	}
	return 0;
}
