#include "serve/error_text.h"

#include "serve/text.h"

#include <stdio.h>

struct wording {
	const char *category;
	const char *type;
	enum rmi_exec_status status;
};

/* The first eight categories are those that existing clients know: MODEL_LOADING, MEMORY_ERROR, CUDA_ERROR,
 * SERIALIZATION, DEPENDENCY, NETWORK, VALIDATION, UNKNOWN. Types are Python's names, since people search for them. */
static const struct wording WORDINGS[RME_ERR_COUNT_] = {
    [RME_OK] = {"UNKNOWN", "RuntimeError", RMI_EXEC_ERROR},
    [RME_EINVAL] = {"VALIDATION", "ValueError", RMI_EXEC_ERROR},
    [RME_ENOMEM] = {"MEMORY_ERROR", "MemoryError", RMI_EXEC_RESOURCE_LIMIT},
    [RME_EAGAIN] = {"RESOURCE_LIMIT", "ResourceLimitError", RMI_EXEC_RESOURCE_LIMIT},
    [RME_ETIMEDOUT] = {"TIMEOUT", "TimeoutError", RMI_EXEC_TIMEOUT},
    [RME_ECANCELED] = {"CANCELLED", "CancelledError", RMI_EXEC_CANCELED},
    [RME_ECLOSED] = {"UNKNOWN", "RuntimeError", RMI_EXEC_ERROR},
    [RME_EMODULE] = {"UNKNOWN", "ModuleError", RMI_EXEC_ERROR},
    [RME_ETRANSPORT] = {"NETWORK", "ConnectionError", RMI_EXEC_ERROR},
    [RME_ELIMIT] = {"RESOURCE_LIMIT", "ResourceLimitError", RMI_EXEC_RESOURCE_LIMIT},
    [RME_EPROTO] = {"SERIALIZATION", "ValueError", RMI_EXEC_ERROR},
    [RME_ENOTFOUND] = {"VALIDATION", "ValueError", RMI_EXEC_ERROR},
    [RME_EDENIED] = {"SECURITY", "PermissionError", RMI_EXEC_SECURITY_VIOLATION},
    [RME_EUNSUPPORTED] = {"DEPENDENCY", "NotImplementedError", RMI_EXEC_ERROR},
    [RME_EFORMAT] = {"VALIDATION", "TypeError", RMI_EXEC_ERROR},
    [RME_EUNAVAILABLE] = {"RESOURCE_LIMIT", "ResourceLimitError", RMI_EXEC_RESOURCE_LIMIT},
    [RME_EIO] = {"UNKNOWN", "OSError", RMI_EXEC_ERROR},
    [RME_EEMPTY] = {"UNKNOWN", "ValueError", RMI_EXEC_ERROR},
    [RME_ECONFIG] = {"VALIDATION", "ValueError", RMI_EXEC_ERROR},
};

static const struct wording *
wording_of(enum rme_err code)
{
	return &WORDINGS[(unsigned)code < RME_ERR_COUNT_ ? code : RME_OK];
}

enum rmi_exec_status
rmi_exec_status_of(enum rme_err code)
{
	return wording_of(code)->status;
}

size_t
rmi_error_line(const struct rme_error *err, char out[RMI_ERROR_LINE_MAX])
{
	const struct wording *w = wording_of(err->code);
	const char *text = err->text[0] != '\0' ? err->text : rme_err_text(err->code);
	int n = err->where[0] != '\0'
	            ? snprintf(out, RMI_ERROR_LINE_MAX, "[%s] %s: %s: %s", w->category, w->type, err->where, text)
	            : snprintf(out, RMI_ERROR_LINE_MAX, "[%s] %s: %s", w->category, w->type, text);
	rmi_text_clean(out);
	return n < 0 ? 0 : (size_t)n;
}
