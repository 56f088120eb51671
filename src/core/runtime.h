#ifndef RMI_CORE_RUNTIME_H
#define RMI_CORE_RUNTIME_H

/** @file What the layers keep in the runtime beside its public face. */

#include <rme/runtime.h>

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
/** A new number for each session. */
uint64_t rmi_runtime_next_session(struct rme_runtime *rt);

#endif
