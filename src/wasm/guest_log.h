#ifndef RMI_WASM_GUEST_LOG_H
#define RMI_WASM_GUEST_LOG_H

/**
 * @file
 * What a guest says: lines for the log, at a bounded rate, and texts made safe to print. Used by the instance's thread.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/runtime.h>
#include "wasm/module_limits.h"

struct rmi_guest_log {
	int64_t second_ns; /**< start of the second that is counted */
	uint32_t lines;    /**< in it */
	uint32_t dropped;  /**< since the last line that was let through */
	size_t fill;       /**< of the line that fd_write builds */
	char line[RMI_WASM_LOG_LINE_BYTES_MAX];
};

/** Where the lines go. */
struct rmi_guest_log_to {
	struct rme_runtime *rt; /**< NULL = nowhere */
	const char *module;
};

/** One line. @p text needs no NUL. */
void rmi_guest_log_line(struct rmi_guest_log *log, const struct rmi_guest_log_to *to, enum rme_log_level level,
    const char *text, size_t len);
/** A piece of a stream: each end of line makes a line, the rest waits. */
void rmi_guest_log_write(struct rmi_guest_log *log, const struct rmi_guest_log_to *to, const uint8_t *data, size_t len);
/** What waits, at the end. */
void rmi_guest_log_end(struct rmi_guest_log *log, const struct rmi_guest_log_to *to);

/** Copy text of a guest as far as it fits: control characters become spaces, ill-formed bytes '?'. Terminates. */
void rmi_guest_text_copy(char *to, size_t cap, const char *text, size_t len);

#endif
