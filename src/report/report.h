#ifndef RMI_REPORT_REPORT_H
#define RMI_REPORT_REPORT_H

/**
 * @file
 * A page about one run, or a comparison of several: one HTML file that needs nothing beside it, readable in light and
 * dark, with and without scripts.
 */

#include <stddef.h>
#include <stdio.h>
#include <rme/err.h>

#include "report/summary.h"

struct rmi_run;

enum { RMI_REPORT_RUNS_MAX = 8 };

struct rmi_report {
	const char *title;                 /* NULL = made from the runs */
	const struct rmi_run *const *runs; /* the first is what the others are compared with */
	size_t n_runs;
	struct rmi_prices prices;
};

/**
 * Write the page. The runs must not change meanwhile.
 * @return RME_OK, RME_EINVAL (no run), RME_ELIMIT (more than RMI_REPORT_RUNS_MAX), RME_ENOMEM, RME_EIO
 */
RME_NODISCARD enum rme_err rmi_report_write(FILE *out, const struct rmi_report *r, struct rme_error *err);

#endif
