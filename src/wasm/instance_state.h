#ifndef RMI_WASM_INSTANCE_STATE_H
#define RMI_WASM_INSTANCE_STATE_H

/** @file The inside of an instance, shared by instance*.c and the host functions. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cancel.h"
#include "core/guest_log.h"
#include "wasm/admission.h"
#include "wasm/instance.h"
#include "wasm/invoke.h"
#include "wasm/module_limits.h"

struct rmi_wasm_module;
struct rmi_windows;

/** Room in the guest's memory that the host may write to. */
struct rmi_guest_buffer {
	uint32_t address;
	uint32_t capacity; /**< 0 = none yet */
};

/** The answer to a service call that did not fit: kept for the repetition with more room. */
struct rmi_kept_answer {
	struct rme_packet *request, *answer;
	char service[RMI_WASM_SERVICE_NAME_MAX];
};

enum rmi_instance_state { RMI_INSTANCE_FRESH, RMI_INSTANCE_OPEN, RMI_INSTANCE_DEAD };

struct rmi_wasm_instance {
	struct rmi_wasm_module *module;
	struct rmi_wasm_code *code; /**< that it was made from; the module may have better by now */
	struct rmi_wasm_process *process;
	WasmEdge_ModuleInstanceContext *guest;
	WasmEdge_MemoryInstanceContext *memory;
	const WasmEdge_FunctionInstanceContext *exports[RMI_EXPORT_COUNT_];
	struct rmi_zone zone;
	atomic_bool canceled;
	enum rmi_instance_state state;

	struct rmi_wasm_instance *next_warm; /**< in the module's list of warm ones */
	bool uncounted;                      /**< holds no reference to the module */

	struct rmi_cancel_hook cancel_hook;
	bool hooked;

	struct rmi_windows *windows; /**< NULL until an item or result is large */
	struct rmi_guest_buffer in, out;
	struct rmi_guest_buffer text; /**< for the output format, which must not overwrite a result */

	const struct rmi_guest_env *env; /**< NULL until it is opened */
	int64_t item_deadline_ns;        /**< of the call under way, 0 = none */
	struct rme_packet_meta item;     /**< of the item under way, for packets that the guest sends */
	bool has_error_text;
	char error_text[RMI_WASM_ERROR_TEXT_MAX]; /**< by rme_error, or why it gave up */
	bool entered;                             /**< a call is open, maybe suspended: it is not entered again */
	bool gave_up;                             /**< proc_exit, abort: error_text says how */
	uint32_t service_calls;                   /**< of the item */
	struct rmi_guest_usage usage;
	struct rmi_kept_answer kept;
	struct rmi_guest_log log;
};

/** Bytes of guest memory, NULL where any of them is outside. */
uint8_t *rmi_instance_memory(const struct rmi_wasm_instance *in, uint32_t address, uint32_t len);
struct rmi_guest_log_to rmi_instance_log_to(const struct rmi_wasm_instance *in);

/* instance.c */

/** Call an export: deadline, death, error texts. call->n_args, args and n_results are set by the caller. */
RME_NODISCARD enum rme_err
rmi_instance_call(struct rmi_wasm_instance *in, enum rmi_export_id id, struct rmi_invoke *call, struct rme_error *err);
/** The module broke the interface: the instance is dead. @return RME_EMODULE */
enum rme_err rmi_instance_die(struct rmi_wasm_instance *in, struct rme_error *err, const char *what);
/** RME_ECLOSED where it is dead. */
RME_NODISCARD enum rme_err rmi_instance_usable(const struct rmi_wasm_instance *in, struct rme_error *err);

/* instance_io.c */

/**
 * Ask the module's allocator. What it gives is inside its memory and apart from the windows.
 * @param[out] address  0 = it has no room
 */
RME_NODISCARD enum rme_err
rmi_instance_allocate(struct rmi_wasm_instance *in, uint32_t bytes, uint32_t *address, struct rme_error *err);
RME_NODISCARD enum rme_err
rmi_instance_give_back(struct rmi_wasm_instance *in, const struct rmi_guest_buffer *b, struct rme_error *err);
/** Make sure that a buffer has room, by the module's allocator; contents are lost. */
RME_NODISCARD enum rme_err
rmi_instance_reserve(struct rmi_wasm_instance *in, struct rmi_guest_buffer *b, size_t need, struct rme_error *err);
/** Copy data into the input buffer. */
RME_NODISCARD enum rme_err
rmi_instance_put(struct rmi_wasm_instance *in, const void *data, size_t len, struct rme_error *err);
/** One file of the module's, for good: a rmi_asset_sink over the instance. */
RME_NODISCARD enum rme_err
rmi_instance_take_asset(void *ctx, const char *name, struct rme_bytes bytes, struct rme_error *err);
/** Find the static windows, where the module has them instead of an allocator. */
RME_NODISCARD enum rme_err rmi_instance_find_windows(struct rmi_wasm_instance *in, struct rme_error *err);
/** The error that a negative status means, with the module's own text. */
RME_NODISCARD enum rme_err rmi_instance_status(struct rmi_wasm_instance *in, int32_t status, struct rme_error *err);

/** Drop the answer that is kept. In host_service.c. */
void rmi_host_service_done(struct rmi_wasm_instance *in);

#endif
