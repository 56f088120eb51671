/*
 * bench_windows FRAMES.WASM - what it costs to get a large item to a module and its result back: by copying, and through shared
 * windows. The module touches one byte in 64 KiB, so that the way is measured and not the work. Both in turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/frame_ring.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"

enum { ROUNDS = 301, WARM_UP = 10 };

static struct rmi_wasm_engine *engine;
static struct rmi_wasm_module *module;
static const struct rmi_guest_env env;

static void
check(enum rme_err e, const char *what)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_windows: %s: %s\n", what, rme_err_text(e));
		exit(1);
	}
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void
open_module(const char *path)
{
	struct rme_error err = {0};
	const struct rmi_wasm_engine_config config = {.cache_dir = "", .warm_instances = -1, .optimize_first = true};
	const struct rmi_wasm_module_spec spec = {.path = path, .limits = {.result_bytes = 16 << 20}};
	check(rmi_wasm_engine_new(&engine, &config, &err), err.text);
	check(rmi_wasm_module_open(&module, engine, &spec, &err), err.text);
}

static struct rmi_wasm_instance *
open_instance(void)
{
	struct rme_error err = {0};
	struct rmi_wasm_instance *in = NULL;
	check(rmi_wasm_instance_new(&in, module, &err), err.text);
	check(rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, &err), err.text);
	return in;
}

static struct rme_packet *
item(struct rmi_frame_source *from, char what, size_t len)
{
	const struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p;
	uint8_t *data;
	check(from != NULL ? rmi_frame_source_packet(from, &p, &meta, len, &data)
	                   : rme_packet_alloc(&p, &meta, len, &data),
	    "no packet");
	memset(data, 1, len);
	data[0] = (uint8_t)what;
	return p;
}

static void
process(struct rmi_wasm_instance *in, const struct rme_packet *p, struct rme_bytes *out)
{
	struct rme_error err = {0};
	struct rme_bytes data;
	data.data = rme_packet_data(p, &data.len);
	check(rmi_wasm_instance_process(in, &(struct rmi_guest_item){.packet = p}, data, out, &err), err.text);
}

/* Microseconds for an item in. */
static double
in_once(struct rmi_wasm_instance *in, const struct rme_packet *p)
{
	struct rme_bytes out;
	int64_t start = rmi_monotonic_ns();
	process(in, p, &out);
	return (double)(rmi_monotonic_ns() - start) / 1e3;
}

/* Microseconds for a result out, into a packet that is dropped at once. */
static double
out_once(struct rmi_wasm_instance *in, const struct rme_packet *p, bool copy)
{
	const struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *result;
	struct rme_bytes out;
	int64_t start = rmi_monotonic_ns();
	process(in, p, &out);
	check(copy ? rme_packet_new(&result, &meta, out.data, out.len)
	           : rmi_wasm_instance_packet(in, &meta, out, &result),
	    "no result");
	rme_packet_unref(result);
	return (double)(rmi_monotonic_ns() - start) / 1e3;
}

static void
measure(const char *name, size_t len)
{
	static double copied[ROUNDS], shared[ROUNDS], out_copied[ROUNDS], out_shared[ROUNDS];
	struct rmi_frame_source ring = {0};
	struct rme_packet *plain = item(NULL, 't', len), *frame = item(&ring, 't', len), *order = item(&ring, 'z', len);
	struct rmi_wasm_instance *by_copy = open_instance(), *by_window = open_instance();
	for (int r = -WARM_UP; r < ROUNDS; r++) {
		int at = r < 0 ? 0 : r;
		copied[at] = in_once(by_copy, plain);
		shared[at] = in_once(by_window, frame);
		out_copied[at] = out_once(by_window, order, true);
		out_shared[at] = out_once(by_window, order, false);
	}
	double in_copy = median(copied, ROUNDS), in_window = median(shared, ROUNDS);
	double out_copy = median(out_copied, ROUNDS), out_window = median(out_shared, ROUNDS);
	printf(
	    "windows/%s in_copy_us %.2f in_window_us %.2f in_ratio %.4f out_copy_us %.2f out_window_us %.2f out_ratio "
	    "%.4f\n",
	    name, in_copy, in_window, in_window / in_copy, out_copy, out_window, out_window / out_copy);
	rmi_wasm_instance_free(by_copy);
	rmi_wasm_instance_free(by_window);
	rme_packet_unref(plain);
	rme_packet_unref(frame);
	rme_packet_unref(order);
	rmi_frame_source_done(&ring);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench_windows FRAMES.WASM\n");
		return 2;
	}
	open_module(argv[1]);
	measure("96KB", 96 << 10);
	measure("256KB", 256 << 10);
	measure("1MB", 1 << 20);
	measure("1080p", 1920 * 1080 * 3);
	rmi_wasm_module_unref(module);
	rmi_wasm_engine_free(engine);
	return 0;
}
