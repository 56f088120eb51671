#ifndef RMI_REPORT_RECORD_H
#define RMI_REPORT_RECORD_H

/**
 * @file
 * A run as lines of JSON, what `rme run --json` prints: one line {"run":...} first, one line {"item":N,...} per item, one
 * line {"end":...} last. docs/design/report.md lists the fields.
 */

#include <stdio.h>
#include <rme/err.h>

struct rmi_run;
struct rmi_run_item;

enum {
	RMI_RECORD_LINE_MAX = 4 << 20, /* bytes of one line */
};

/** First line. */
RME_NODISCARD enum rme_err rmi_record_write_head(FILE *out, const struct rmi_run *run);
/** One item. @return RME_OK, RME_ENOMEM, RME_EIO */
RME_NODISCARD enum rme_err rmi_record_write_item(FILE *out, const struct rmi_run_item *it);
/** Last line: what was counted, and the shape of the sound. */
RME_NODISCARD enum rme_err rmi_record_write_end(FILE *out, const struct rmi_run *run);

/**
 * Read a whole run. Lines and fields that are not known are skipped; a run without its last line is taken as it is.
 * @param name  of the file, for messages, and the run's name where it has none
 * @return RME_OK, RME_EFORMAT (not JSON, or no run in it; the text names the line), RME_ELIMIT, RME_ENOMEM, RME_EIO
 */
RME_NODISCARD enum rme_err rmi_record_read(struct rmi_run **out, FILE *in, const char *name, struct rme_error *err);

#endif
