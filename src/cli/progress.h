#ifndef RMI_CLI_PROGRESS_H
#define RMI_CLI_PROGRESS_H

/**
 * @file
 * One line on a terminal that says how far a run is: items, speed, time left, and where the work was done. One thread.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** In the owner's memory. All figures are set by the owner. */
struct rmi_progress {
	FILE *out; /**< NULL = off */
	bool color;
	int64_t began_ns, shown_ns; /**< CLOCK_MONOTONIC */
	uint64_t done, total;       /**< items; total 0 = not known */
	uint64_t failed;
	uint64_t edge, cloud; /**< decisions of routers */
	bool visible;
};

/** Show the line anew, ten times a second at most. */
void rmi_progress_show(struct rmi_progress *p, int64_t now_ns);

/** Take the line away, before something else is written. */
void rmi_progress_clear(struct rmi_progress *p);

/** The line as text, without escape sequences: for the terminal of @p columns. @return length */
int rmi_progress_text(const struct rmi_progress *p, int64_t now_ns, char *buf, size_t size);

#endif
