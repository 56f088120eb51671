#ifndef RMI_SERVE_HEALTH_H
#define RMI_SERVE_HEALTH_H

/** @file grpc.health.v1: Check and Watch. */

#include "rpc/server.h"

#include <pthread.h>

enum { RMI_HEALTH_METHODS = 2 };

/** One per server. Known services: "" (the server) and those named at rmi_health_init(). Any thread. */
struct rmi_health {
	const char *const *services; /**< ends with NULL */
	pthread_mutex_t mu;          /* guards what follows */
	bool serving;
	struct rmi_health_watch *watches;
};

void rmi_health_init(struct rmi_health *h, const char *const *services);
/** All calls must have ended. */
void rmi_health_done(struct rmi_health *h);

void rmi_health_methods(struct rmi_method out[static RMI_HEALTH_METHODS], struct rmi_health *h);

/** Not serving from now on. Those who watch are told, and their calls end, so that they do not hold up the drain. */
void rmi_health_stop(struct rmi_health *h);

#endif
