#include <rme/err.h>

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *name;
	const char *text;
	bool may_fallback;
} errs[RME_ERR_COUNT_] = {
    [RME_OK] = {"RME_OK", "ok", false},
    [RME_EINVAL] = {"RME_EINVAL", "invalid argument", false},
    [RME_ENOMEM] = {"RME_ENOMEM", "out of memory", true},
    [RME_EAGAIN] = {"RME_EAGAIN", "full or empty right now", true},
    [RME_ETIMEDOUT] = {"RME_ETIMEDOUT", "deadline passed", true},
    [RME_ECANCELED] = {"RME_ECANCELED", "canceled", false},
    [RME_ECLOSED] = {"RME_ECLOSED", "closed", true},
    [RME_EMODULE] = {"RME_EMODULE", "module failed", true},
    [RME_ETRANSPORT] = {"RME_ETRANSPORT", "connection failed", true},
    [RME_ELIMIT] = {"RME_ELIMIT", "limit reached", true},
    [RME_EPROTO] = {"RME_EPROTO", "malformed message", true},
    [RME_ENOTFOUND] = {"RME_ENOTFOUND", "not found", true},
    [RME_EDENIED] = {"RME_EDENIED", "not permitted", true},
    [RME_EUNSUPPORTED] = {"RME_EUNSUPPORTED", "not supported", true},
    [RME_EFORMAT] = {"RME_EFORMAT", "wrong media format", true},
    [RME_EUNAVAILABLE] = {"RME_EUNAVAILABLE", "service unavailable", true},
    [RME_EIO] = {"RME_EIO", "input or output failed", true},
    [RME_EEMPTY] = {"RME_EEMPTY", "empty answer", true},
    [RME_ECONFIG] = {"RME_ECONFIG", "wrong configuration", false},
};

static bool
known(enum rme_err e)
{
	return (unsigned)e < RME_ERR_COUNT_;
}

const char *
rme_err_name(enum rme_err e)
{
	return known(e) ? errs[e].name : "RME_E?";
}

const char *
rme_err_text(enum rme_err e)
{
	return known(e) ? errs[e].text : "unknown error";
}

bool
rme_err_may_fallback(enum rme_err e)
{
	return known(e) && errs[e].may_fallback;
}

enum rme_err
rme_error_set(struct rme_error *err, enum rme_err code, const char *where, const char *fmt, ...)
{
	if (err == NULL) {
		return code;
	}
	err->code = code;
	(void)snprintf(err->where, sizeof(err->where), "%s", where != NULL ? where : "");
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}
