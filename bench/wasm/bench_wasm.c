/*
 * bench_wasm PROBE.WASM LARGE.WASM - what it costs to enter a guest, to call the host from it, to make an instance, to start
 * from nothing with a compiled module in the cache, how late after its deadline a runaway guest is stopped, and how long
 * a large module takes from its arrival to its first result when nobody has compiled it before.
 *
 * `bench_wasm PROBE.WASM CACHE start` is the start from nothing: the program calls itself so.
 */

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"

enum { ROUNDS = 31, CALLS = 20000, INSTANCES = 500, HOST_CALLS = 1000, STOPS = 200, STARTS = 11, ARRIVALS = 7 };

extern char **environ;

static struct rmi_wasm_engine *engine;
static struct rmi_wasm_module *module;
static const struct rmi_guest_env env;

static void
check(enum rme_err e, const struct rme_error *err)
{
	if (e != RME_OK) {
		(void)fprintf(stderr, "bench_wasm: %s\n", err->text);
		exit(1);
	}
}

/* Of this thread's processor time: other work of the machine does not count. */
static int64_t
cpu_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * RMI_NS_PER_S + t.tv_nsec;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
quantile(double *v, size_t n, double q)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[(size_t)(q * (double)(n - 1))];
}

static void
open_module(const char *path, const char *cache)
{
	struct rme_error err = {0};
	const struct rmi_wasm_engine_config config = {.cache_dir = cache, .warm_instances = -1, .optimize_first = true};
	const struct rmi_wasm_module_spec spec = {.path = path};
	check(rmi_wasm_engine_new(&engine, &config, &err), &err);
	check(rmi_wasm_module_open(&module, engine, &spec, &err), &err);
}

static struct rmi_wasm_instance *
open_instance(void)
{
	struct rme_error err = {0};
	struct rmi_wasm_instance *in = NULL;
	check(rmi_wasm_instance_new(&in, module, &err), &err);
	check(rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, &err), &err);
	return in;
}

static enum rme_err
process(struct rmi_wasm_instance *in, const char *what, int64_t deadline_ns, struct rme_error *err)
{
	struct rme_bytes out;
	const struct rmi_guest_item item = {.deadline_ns = deadline_ns};
	return rmi_wasm_instance_process(in, &item, (struct rme_bytes){(const uint8_t *)what, 1}, &out, err);
}

static void
measure_entry(void)
{
	struct rme_error err = {0};
	struct rmi_wasm_instance *in = open_instance();
	double enter[ROUNDS], item[ROUNDS], host[ROUNDS];
	for (int r = 0; r < ROUNDS; r++) {
		int64_t start = cpu_ns();
		for (int i = 0; i < CALLS; i++) {
			check(rmi_wasm_instance_reset(in, &err), &err);
		}
		int64_t middle = cpu_ns();
		for (int i = 0; i < CALLS; i++) {
			check(process(in, "x", 0, &err), &err);
		}
		int64_t end = cpu_ns();
		check(process(in, "h", 0, &err), &err);
		host[r] = (double)(cpu_ns() - end) / HOST_CALLS;
		enter[r] = (double)(middle - start) / CALLS;
		item[r] = (double)(end - middle) / CALLS;
	}
	printf("wasm/entry p50_ns %.1f item_p50_ns %.1f host_call_p50_ns %.1f\n", quantile(enter, ROUNDS, 0.5),
	    quantile(item, ROUNDS, 0.5), quantile(host, ROUNDS, 0.5));
	rmi_wasm_instance_free(in);
}

static void
measure_instances(void)
{
	static double make[INSTANCES], end[INSTANCES];
	struct rme_error err = {0};
	for (int i = 0; i < INSTANCES; i++) {
		struct rmi_wasm_instance *in = NULL;
		int64_t start = cpu_ns();
		check(rmi_wasm_instance_new(&in, module, &err), &err);
		int64_t made = cpu_ns();
		rmi_wasm_instance_free(in);
		make[i] = (double)(made - start) / 1e3;
		end[i] = (double)(cpu_ns() - made) / 1e3;
	}
	printf("wasm/instance new_p50_us %.2f free_p50_us %.2f\n", quantile(make, INSTANCES, 0.5),
	    quantile(end, INSTANCES, 0.5));
}

static void
measure_stops(void)
{
	static double late[STOPS];
	for (int i = 0; i < STOPS; i++) {
		struct rme_error err = {0};
		struct rmi_wasm_instance *in = open_instance();
		int64_t deadline = rmi_monotonic_ns() + 3 * RMI_NS_PER_MS;
		if (process(in, "l", deadline, &err) != RME_ETIMEDOUT) {
			(void)fprintf(stderr, "bench_wasm: an endless loop was not stopped: %s\n", err.text);
			exit(1);
		}
		late[i] = (double)(rmi_monotonic_ns() - deadline) / 1e3;
		rmi_wasm_instance_free(in);
	}
	printf("wasm/stop p50_us %.1f p99_us %.1f\n", quantile(late, STOPS, 0.5), quantile(late, STOPS, 0.99));
}

/* The program again, with the module in the cache. @return milliseconds that it prints, and those of processor time */
static double
start_from_nothing(const char *path, const char *cache, double *cpu)
{
	int ends[2];
	char self[] = "/proc/self/exe", module_path[512], folder[512], answer[64] = "";
	(void)snprintf(module_path, sizeof(module_path), "%s", path);
	(void)snprintf(folder, sizeof(folder), "%s", cache);
	char word[] = "start";
	char *argv[] = {self, module_path, folder, word, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int status = -1;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		exit(1);
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	int e = posix_spawn(&pid, self, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	ssize_t n = e == 0 ? read(ends[0], answer, sizeof(answer) - 1) : -1;
	close(ends[0]);
	if (e != 0 || waitpid(pid, &status, 0) < 0 || status != 0 || n <= 0) {
		(void)fprintf(stderr, "bench_wasm: cannot start itself\n");
		exit(1);
	}
	char *rest;
	double wall = strtod(answer, &rest);
	*cpu = strtod(rest, NULL);
	return wall;
}

static void
measure_starts(const char *path, const char *cache)
{
	double ms[STARTS], cpu[STARTS];
	for (int i = 0; i < STARTS; i++) {
		ms[i] = start_from_nothing(path, cache, &cpu[i]);
	}
	printf("wasm/cold_start p50_ms %.2f cpu_p50_ms %.2f\n", quantile(ms, STARTS, 0.5), quantile(cpu, STARTS, 0.5));
}

static void
remove_folder(const char *path)
{
	DIR *dir = opendir(path);
	for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
		(void)unlinkat(dirfd(dir), d->d_name, 0);
	}
	if (dir != NULL) {
		closedir(dir);
	}
	(void)rmdir(path);
}

/* Processor time of compilers that have ended. */
static int64_t
children_ns(void)
{
	struct rusage u;
	(void)getrusage(RUSAGE_CHILDREN, &u);
	return ((int64_t)u.ru_utime.tv_sec + u.ru_stime.tv_sec) * RMI_NS_PER_S +
	       ((int64_t)u.ru_utime.tv_usec + u.ru_stime.tv_usec) * RMI_NS_PER_US;
}

/* Milliseconds from a file that nobody has seen before to its first result, and those of processor time. */
static double
arrive(const char *path, bool optimize_first, double *cpu)
{
	struct rme_error err = {0};
	char cache[] = "/tmp/rme-bench-arrival.XXXXXX";
	struct rmi_wasm_engine *e;
	struct rmi_wasm_module *m;
	struct rmi_wasm_instance *in;
	struct rme_bytes out;
	if (mkdtemp(cache) == NULL) {
		exit(1);
	}
	const struct rmi_wasm_engine_config config = {
	    .cache_dir = cache, .warm_instances = -1, .optimize_first = optimize_first};
	check(rmi_wasm_engine_new(&e, &config, &err), &err);
	check(rmi_wasm_engine_start(e, &err), &err);
	int64_t start = rmi_monotonic_ns(), start_cpu = cpu_ns() + children_ns();
	check(rmi_wasm_module_open(&m, e, &(struct rmi_wasm_module_spec){.path = path}, &err), &err);
	check(rmi_wasm_instance_new(&in, m, &err), &err);
	check(rmi_wasm_instance_open(in, &env, &(struct rmi_guest_start){0}, &err), &err);
	check(rmi_wasm_instance_process(in, NULL, (struct rme_bytes){(const uint8_t *)"abcd", 4}, &out, &err), &err);
	int64_t end = rmi_monotonic_ns();
	*cpu = (double)(cpu_ns() + children_ns() - start_cpu) / 1e6;
	rmi_wasm_instance_free(in);
	rmi_wasm_module_unref(m);
	rmi_wasm_engine_free(e);
	remove_folder(cache);
	return (double)(end - start) / 1e6;
}

static void
measure_arrival(const char *path)
{
	double plain[ARRIVALS], optimized[ARRIVALS], cpu[ARRIVALS], cpu_optimized[ARRIVALS];
	for (int i = 0; i < ARRIVALS; i++) {
		plain[i] = arrive(path, false, &cpu[i]);
		optimized[i] = arrive(path, true, &cpu_optimized[i]);
	}
	printf("wasm/arrival min_ms %.1f p50_ms %.1f cpu_p50_ms %.1f optimized_first_p50_ms %.1f "
	       "optimized_first_cpu_p50_ms "
	       "%.1f\n",
	    quantile(plain, ARRIVALS, 0), quantile(plain, ARRIVALS, 0.5), quantile(cpu, ARRIVALS, 0.5),
	    quantile(optimized, ARRIVALS, 0.5), quantile(cpu_optimized, ARRIVALS, 0.5));
}

int
main(int argc, char **argv)
{
	struct rme_error err = {0};
	char cache[] = "/tmp/rme-bench-wasm.XXXXXX";
	if (argc < 3) {
		(void)fprintf(stderr, "usage: bench_wasm PROBE.WASM LARGE.WASM\n");
		return 2;
	}
	if (argc == 4) {
		int64_t start = rmi_monotonic_ns(), cpu = cpu_ns();
		open_module(argv[1], argv[2]);
		struct rmi_wasm_instance *in = open_instance();
		check(process(in, "x", 0, &err), &err);
		printf("%.3f %.3f\n", (double)(rmi_monotonic_ns() - start) / 1e6, (double)(cpu_ns() - cpu) / 1e6);
		rmi_wasm_instance_free(in);
	} else {
		if (mkdtemp(cache) == NULL) {
			return 1;
		}
		open_module(argv[1], cache);
		measure_entry();
		measure_instances();
		measure_stops();
		measure_starts(argv[1], cache);
		measure_arrival(argv[2]);
	}
	rmi_wasm_module_unref(module);
	rmi_wasm_engine_free(engine);
	return 0;
}
