#ifndef RMI_REPORT_TABLES_H
#define RMI_REPORT_TABLES_H

/** @file The parts of a page that are words and numbers. */

#include <stdio.h>

struct rmi_run;
struct rmi_summary;

/** Figures in boxes: items, times, sides, bytes, fallbacks, cost. */
void rmi_tables_totals(FILE *out, const struct rmi_summary *s);
/** One row per stage. */
void rmi_tables_stages(FILE *out, const struct rmi_summary *s);
/** Why items went where they went, most frequent first. Nothing without routers. */
void rmi_tables_reasons(FILE *out, const struct rmi_summary *s);
/** One row per utterance: what was heard and answered, by whom, why. Nothing where no stage speaks. */
void rmi_tables_says(FILE *out, const struct rmi_run *run);
/** Items that failed or fell back, the first few of them. Nothing where there are none. */
void rmi_tables_trouble(FILE *out, const struct rmi_run *run);

#endif
