/*
 * Runs the set of hostile modules, round after round, in the same workers as good sessions; says what became of each, and
 * whether anything was lost. Also pairs of call and trap. Judges verdicts, results and leaks, never times.
 */
#include "hostile.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rme/runtime.h>

#include "base/clock.h"
#include "base/sanitizer.h"
#include "core/runtime.h"
#include "wasm/engine.h"
#include "wasm/wasm_node.h"

/* A figure may move a little: caches of the C library, threads that are about to end. */
enum { RSS_SLACK_KIB = 8192, MAPS_SLACK = 48 };

struct options {
	const char *list, *folder, *good, *busy, *pairs_module, *only;
	unsigned rounds, workers;
	uint64_t pairs, alone;
	bool json, quiet, interruptible, process;
};

static const char usage[] =
    "usage: test_hostile_set --list FILE --folder FOLDER --good FILE --busy FILE --pairs-module FILE [OPTION ...]\n"
    "  --rounds N       rounds over all modules (3)\n"
    "  --pairs N        pairs of call and trap on 4 threads (20000)\n"
    "  --workers N      threads that run sessions (2)\n"
    "  --alone N        items of the good sessions alone, and as many beside a busy module, before the first round "
    "(1600)\n"
    "  --only TEXT      modules whose names have TEXT in them\n"
    "  --process        each hostile module in a process of its own\n"
    "  --interruptible  stop guests by a flag that their code checks\n"
    "  --json           print JSON\n"
    "  --quiet          no progress\n";

static bool
read_options(struct options *o, int argc, char **argv)
{
	static const struct option known[] = {{"list", 1, NULL, 'l'}, {"folder", 1, NULL, 'f'}, {"good", 1, NULL, 'g'},
	    {"busy", 1, NULL, 'b'}, {"pairs-module", 1, NULL, 'm'}, {"rounds", 1, NULL, 'r'}, {"pairs", 1, NULL, 'p'},
	    {"workers", 1, NULL, 'w'}, {"alone", 1, NULL, 'a'}, {"only", 1, NULL, 'o'}, {"interruptible", 0, NULL, 'i'},
	    {"process", 0, NULL, 's'}, {"json", 0, NULL, 'j'}, {"quiet", 0, NULL, 'q'}, {0}};
	const char *texts[128] = {0};
	int c;
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == '?') {
			return false;
		}
		texts[c] = optarg != NULL ? optarg : "";
	}
	*o = (struct options){.list = texts['l'], .folder = texts['f'], .good = texts['g'], .pairs_module = texts['m']};
	o->busy = texts['b'];
	o->only = texts['o'];
	o->rounds = texts['r'] != NULL ? (unsigned)strtoul(texts['r'], NULL, 10) : 3;
	o->pairs = texts['p'] != NULL ? strtoull(texts['p'], NULL, 10) : 20000;
	o->workers = texts['w'] != NULL ? (unsigned)strtoul(texts['w'], NULL, 10) : 2;
	o->alone = texts['a'] != NULL ? strtoull(texts['a'], NULL, 10) : 1600;
	o->interruptible = texts['i'] != NULL;
	o->process = texts['s'] != NULL;
	o->json = texts['j'] != NULL;
	o->quiet = texts['q'] != NULL;
	return o->list != NULL && o->folder != NULL && o->good != NULL && o->busy != NULL && o->pairs_module != NULL;
}

/* The modules that mean no harm, behind the hostile ones in the list. */
static void
add_harmless(struct world *w, const struct options *o, size_t n)
{
	w->good = (struct rme_module_entry){.name = "steady",
	    .wasm_path = o->good,
	    .limits.timeout_ns = 10 * RMI_NS_PER_S,
	    .isolation = RME_ISOLATION_INPROC};
	w->busy = (struct hostile){.name = "busy", .via = VIA_NODE, .rounds = UINT_MAX, .fate = FATE_HARMLESS};
	(void)snprintf(w->busy.path, sizeof(w->busy.path), "%s", o->busy);
	w->busy.entry = w->good;
	w->busy.entry.name = w->busy.name;
	w->busy.entry.wasm_path = w->busy.path;
	w->busy.entry.isolation = o->process ? RME_ISOLATION_PROCESS : RME_ISOLATION_INPROC;
	w->entries[n] = &w->good;
	w->entries[n + 1] = &w->busy.entry;
}

static bool
world_open(struct world *w, const struct options *o, struct hostile_set *set, const char *cache)
{
	struct rme_error err = {0};
	const struct rme_runtime_config config = {.workers = o->workers};
	const struct rmi_wasm_engine_config engine = {
	    .cache_dir = cache, .guard = o->interruptible ? RMI_GUARD_INTERRUPTIBLE : RMI_GUARD_AUTO};
	w->workers = o->workers;
	w->entries = calloc(set->n + 2, sizeof(struct rme_module_entry *));
	if (w->entries == NULL || rme_runtime_new(&w->rt, &config, &err) != RME_OK) {
		return false;
	}
	const struct rmi_wasm_engine_config with_log = {
	    .rt = w->rt, .cache_dir = engine.cache_dir, .guard = engine.guard};
	for (size_t i = 0; i < set->n; i++) {
		w->entries[i] = &set->all[i].entry;
		set->all[i].entry.isolation = o->process ? RME_ISOLATION_PROCESS : RME_ISOLATION_INPROC;
	}
	add_harmless(w, o, set->n);
	const struct rmi_wasm_registry registry = {w->entries, set->n + 2};
	rmi_runtime_set_services(w->rt, far_service_start());
	if (rmi_wasm_engine_new(&w->engine, &with_log, &err) != RME_OK ||
	    rmi_wasm_engine_start(w->engine, &err) != RME_OK ||
	    rmi_wasm_nodes_new(&w->nodes, w->engine, &registry) != RME_OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return false;
	}
	struct rmi_wasm_status status;
	rmi_wasm_engine_status(w->engine, &status);
	w->interruptible = status.guard == RMI_GUARD_INTERRUPTIBLE;
	for (size_t i = 0; rmi_wasm_nodes_type(w->nodes, i) != NULL; i++) {
		if (rme_runtime_register(w->rt, rmi_wasm_nodes_type(w->nodes, i)) != RME_OK) {
			return false;
		}
	}
	return true;
}

static void
world_close(struct world *w)
{
	rmi_wasm_nodes_free(w->nodes);
	rmi_wasm_engine_free(w->engine);
	rme_runtime_free(w->rt);
	far_service_stop();
	free(w->entries);
}

static void
run_rounds(struct hostile_set *set, struct world *w, unsigned from, unsigned to, const struct options *o)
{
	int64_t said = rmi_monotonic_ns(), start = said;
	for (unsigned r = from; r < to; r++) {
		for (size_t i = 0; i < set->n; i++) {
			/* another order each time, so that each meets each */
			hostile_run(&set->all[(i * 7919U + r) % set->n], w);
		}
		int64_t now = rmi_monotonic_ns();
		if (!o->quiet && now - said > 5 * RMI_NS_PER_S) {
			(void)fprintf(stderr, "round %u of %u, %.0f s\n", r + 1, to, (double)(now - start) / 1e9);
			said = now;
		}
	}
}

/* A part of the rounds, with good sessions beside it. Figures are read when they have ended. */
static bool
mixed_rounds(struct outcome *out, struct hostile_set *set, struct world *w, unsigned range[2], const struct options *o)
{
	if (!good_start(out->mixed, w)) {
		return false;
	}
	run_rounds(set, w, range[0], range[1], o);
	good_stop(out->mixed);
	return true;
}

/*
 * Beside sessions of the busy module, one after the other, as run_rounds() has them of the hostile ones; with pauses, so that
 * it keeps as much of the processors busy as they did.
 */
static bool
busy_rounds(const struct outcome *out, struct world *w, uint64_t items)
{
	const struct good *hostile = out->mixed;
	const double wanted = (double)hostile->cpu_ns / (double)(hostile->wall_ns > 0 ? hostile->wall_ns : 1);
	struct hostile_set set = {&w->busy, 1};
	hostile_prepare(&set, w, false);
	if (!good_start(out->busy, w)) {
		return false;
	}
	while (good_items(out->busy) < items && w->busy.unexpected == 0) {
		if (good_processors(out->busy) < wanted) {
			hostile_run(&w->busy, w);
		} else {
			good_wait(out->busy, good_items(out->busy) + 1);
		}
	}
	good_stop(out->busy);
	return true;
}

static unsigned
judge(const struct outcome *o)
{
	unsigned failures = o->world->busy.unexpected > 0;
	for (size_t i = 0; i < o->set->n; i++) {
		failures += o->set->all[i].unexpected > 0;
	}
	const struct good *good[] = {o->alone, o->busy, o->mixed};
	for (size_t i = 0; i < 3; i++) {
		failures += good[i]->wrong > 0 || good[i]->failed > 0 || good[i]->items == 0;
	}
	failures += o->pairs.bad > 0;
	const struct process_figures *b = &o->before, *a = &o->after;
	if (o->leak_checked) {
		failures += a->fds > b->fds || a->threads > b->threads || a->maps > b->maps + MAPS_SLACK;
		failures += !RMI_ASAN && !RMI_TSAN && a->rss_kib > b->rss_kib + RSS_SLACK_KIB;
	}
	return failures;
}

static bool
run_all(struct outcome *out, struct hostile_set *set, struct world *w, const struct options *o)
{
	/* As long as it takes until what is allocated once has been: a third of a few rounds, less of many. */
	unsigned warm = o->rounds > 30 ? 10 : (o->rounds + 2) / 3;
	unsigned first[2] = {0, warm}, rest[2] = {warm, o->rounds};
	if (!good_reference(w) || !good_start(out->alone, w)) {
		return false;
	}
	good_wait(out->alone, o->alone);
	good_stop(out->alone);
	hostile_prepare(set, w, !o->quiet);
	int64_t start = rmi_monotonic_ns();
	if (!mixed_rounds(out, set, w, first, o)) {
		return false;
	}
	process_figures_read(&out->before);
	bool ok = mixed_rounds(out, set, w, rest, o);
	process_figures_read(&out->after);
	out->seconds = (double)(rmi_monotonic_ns() - start) / 1e9;
	out->rounds = o->rounds;
	out->leak_checked = warm < o->rounds;
	out->pairs.wanted = o->pairs;
	ok = ok && busy_rounds(out, w, o->alone);
	return ok && (o->pairs == 0 || pairs_run(&out->pairs, w, o->pairs_module, !o->quiet));
}

int
main(int argc, char **argv)
{
	struct options o;
	struct hostile_set set = {0};
	struct world w = {0};
	struct good alone = {0}, busy = {0}, mixed = {0};
	struct outcome out = {.set = &set, .world = &w, .alone = &alone, .busy = &busy, .mixed = &mixed};
	if (!read_options(&o, argc, argv)) {
		(void)fputs(usage, stderr);
		return 2;
	}
	if (!hostile_set_read(&set, o.list, o.folder, o.only)) {
		(void)fprintf(stderr, "%s: no list of hostile modules\n", o.list);
		return 2;
	}
	bool ok = world_open(&w, &o, &set, "") && run_all(&out, &set, &w, &o);
	out.failures = judge(&out) + !ok;
	(o.json ? report_json : report_text)(&out);
	hostile_release(&set);
	hostile_release(&(struct hostile_set){&w.busy, 1});
	world_close(&w);
	hostile_set_free(&set);
	free(alone.took.ns);
	free(busy.took.ns);
	free(mixed.took.ns);
	return out.failures == 0 ? 0 : 1;
}
