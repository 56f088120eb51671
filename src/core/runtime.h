#ifndef RMI_CORE_RUNTIME_H
#define RMI_CORE_RUNTIME_H

/** @file What the layers keep in the runtime beside its public face. */

#include <rme/runtime.h>

struct rmi_attachment;
struct rmi_clock;
struct rmi_executor;
struct rmi_services;

/** Before the first session; @p services outlives the runtime's sessions. NULL = no service can be called. */
void rmi_runtime_set_services(struct rme_runtime *rt, struct rmi_services *services);
struct rmi_services *rmi_runtime_services(const struct rme_runtime *rt);

/** For tests: before the first session. */
void rmi_runtime_set_clock(struct rme_runtime *rt, const struct rmi_clock *clock);
const struct rmi_clock *rmi_runtime_clock(const struct rme_runtime *rt);

/** The workers, started at the first call. NULL where threads cannot be made. */
struct rmi_executor *rmi_runtime_executor(struct rme_runtime *rt);
/**
 * An object that a layer hangs on the runtime under a name of its own ("router:vad"), found again by all sessions: what
 * would otherwise be global. First member of the object.
 */
struct rmi_attachment {
	void (*free)(struct rmi_attachment *self); /**< called once, by rme_runtime_free() */
	struct rmi_attachment *next;               /* guarded by the runtime */
	const char *key;                           /**< owned by the object */
};

enum { RMI_RUNTIME_ATTACHMENTS_MAX = 1024 };

/** NULL where there is none. Any thread. Lives as long as the runtime. */
struct rmi_attachment *rmi_runtime_attached(struct rme_runtime *rt, const char *key);
/**
 * Hang up @p a, which the runtime owns from then on, unless its key is taken. Any thread.
 * @return what hangs under the key now: @p a, or the one that was there (@p a stays the caller's);
 *         NULL = RMI_RUNTIME_ATTACHMENTS_MAX reached (@p a stays the caller's)
 */
struct rmi_attachment *rmi_runtime_attach(struct rme_runtime *rt, struct rmi_attachment *a);
/** In order of attachment, those whose key begins with @p prefix; NULL past the end. Any thread. */
struct rmi_attachment *rmi_runtime_attachment(struct rme_runtime *rt, const char *prefix, size_t index);

/** A new number for each session. */
uint64_t rmi_runtime_next_session(struct rme_runtime *rt);

#endif
