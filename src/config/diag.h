#ifndef RMI_CONFIG_DIAG_H
#define RMI_CONFIG_DIAG_H

/**
 * @file
 * What is wrong with a configuration file, and where: `file:line:column: error: text`, the line, a caret, a hint. A reader
 * collects as many as it finds, so that one run shows them all. One thread at a time.
 */

#include <rme/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"

enum {
	RMI_DIAGS_MAX = 20, /**< those that follow are counted only */
};

/** A file that was read. Lives as long as the diagnostics that speak of it. */
struct rmi_source {
	const char *name; /**< as the user gave it */
	const char *text;
	size_t len;
};

/** A place in a source. Line and column count from 1; columns count characters. line 0 = the file as a whole. */
struct rmi_mark {
	const struct rmi_source *source;
	unsigned line, column;
	unsigned width; /**< characters to underline, at least 1 */
};

enum rmi_severity { RMI_DIAG_ERROR, RMI_DIAG_WARNING };

struct rmi_diag {
	enum rmi_severity severity;
	struct rmi_mark mark;
	const char *text;
	const char *hint; /**< NULL = none */
};

/** All-zero = none yet. */
struct rmi_diags {
	struct rmi_arena arena; /**< texts, and whatever else is to live as long */
	struct rmi_diag list[RMI_DIAGS_MAX];
	size_t n;
	size_t n_errors, n_warnings; /**< all, also those that did not fit */
};

/** An error at @p mark. */
void rmi_diag_error(struct rmi_diags *d, const struct rmi_mark *mark, const char *fmt, ...) RME_PRINTF(3, 4);

/** A warning at @p mark. */
void rmi_diag_warn(struct rmi_diags *d, const struct rmi_mark *mark, const char *fmt, ...) RME_PRINTF(3, 4);

/** Add what to do to the last one. No effect if it has a hint, or did not fit. */
void rmi_diag_hint(struct rmi_diags *d, const char *fmt, ...) RME_PRINTF(2, 3);

/** "did you mean 'x'?" for the last one; @p best NULL = no hint. */
void rmi_diag_did_you_mean(struct rmi_diags *d, const char *best);

/** Write them all for people, in the order of the file. */
void rmi_diags_print(const struct rmi_diags *d, FILE *out, bool color);

/** The first error in one line, for a caller that has room for one. @return RME_ECONFIG; RME_OK if there is none */
enum rme_err rmi_diags_error(const struct rmi_diags *d, struct rme_error *err);

/** Free texts; the diagnostics are empty again. */
void rmi_diags_done(struct rmi_diags *d);

#endif
