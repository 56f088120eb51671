#ifndef RMI_REPORT_PICTURE_H
#define RMI_REPORT_PICTURE_H

/** @file The timeline of a run as inline SVG: sound, speech, where each item went, what was said, how long it took. */

#include <stdbool.h>
#include <stdio.h>

struct rmi_run;
struct rmi_summary;

/** @param id    tells pictures of one page apart
 *  @param brief without the latencies, for pages with several runs */
void rmi_picture_write(FILE *out, const struct rmi_run *run, const struct rmi_summary *sum, unsigned id, bool brief);

#endif
