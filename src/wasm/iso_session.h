#ifndef RMI_WASM_ISO_SESSION_H
#define RMI_WASM_ISO_SESSION_H

/**
 * @file
 * A wasm node's session whose module runs in a guest process: the conversation over the rings, as a machine that never
 * waits. The state of the node; session's thread only.
 */

#include <rme/node.h>
#include "core/service.h"
#include "wasm/asset_list.h"
#include "wasm/iso_host.h"
#include "wasm/iso_receive.h"
#include "wasm/service_names.h"
#include "wasm/wasm_node_state.h"

enum {
	RMI_ISO_PENDING_MAX = 4096, /**< packets that wait in one node */
	RMI_ISO_LOG_LINES_PER_SECOND = 64,
	RMI_ISO_ASSETS_PER_ORDER = 4, /**< times that the files are given: an instance may be made anew */
	RMI_ISO_SPURIOUS_MAX = 1000,  /**< wake-ups without a message, of one order */
	RMI_ISO_CALLS_PER_STEP =
	    8 /**< module's time limits until something must be heard: an instance may be made anew */
};
/** How long after its deadlines a guest process may keep silent. */
#define RMI_ISO_GRACE_NS INT64_C(500000000)

enum rmi_iso_phase {
	RMI_ISO_AT_REST,
	RMI_ISO_AWAITING, /**< the process */
	RMI_ISO_OPENING,
	RMI_ISO_WORKING,
	RMI_ISO_FLUSHING,
	RMI_ISO_RESETTING,
	RMI_ISO_CLOSING,
};

struct rmi_iso_session {
	struct rme_node *self;
	const struct rmi_wasm_node_kind *kind;
	struct rmi_iso_module *module;
	struct rmi_service_names services; /**< granted */
	char *texts;                       /**< body of OPEN */
	uint32_t texts_len;
	struct rmi_asset_list *assets; /**< files of the module; NULL = none */

	struct rme_packet **pending; /**< ring of n packets from first; room for cap */
	size_t first, n, cap;

	struct rmi_iso_seat seat;
	enum rmi_iso_phase phase;
	bool opened;                /**< the guest has the session */
	bool reset_wanted;          /**< before the next item */
	bool ending;                /**< the node closes: nothing is emitted any more */
	bool discard;               /**< of the order under way: nobody wants its results */
	struct rme_packet *current; /**< DATA or FLUSH under way */
	struct rmi_iso_sender out;
	struct rmi_iso_receiver in;
	int64_t hang_ns; /**< if nothing was heard by then, the process is ended */
	unsigned outputs, spurious;
	unsigned spin_credit, since_spin;
	int64_t log_second_ns;
	unsigned log_lines;
	struct rme_error why; /**< of what failed while there was no item */

	bool calling; /**< a host call is under way */
	unsigned service_calls;
	struct rmi_service_call call;
	char service[RMI_WASM_SERVICE_NAME_MAX];
	int64_t call_again_ns;
	struct rme_packet *answer; /**< that is being sent */

	unsigned asset_calls;       /**< of the order */
	uint8_t *files;             /**< answer that is being sent */
	struct rme_error files_why; /**< of the order: why the host could not read them */
};

/** Begin to get a seat and open the session in it. */
void rmi_iso_session_start(struct rmi_iso_session *s);
/** Go on as far as possible without waiting, but for some microseconds where that pays. */
void rmi_iso_session_drive(struct rmi_iso_session *s);
/** For threads that may block: go on until at rest, at most until then. @return false if it is not */
bool rmi_iso_session_settle(struct rmi_iso_session *s, int64_t until_ns);
/** End the session in the guest and leave the seat. Blocks. */
void rmi_iso_session_end(struct rmi_iso_session *s);
/** Order something; body is borrowed until it is sent. */
void rmi_iso_session_order(struct rmi_iso_session *s, const struct rmi_iso_order *order, const uint8_t *body);
/** The guest is not to be dealt with any more: its process is ended, and what is under way fails. */
void rmi_iso_session_accuse(struct rmi_iso_session *s, enum rme_err code, const char *what);

/* iso_node.c */

/** The next packet that waits, NULL = none. */
struct rme_packet *rmi_iso_pending_first(const struct rmi_iso_session *s);
struct rme_packet *rmi_iso_pending_pop(struct rmi_iso_session *s);

/* iso_calls.c */

/** A CALL came: whether it may be made is decided here. */
void rmi_iso_call_begin(struct rmi_iso_session *s);
/** @return true if it is over, and the answer is on its way */
bool rmi_iso_call_poll(struct rmi_iso_session *s);
void rmi_iso_call_cancel(struct rmi_iso_session *s);

/* iso_assets.c */

/** ASSETS came: read the files and give them. */
void rmi_iso_assets_give(struct rmi_iso_session *s);

extern const struct rme_node_type rmi_iso_node_type;

#endif
