/*
 * bench_density PROBE.WASM - as many instances as one process takes: makes them, runs an item through each, and says what they
 * cost. One more must be refused with a clear error.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sides/side.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"
#include "wasm/module_limits.h"

enum { ROUNDS = 3 };

static struct rmi_wasm_instance *instances[RMI_WASM_INSTANCES_MAX];
static double made_us[RMI_WASM_INSTANCES_MAX];
static const struct rmi_guest_env env;

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		side_fail("bench_density: %s", err->text);
	}
}

void
side_measure(const char *row, struct side_answer *answer)
{
	(void)row;
	(void)answer;
}

static unsigned
count_mappings(void)
{
	unsigned n = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	for (int c; f != NULL && (c = getc(f)) != EOF;) {
		n += c == '\n' ? 1 : 0;
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	return n;
}

/* @return microseconds per item */
static double
run_items(void)
{
	double start = side_now_ns();
	for (size_t i = 0; i < RMI_WASM_INSTANCES_MAX; i++) {
		struct rme_error err = {0};
		struct rme_bytes out;
		const struct rmi_guest_item item = {.deadline_ns = 0};
		check(rmi_wasm_instance_process(
		          instances[i], &item, (struct rme_bytes){(const uint8_t *)"x", 1}, &out, &err),
		    &err);
	}
	return (side_now_ns() - start) / 1e3 / RMI_WASM_INSTANCES_MAX;
}

int
main(int argc, char **argv)
{
	struct rme_error err = {0};
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_module *module;
	struct rmi_wasm_instance *one_more = NULL;
	if (argc != 2) {
		side_fail("usage: bench_density PROBE.WASM");
	}
	check(rmi_wasm_engine_new(&engine, &(struct rmi_wasm_engine_config){.warm_instances = -1}, &err), &err);
	check(rmi_wasm_module_open(&module, engine, &(struct rmi_wasm_module_spec){.path = argv[1]}, &err), &err);
	double rss = side_rss_kib();
	unsigned mappings = count_mappings();
	for (size_t i = 0; i < RMI_WASM_INSTANCES_MAX; i++) {
		double start = side_now_ns();
		check(rmi_wasm_instance_new(&instances[i], module, &err), &err);
		made_us[i] = (side_now_ns() - start) / 1e3;
		check(rmi_wasm_instance_open(instances[i], &env, &(struct rmi_guest_start){0}, &err), &err);
	}
	qsort(made_us, RMI_WASM_INSTANCES_MAX, sizeof(made_us[0]), by_value);
	double item_us = run_items();
	for (int i = 1; i < ROUNDS; i++) {
		double again = run_items();
		item_us = again < item_us ? again : item_us;
	}
	if (rmi_wasm_instance_new(&one_more, module, &err) != RME_ELIMIT) {
		side_fail("bench_density: one more than %d was not refused", RMI_WASM_INSTANCES_MAX);
	}
	printf("one more: %s\n", err.text);
	printf("wasm/density instances %d new_p50_us %.2f item_us %.2f rss_kb %.2f mappings %.2f\n",
	    RMI_WASM_INSTANCES_MAX, made_us[RMI_WASM_INSTANCES_MAX / 2], item_us,
	    (side_rss_kib() - rss) / RMI_WASM_INSTANCES_MAX,
	    (double)(count_mappings() - mappings) / RMI_WASM_INSTANCES_MAX);
	for (size_t i = 0; i < RMI_WASM_INSTANCES_MAX; i++) {
		rmi_wasm_instance_free(instances[i]);
	}
	rmi_wasm_module_unref(module);
	rmi_wasm_engine_free(engine);
	return 0;
}
