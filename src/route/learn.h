#ifndef RMI_ROUTE_LEARN_H
#define RMI_ROUTE_LEARN_H

/**
 * @file
 * What a router believes of its sides, updated from what became of tries. Pure: time is an argument.
 *
 * The breaker follows the pattern of Nygard, "Release It!" (2007): it opens after failures in a row, pauses, and lets one
 * try through; the pause doubles while tries fail.
 */

#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>

struct rmi_route_beliefs;
struct rmi_route_rules;

/** How one try ended. */
struct rmi_route_outcome {
	enum rme_side side;
	enum rme_err err;
	uint64_t bytes;
	int64_t began_ns, ended_ns;
};

/** A try begins on a side. */
void rmi_route_begin(struct rmi_route_beliefs *b, enum rme_side s, int64_t now_ns);
/** A try has ended. RME_ECANCELED and RME_EINVAL say nothing about the side and teach nothing. */
void rmi_route_end(struct rmi_route_beliefs *b, const struct rmi_route_rules *rules, const struct rmi_route_outcome *o);

/** Pause before try number @p trips (from 1) at what fails: doubled each time up to the rules' limit, and spread. */
int64_t rmi_route_pause_ns(const struct rmi_route_beliefs *b, const struct rmi_route_rules *rules, uint32_t trips);

#endif
