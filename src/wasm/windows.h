#ifndef RMI_WASM_WINDOWS_H
#define RMI_WASM_WINDOWS_H

/**
 * @file
 * Windows: parts of a guest's memory that are the memory of a frame ring (base/frame_ring.h), so that host and guest see the
 * same bytes and large payloads are not copied. They lie in blocks that the guest's own allocator gave: nothing else of the
 * guest is ever there. Whatever does not fit is copied as ever. See docs/design/wasm-windows.md.
 *
 * One thread at a time, as the instance.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>
#include "base/frame_ring.h"
#include "wasm/instance_state.h"
#include "wasm/lane.h"

struct rmi_shared_window {
	struct rmi_frame_ring *ring; /**< with a reference; NULL = none */
	struct rmi_guest_buffer block;
	uint32_t address; /**< in the block, at a page of the host */
};

struct rmi_windows {
	struct rmi_zone_windows zone; /**< for the fault handler */
	struct rmi_shared_window in[RMI_ZONE_WINDOWS], out;
	unsigned next_in; /**< to be replaced next */
	const struct rmi_frame_ring *seen;
	bool in_off, out_off; /**< copies from now on */
	int slot;             /**< of the result under way, -1 = none */
	uint32_t given;       /**< bit per slot of the result ring that the guest may not write to now */
};

/** Room for a result. */
struct rmi_result_room {
	uint32_t address;
	uint32_t bytes;
	uint8_t *host; /**< the same, as the host writes and reads it */
};

/**
 * Where the guest finds the bytes of a packet.
 * @param packet  that @p data is the payload of; NULL = none
 * @param[out] address  0 = nowhere: they must be copied
 * @return RME_OK; RME_EMODULE, RME_ETIMEDOUT (the guest's allocator)
 */
RME_NODISCARD enum rme_err rmi_windows_find(struct rmi_wasm_instance *in, const struct rme_packet *packet,
    struct rme_bytes data, uint32_t *address, struct rme_error *err);

/** Have a window for results of @p need bytes; where there can be none, results are copied. Same returns. */
RME_NODISCARD enum rme_err rmi_windows_for_result(struct rmi_wasm_instance *in, size_t need, struct rme_error *err);
/** Room for the next result in the window. @return false where there is none */
bool rmi_windows_result_room(struct rmi_wasm_instance *in, struct rmi_result_room *out);

/** Before each call into the guest: results that were given away are read-only, the one under way is not. */
RME_NODISCARD enum rme_err rmi_windows_enter(struct rmi_wasm_instance *in, struct rme_error *err);

/** True where an address range touches a window, or room of a result that was given away. */
bool rmi_windows_overlap(const struct rmi_wasm_instance *in, uint32_t address, uint32_t len);
bool rmi_windows_given(const struct rmi_wasm_instance *in, uint32_t address, uint32_t len);

/** When the guest's memory is gone. */
void rmi_windows_done(struct rmi_wasm_instance *in);

#endif
