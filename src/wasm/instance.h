#ifndef RMI_WASM_INSTANCE_H
#define RMI_WASM_INSTANCE_H

/**
 * @file
 * An instance: one running copy of a module, owned by one session. One thread at a time; only
 * rmi_wasm_instance_cancel() may be called by others. An instance that trapped, was stopped or broke the interface is
 * dead: every later call is RME_ECLOSED, and it is replaced, never used again.
 *
 * Every call into the guest has a deadline: the module's time limit, and the deadline given with the call.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>
#include <rme/runtime.h>
#include "wasm/asset_list.h"

struct rmi_cancel;
struct rmi_services;
struct rmi_wasm_instance;
struct rmi_wasm_module;

/** What a guest's host calls reach. Borrowed; outlives the instance. */
struct rmi_guest_env {
	struct rme_runtime *rt;        /**< for rme_log and what it prints; NULL = nowhere */
	const char *session_id;        /**< NULL = "" */
	struct rmi_services *services; /**< NULL = every call is "service unavailable" */
	const char *const *granted;    /**< services that may be called */
	size_t n_granted;
	struct rmi_cancel *cancel; /**< of the session: stops the guest and its host calls; NULL = never */
};

/**
 * Make an instance: instantiate, and run _initialize where exported. It knows no session yet.
 * @return RME_OK; RME_ELIMIT (8,000 instances in the process, or no memory for it); RME_EMODULE; RME_ETIMEDOUT
 */
RME_NODISCARD enum rme_err
rmi_wasm_instance_new(struct rmi_wasm_instance **out, struct rmi_wasm_module *m, struct rme_error *err);
/** Runs cleanup where it is alive and open. NULL is a no-op. */
void rmi_wasm_instance_free(struct rmi_wasm_instance *in);

/** What the guest is told at the start of its session. */
struct rmi_guest_start {
	const char *params;             /**< JSON object; NULL = {} */
	const char *input;              /**< media format of the items; NULL = not known */
	struct rmi_asset_source assets; /**< files for it */
};

/** Bind to a session: asset for each file, configure (where exported), then initialize. Once. @p env is borrowed until free. */
RME_NODISCARD enum rme_err rmi_wasm_instance_open(struct rmi_wasm_instance *in, const struct rmi_guest_env *env,
    const struct rmi_guest_start *start, struct rme_error *err);

/** What is known of the item that a call belongs to. */
struct rmi_guest_item {
	int64_t deadline_ns;                /**< CLOCK_MONOTONIC, 0 = none */
	const struct rme_packet_meta *meta; /**< of the packet, for host calls: trace, flags; NULL = none */
	const struct rme_packet *packet; /**< whose payload the data is, so that it need not be copied; NULL = none */
};

/**
 * Handle one item. With @p out->len 0 there is no output.
 * @param[out] out  in the guest's memory, valid until the next call
 * @return RME_OK; RME_EMODULE (an error of the module, or a trap), RME_EUNSUPPORTED, RME_EFORMAT, RME_EUNAVAILABLE (-2, -3, -4
 *         of the interface); RME_ELIMIT (item or result too large); RME_ETIMEDOUT; RME_ECANCELED; RME_ECLOSED
 */
RME_NODISCARD enum rme_err rmi_wasm_instance_process(struct rmi_wasm_instance *in, const struct rmi_guest_item *item,
    struct rme_bytes data, struct rme_bytes *out, struct rme_error *err);
/** A further output of the item; len 0 = no more. RME_OK with len 0 where the module has no `next`. */
RME_NODISCARD enum rme_err rmi_wasm_instance_next(
    struct rmi_wasm_instance *in, const struct rmi_guest_item *item, struct rme_bytes *out, struct rme_error *err);
/** What is left at the end of the input; len 0 = no more. */
RME_NODISCARD enum rme_err rmi_wasm_instance_flush(
    struct rmi_wasm_instance *in, const struct rmi_guest_item *item, struct rme_bytes *out, struct rme_error *err);
/**
 * Make a packet of the last output, which is not copied where it is large: it is the host's from then on.
 * @param result  as process, next or flush gave it, before any other call
 * @return RME_OK, RME_ENOMEM, RME_ELIMIT
 */
RME_NODISCARD enum rme_err rmi_wasm_instance_packet(
    struct rmi_wasm_instance *in, const struct rme_packet_meta *meta, struct rme_bytes result, struct rme_packet **out);
/** Forget the stream, keep the configuration. */
RME_NODISCARD enum rme_err rmi_wasm_instance_reset(struct rmi_wasm_instance *in, struct rme_error *err);

/** Confidence in the last output, NaN where the module has no opinion. */
RME_NODISCARD enum rme_err
rmi_wasm_instance_confidence(struct rmi_wasm_instance *in, float *out, struct rme_error *err);
/** Media format of the outputs as text in the guest's memory; len 0 = the module does not say. */
RME_NODISCARD enum rme_err
rmi_wasm_instance_output_format(struct rmi_wasm_instance *in, struct rme_bytes *out, struct rme_error *err);

/** A module's own guess of what an item costs. */
struct rmi_guest_estimate {
	float work_units, doubt; /**< NaN where the module does not say */
};
/** It should take less than 50 us; one that takes 50 ms is stopped, which ends the instance. */
RME_NODISCARD enum rme_err rmi_wasm_instance_estimate(
    struct rmi_wasm_instance *in, struct rme_bytes data, struct rmi_guest_estimate *out, struct rme_error *err);

/** True once it may not be used any more. */
bool rmi_wasm_instance_dead(const struct rmi_wasm_instance *in);
/** True if the module has got better code since: a new instance would run faster. */
bool rmi_wasm_instance_outdated(const struct rmi_wasm_instance *in);
/** Stop what runs now and refuse what comes. Any thread, while the instance lives. */
void rmi_wasm_instance_cancel(struct rmi_wasm_instance *in);

/** What host calls of the last item cost; cleared by process. */
struct rmi_guest_usage {
	uint32_t service_calls, bytes_up, bytes_down;
	int64_t service_ns, remote_ns;
};
const struct rmi_guest_usage *rmi_wasm_instance_usage(const struct rmi_wasm_instance *in);
/** Pages of 64 KiB that the guest has now. */
uint32_t rmi_wasm_instance_pages(const struct rmi_wasm_instance *in);

#endif
