#ifndef RME_BENCH_SIDE_H
#define RME_BENCH_SIDE_H

/**
 * @file
 * A side of the comparison (bench/wasm/compare.py): a process that measures one row whenever its name comes as a line on
 * standard input, and answers with a line of figures, or "-" where the side has no such thing. So the sides take turns,
 * and what else the machine does meets all of them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SIDE_FIGURES_MAX = 64,
	SIDE_FRAME = 480,
	SIDE_REPEATS = 64,
	SIDE_VAD_ITEM = 640,
	SIDE_VAD_BATCH = 100 /* items of a round: a short one is seldom interrupted */,
	SIDE_CALLS = 5000,
	SIDE_HOST_CALLS = 1000
};

struct side_answer {
	double figures[SIDE_FIGURES_MAX];
	size_t n; /* 0 = no such thing */
};

/** The audio, cut into items of 20 ms. */
struct side_audio {
	uint8_t *data;
	size_t items;
};

/** Measure @p row once; by each side. */
void side_measure(const char *row, struct side_answer *answer);

/** Answer lines until the input ends. */
void side_serve(void);
/** The first item is done: compare.py looks at the time. */
void side_say_ready(void);
/** Exits where the file cannot be read. */
struct side_audio side_read_audio(const char *path);
/** The items after those that were asked for last, from the start again at the end. */
const uint8_t *side_next_item(const struct side_audio *audio);
/** One frame for the filter. */
const uint8_t *side_frame(void);
double side_now_ns(void);
/** Memory in use, in KiB. */
double side_rss_kib(void);
_Noreturn void side_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void
side_add(struct side_answer *a, double figure)
{
	if (a->n < SIDE_FIGURES_MAX) {
		a->figures[a->n++] = figure;
	}
}

#endif
