#ifndef RMI_ROUTE_RULE_H
#define RMI_ROUTE_RULE_H

/** @file Users' rules, found by name. */

#include <rme/router.h>

struct rme_runtime;

/** A rule given with rme_router_add_function(); NULL where there is none of this name. Any thread. */
rme_route_fn rmi_rule_find(struct rme_runtime *rt, const char *name, void **ctx);

#endif
