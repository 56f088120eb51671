#ifndef RMI_REMOTE_SERVICES_H
#define RMI_REMOTE_SERVICES_H

/**
 * @file
 * core/service.h over rme.v1: calls of guests, driven by the threads that poll them. Each (session, service) has one stream,
 * opened by its first call and kept until the session ends.
 */

#include <rme/err.h>

struct rmi_guest_services;
struct rmi_remote;
struct rmi_services;

RME_NODISCARD enum rme_err rmi_guest_services_new(struct rmi_guest_services **out, struct rmi_remote *remote);
void rmi_guest_services_free(struct rmi_guest_services *g); /**< NULL is allowed */
struct rmi_services *rmi_guest_services(struct rmi_guest_services *g);
/** The hub behind an interface; NULL where it is another implementation's. */
struct rmi_remote *rmi_guest_services_remote(const struct rmi_services *services);

#endif
