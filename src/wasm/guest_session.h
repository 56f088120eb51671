#ifndef RMI_WASM_GUEST_SESSION_H
#define RMI_WASM_GUEST_SESSION_H

/**
 * @file
 * In the guest process (guest_main.c): a thread per session, which takes orders out of the session's ring and gives them
 * to a wasm node, the same that runs in the host's process where a module is trusted.
 */

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <rme/node.h>
#include <rme/runtime.h>
#include <rme/verdict.h>
#include "base/cancel.h"
#include "core/node.h"
#include "core/service.h"
#include "wasm/asset_list.h"
#include "wasm/iso_wire.h"
#include "wasm/wasm_node.h"

struct rmi_guest_process;

struct rmi_guest_session {
	struct rmi_guest_process *process;
	unsigned slot;
	pthread_t thread;
	struct rmi_ring_end orders, replies;
	struct rmi_iso_order order; /**< under way */
	int64_t order_ns;           /**< when it was read */
	unsigned spins;             /**< how long waiting without sleep paid lately */

	struct rme_runtime *rt;
	struct rmi_services services;
	char *texts; /**< of the OPEN */
	struct rmi_asset_source assets;
	struct rmi_wasm_node_config config;
	struct rme_node_spec spec;
	struct rme_node *node; /**< NULL = no session */
	struct rmi_cancel cancel;
	struct rme_sink sink;
	struct rmi_scope scope;
	struct rme_error why;           /**< of the order under way */
	struct rme_stage_report report; /**< nobody reads it: the host counts for itself */
	bool ended, closing;
};

struct rmi_guest_process {
	struct rmi_iso_shared *shared;
	int bell_fd;
	struct rmi_wasm_nodes *nodes; /**< set before the first order comes, and then `loaded` */
	_Atomic uint32_t loaded;      /**< read with each order: what the host knows is what the threads know */
	sem_t started;
	_Atomic uint32_t failed; /**< threads that could not start */
	pthread_mutex_t lock;    /**< guards node and cancel against the thread that cancels */
	struct rmi_guest_session session[RMI_ISO_SESSIONS];
};

/** Start the threads and wait until each has what it needs to run guests. */
RME_NODISCARD enum rme_err rmi_guest_sessions_start(struct rmi_guest_process *p, struct rme_error *err);
/** Tell the host to look at a session (-1 = at the process). */
void rmi_guest_ring_bell(struct rmi_guest_process *p, int slot);
/** Stop what the host wants stopped. */
void rmi_guest_sessions_cancel(struct rmi_guest_process *p, uint32_t slots);

/* guest_calls.c: services of a session are where its host is. */
extern const struct rmi_services_ops rmi_guest_services_ops;

/** A rmi_asset_source over a session: the files come from its host. In guest_assets.c. */
enum rme_err rmi_guest_assets_give(void *ctx, const struct rmi_asset_sink *sink, struct rme_error *err);

/* For guest_calls.c and guest_assets.c. Both block; what the ring tells cannot be wrong: the host wrote it. */
void rmi_guest_read(struct rmi_guest_session *s, void *to, size_t len);
void rmi_guest_reply(struct rmi_guest_session *s, const struct rmi_iso_reply *head, const void *name, const void *body);

#endif
