#ifndef RMI_SERVE_ERROR_TEXT_H
#define RMI_SERVE_ERROR_TEXT_H

/**
 * @file
 * Errors as the existing protocol tells them: a status, and a text `[CATEGORY] Type: what happened`.
 */

#include <rme/err.h>

#include <stddef.h>

enum { RMI_ERROR_LINE_MAX = 512 };

/** Values of remotemedia.execution.ExecutionStatus. */
enum rmi_exec_status {
	RMI_EXEC_SUCCESS = 1,
	RMI_EXEC_ERROR = 2,
	RMI_EXEC_TIMEOUT = 3,
	RMI_EXEC_CANCELED = 4,
	RMI_EXEC_RESOURCE_LIMIT = 5,
	RMI_EXEC_SECURITY_VIOLATION = 6,
};

/** Total: unknown codes are RMI_EXEC_ERROR. Overload is RMI_EXEC_RESOURCE_LIMIT, never a failed call. */
enum rmi_exec_status rmi_exec_status_of(enum rme_err code);

/** Write the line, valid UTF-8 and terminated. @return length without NUL */
size_t rmi_error_line(const struct rme_error *err, char out[RMI_ERROR_LINE_MAX]);

#endif
