#ifndef RMI_REPORT_COMPARE_H
#define RMI_REPORT_COMPARE_H

/** @file Several runs side by side. */

#include <stddef.h>
#include <stdio.h>

struct rmi_run;
struct rmi_summary;

/** The runs of a page; figures in the same order. */
struct rmi_compared {
	const struct rmi_run *const *run;
	const struct rmi_summary *sum;
	size_t n;
};

/** The table of figures, each with its difference to the first run, and bars of the most telling ones. */
void rmi_compare_write(FILE *out, const struct rmi_compared *c);

#endif
