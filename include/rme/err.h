#ifndef RME_ERR_H
#define RME_ERR_H

/**
 * @file
 * Error codes and error texts. There is no thread-local "last error": a call that can say more than a code takes a
 * `struct rme_error *` as its last parameter, which may be NULL.
 */

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RME_NODISCARD         __attribute__((warn_unused_result))
#define RME_EXPORT            __attribute__((visibility("default")))
#define RME_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/** Result of every fallible call. The values go over the wire and into other languages: append only. */
enum rme_err {
	RME_OK = 0,
	RME_EINVAL = 1,        /**< the caller broke the documented contract */
	RME_ENOMEM = 2,        /**< allocation failed */
	RME_EAGAIN = 3,        /**< full or empty right now */
	RME_ETIMEDOUT = 4,     /**< deadline passed */
	RME_ECANCELED = 5,     /**< canceled by the caller */
	RME_ECLOSED = 6,       /**< ended: no more will come or be taken */
	RME_EMODULE = 7,       /**< a sandboxed module trapped, or returned an error */
	RME_ETRANSPORT = 8,    /**< peer unreachable, or connection lost */
	RME_ELIMIT = 9,        /**< a named limit (size, memory, count) was reached */
	RME_EPROTO = 10,       /**< malformed bytes from a peer */
	RME_ENOTFOUND = 11,    /**< no such node, module, service or file */
	RME_EDENIED = 12,      /**< no permission: token, certificate, grant, privacy rule */
	RME_EUNSUPPORTED = 13, /**< known, but not possible here */
	RME_EFORMAT = 14,      /**< data is not what its media format says, or formats do not fit */
	RME_EUNAVAILABLE = 15, /**< the peer is there and does not serve: draining, overloaded, switched off */
	RME_EIO = 16,          /**< reading or writing a file or device failed */
	RME_EEMPTY = 17,       /**< an answer without content where content is required */
	RME_ECONFIG = 18,      /**< a configuration file or parameter is wrong */
	RME_ERR_COUNT_
};

enum { RME_ERROR_WHERE_MAX = 48, RME_ERROR_TEXT_MAX = 256 };

/** An error as people read it. Plain value: copy freely. */
struct rme_error {
	enum rme_err code;
	char where[RME_ERROR_WHERE_MAX]; /**< node, module, service or file; may be empty */
	char text[RME_ERROR_TEXT_MAX];   /**< what went wrong and what to do; one line, truncated at the end */
};

/** Short stable identifier, e.g. "RME_EAGAIN"; "RME_E?" for unknown values. Never NULL. Any thread. */
RME_EXPORT const char *rme_err_name(enum rme_err e);

/** A few words for people, e.g. "deadline passed". Never NULL. Any thread. */
RME_EXPORT const char *rme_err_text(enum rme_err e);

/** True if another node may be tried with the same packet: the one rule that routers use. Any thread. */
RME_EXPORT bool rme_err_may_fallback(enum rme_err e);

/**
 * Fill @p err (NULL is allowed) and return @p code, so that `return rme_error_set(...)` reads well.
 * @param where  node, module, service or file; NULL = leave empty
 */
RME_EXPORT enum rme_err
rme_error_set(struct rme_error *err, enum rme_err code, const char *where, const char *fmt, ...) RME_PRINTF(4, 5);

#ifdef __cplusplus
}
#endif

#endif
