#ifndef TEST_HOSTILE_H
#define TEST_HOSTILE_H

/** @file The parts of the program that runs hostile modules beside good sessions. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <rme/err.h>
#include "core/module_entry.h"

struct rme_runtime;
struct rmi_services;
struct rmi_wasm_engine;
struct rmi_wasm_module;
struct rmi_wasm_nodes;

/** What became of a module, or is to become of it. */
enum fate { FATE_REFUSED, FATE_STOPPED, FATE_TRAPPED, FATE_FAILED, FATE_HARMLESS, FATE_COUNT_ };

enum { HOSTILE_TEXT_MAX = RME_ERROR_TEXT_MAX, HOSTILE_NAME_MAX = 64 };

/** One hostile module, a line of the list. */
struct hostile {
	char name[HOSTILE_NAME_MAX], attacks[HOSTILE_TEXT_MAX], text[HOSTILE_NAME_MAX];
	char path[512];
	enum { VIA_NODE, VIA_HYBRID, VIA_DIRECT } via;
	bool big;        /**< its second item is larger than the first room for items */
	unsigned rounds; /**< at most */
	enum fate fate;
	struct rme_module_entry entry;
	struct rmi_wasm_module *held; /**< so that it stays compiled; NULL = refused */
	bool costly;                  /**< refused by the compiler: not asked again */
	/* What happened. */
	unsigned runs, fates[FATE_COUNT_], unexpected;
	int64_t took_ns, longest_ns;
	char sample[HOSTILE_TEXT_MAX]; /**< error of the first run, or of the first unexpected one */
};

struct hostile_set {
	struct hostile *all;
	size_t n;
};

/** @param list, folder  as make_modules.py left them. @param only  part of the names; NULL = all */
bool hostile_set_read(struct hostile_set *set, const char *list, const char *folder, const char *only);
void hostile_set_free(struct hostile_set *set);
const char *fate_name(enum fate f);

/** What everything runs in. */
struct world {
	struct rme_runtime *rt;
	struct rmi_wasm_engine *engine;
	struct rmi_wasm_nodes *nodes;
	struct rme_module_entry **entries; /**< of the hostile modules, the good one, and the busy one */
	struct rme_module_entry good;
	struct hostile busy; /**< means no harm, and computes as long as those that do */
	unsigned workers;
	bool interruptible;
};

/** One session, or direct use, of a hostile module. One thread per module at a time. */
void hostile_run(struct hostile *h, struct world *w);
/** Opens each for the first time, which compiles it. */
void hostile_prepare(struct hostile_set *set, struct world *w, bool progress);
void hostile_release(struct hostile_set *set);

/** A service that answers "from afar": every other time at once, else later, from a thread of its own. */
struct rmi_services *far_service_start(void);
void far_service_stop(void);

/** Latencies of items in ns. */
struct latencies {
	uint32_t *ns;
	size_t n, cap;
};

/** Good sessions: each sends an item every few milliseconds and compares each result with the one it must have. */
struct good {
	struct world *w;
	struct latencies took;
	uint64_t items, wrong, failed, sessions;
	int64_t wall_ns, cpu_ns; /**< while they ran, of the whole process */
	char sample[HOSTILE_TEXT_MAX];
};
enum { GOOD_SESSIONS = 8, GOOD_ITEMS = 500 /* of one session, then comes the next */ };

/** What the results must be: from one session, while nothing else runs. */
bool good_reference(struct world *w);
bool good_start(struct good *g, struct world *w);
/** Waits until so many items are over. */
void good_wait(struct good *g, uint64_t items);
/** Items that are over. */
uint64_t good_items(const struct good *g);
/** Processors that this process kept busy since they were started; while they run. */
double good_processors(const struct good *g);
/** Waits until all threads have ended. */
void good_stop(struct good *g);
/** @return ns. @param part  0.5 = median */
uint32_t latency_at(struct latencies *l, double part);
size_t latency_over(const struct latencies *l, uint32_t ns);

/** What the system says of this process. */
struct process_figures {
	long rss_kib, fds, threads, maps;
};
void process_figures_read(struct process_figures *f);

/** Calls and traps of threads, one after the other, without a session around them. */
struct pairs {
	uint64_t wanted, done, bad;
	double seconds;
	unsigned threads;
};
bool pairs_run(struct pairs *p, struct world *w, const char *module, bool progress);

/** All that is printed at the end. */
struct outcome {
	const struct hostile_set *set;
	const struct world *world;
	unsigned rounds;
	double seconds;
	struct good *alone, *busy, *mixed; /**< by themselves, beside the busy module, beside the hostile ones */
	struct process_figures before, after;
	struct pairs pairs;
	bool leak_checked;
	unsigned failures;
};
void report_text(const struct outcome *o);
void report_json(const struct outcome *o);

#endif
