#ifndef RMI_NODES_TWIN_GUEST_H
#define RMI_NODES_TWIN_GUEST_H

/**
 * @file
 * One instance of a native twin, and what it asks of its host. A module's imports carry no
 * context, so the thread knows which instance it is in: rmi_twin_enter() before each call into a module.
 */

#include <rme/node.h>
#include "core/guest_log.h"
#include "core/module_entry.h"
#include "modules/sdk/c/rme_native.h"

struct rmi_services;

enum { RMI_TWIN_ASSETS_MAX = 64 };

struct rmi_twin_guest {
	const struct rme_native_module *module;
	const struct rme_module_entry *entry;
	struct rme_node *node;
	void *instance;
	void *assets[RMI_TWIN_ASSETS_MAX];
	size_t n_assets;
	uint8_t *in, *out; /**< aligned to 16 */
	size_t in_cap, out_cap;
	struct rme_packet_meta item; /**< of the item under way */
	uint32_t service_calls;      /**< in it */
	uint32_t bytes_up, bytes_down;
	int64_t remote_ns;
	struct rme_packet *asked, *answer; /**< of a call whose reply did not fit, for the module that asks again */
	bool has_error_text;
	char error_text[RMI_GUEST_ERROR_TEXT_MAX];
	struct rmi_guest_log log;
};

void rmi_twin_enter(struct rmi_twin_guest *g);
void rmi_twin_leave(void);
/** Forget the kept answer. */
void rmi_twin_forget(struct rmi_twin_guest *g);

#endif
