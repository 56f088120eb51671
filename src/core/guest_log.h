#ifndef RMI_CORE_GUEST_LOG_H
#define RMI_CORE_GUEST_LOG_H

/**
 * @file
 * What a guest says: lines for the log, at a bounded rate, and texts made safe to print. Used by the instance's thread.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/runtime.h>

enum {
	RMI_GUEST_LOG_LINES_PER_SECOND = 20,   /**< of one instance; what is over is counted, and told once */
	RMI_GUEST_LOG_LINE_BYTES_MAX = 1024,   /**< the rest of a line is dropped */
	RMI_GUEST_ERROR_TEXT_MAX = 200,        /**< of rme_error */
	RMI_GUEST_SERVICE_NAME_MAX = 128,      /**< name in a service call, NUL included */
	RMI_GUEST_SERVICE_CALLS_PER_ITEM = 64, /**< host calls to services while one item is processed */
	RMI_GUEST_OUTPUTS_PER_ITEM = 4096,     /**< results of one item: process, then next */
};

struct rmi_guest_log {
	int64_t second_ns; /**< start of the second that is counted */
	uint32_t lines;    /**< in it */
	uint32_t dropped;  /**< since the last line that was let through */
	size_t fill;       /**< of the line that fd_write builds */
	char line[RMI_GUEST_LOG_LINE_BYTES_MAX];
};

/** Where the lines go. */
struct rmi_guest_log_to {
	struct rme_runtime *rt; /**< NULL = nowhere */
	const char *module;
};

/** What a guest's level means: 0 trace, 1 debug, 2 info, 3 warning, 4 and more error. */
enum rme_log_level rmi_guest_log_level(uint32_t level);
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
