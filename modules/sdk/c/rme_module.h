#ifndef RME_MODULE_H
#define RME_MODULE_H

/*
 * Write a RemoteMedia Edge module in C: include this header alone, write a few functions over a state struct, name them in
 * RME_MODULE(). The header makes the exports of module interface 1 (docs/reference/module-abi.md) from them; no pointer
 * into guest memory, allocator or length word is left to the author. No libc is needed.
 *
 *	struct gain { float factor; };
 *
 *	static int
 *	gain_process(struct gain *s, struct rme_in in, struct rme_out *out)
 *	{
 *		for (uint32_t i = 0; i < rme_count(in, 2); i++)
 *			rme_put_s16(out, rme_clip_s16((float)rme_s16(in, i) * s->factor));
 *		return RME_GUEST_OK;
 *	}
 *
 *	RME_MODULE(struct gain, .process = gain_process, .result_per_input = 1)
 *
 * One instance serves one session, so the state is a static object. It is all zero before configure().
 *
 * Compiled natively the same functions are plain C functions (rme_export_process() and so on), so a module can be unit
 * tested, sanitized and fuzzed on the host; the test supplies the imports.
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define RME_GUEST_EXPORT(name) __attribute__((export_name(name)))
#define RME_GUEST_IMPORT(name) __attribute__((import_module("env"), import_name(name)))
#else
#define RME_GUEST_EXPORT(name)
#define RME_GUEST_IMPORT(name)
#endif

/* What the functions of a module return. Any other negative number is the module's own error. */
enum rme_guest_result {
	RME_GUEST_OK = 0,
	RME_GUEST_FAILED = -1,
	RME_GUEST_UNSUPPORTED = -2,
	RME_GUEST_BAD_INPUT = -3,
	RME_GUEST_NOT_READY = -4,
	RME_GUEST_TOO_SMALL = -5,
};

/* What rme_remote_call() returns. */
enum rme_remote_status {
	RME_REMOTE_OK = 0,
	RME_REMOTE_NETWORK = -1,
	RME_REMOTE_UNAVAILABLE = -2, /* also: offline, circuit breaker open */
	RME_REMOTE_TOO_SMALL = -5,
	RME_REMOTE_NOT_GRANTED = -6,
	RME_REMOTE_DEADLINE = -7, /* or the budget is spent */
	RME_REMOTE_BAD_ARGUMENT = -8,
};

/* How much an item would cost (in the units of the registry's cost model), and how doubtful the answer would be, 0..1. */
struct rme_estimate {
	float work_units, doubt;
};

#include "rme_guest_exports.h"
#include "rme_guest_alloc.h"
#include "rme_guest_io.h"
#include "rme_guest_json.h"
#include "rme_guest_params.h"
#include "rme_guest_host.h"

/* The C string of the session id may be looked at in initialize(). */
#define RME_MODULE(state_type, ...) \
	struct rme_module_ops { \
		int (*configure)(state_type *, struct rme_params *);     /* optional: read parameters */ \
		int (*initialize)(state_type *, const char *session_id); /* optional */ \
		int (*process)(state_type *, struct rme_in, struct rme_out *); \
		void (*reset)(state_type *);                          /* optional: forget the stream */ \
		void (*cleanup)(state_type *);                        /* optional */ \
		uint32_t result_bytes;                                /* a result is at most this */ \
		uint32_t result_per_input;                            /* plus this times the input's bytes */ \
		uint64_t (*result_bound)(state_type *, uint32_t len); /* optional: plus this */ \
	}; \
	static const struct rme_module_ops rme_ops = {__VA_ARGS__}; \
	static state_type rme_state; \
	static int rme_configured; \
	RME_GUEST_ALLOC_EXPORTS \
	int32_t rme_export_abi(void) \
	{ \
		return 1; \
	} \
	int32_t rme_export_configure(const char *json, uint32_t len) \
	{ \
		struct rme_params p = rme_params_of(json, len); \
		int r = rme_ops.configure != NULL ? rme_ops.configure(&rme_state, &p) : RME_GUEST_OK; \
		if (r >= 0 && p.bad != NULL) { \
			r = rme_fail(RME_GUEST_BAD_INPUT, p.bad); \
		} \
		rme_configured = r >= 0; \
		return r; \
	} \
	int32_t rme_export_initialize(const char *session_id) \
	{ \
		if (!rme_configured) { \
			int r = rme_export_configure("{}", 2); \
			if (r < 0) { \
				return r; \
			} \
		} \
		int r = rme_ops.initialize != NULL ? rme_ops.initialize(&rme_state, session_id) : RME_GUEST_OK; \
		return r < 0 ? r : 1; \
	} \
	int32_t rme_export_process(const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len) \
	{ \
		if (!rme_configured) { \
			return rme_fail(RME_GUEST_NOT_READY, "initialize was not called"); \
		} \
		uint64_t bound = rme_ops.result_bytes + (uint64_t)rme_ops.result_per_input * len; \
		bound += rme_ops.result_bound != NULL ? rme_ops.result_bound(&rme_state, len) : 0; \
		if (bound > *result_len) { \
			*result_len = bound > UINT32_MAX ? UINT32_MAX : (uint32_t)bound; \
			return RME_GUEST_TOO_SMALL; \
		} \
		struct rme_in in = {data, len}; \
		struct rme_out out = {result, *result_len, 0, 0}; \
		int r = rme_ops.process(&rme_state, in, &out); \
		*result_len = r >= 0 ? out.len : 0; \
		return out.overflow ? rme_fail(RME_GUEST_FAILED, "result longer than the module declared") : r; \
	} \
	int32_t rme_export_reset(void) \
	{ \
		if (rme_ops.reset != NULL) { \
			rme_ops.reset(&rme_state); \
		} \
		return RME_GUEST_OK; \
	} \
	int32_t rme_export_cleanup(void) \
	{ \
		if (rme_ops.cleanup != NULL) { \
			rme_ops.cleanup(&rme_state); \
		} \
		return RME_GUEST_OK; \
	}

/* Optional exports, after RME_MODULE(); each names a function over the state. */

/* float confidence(state *): of the last item, 0..1, NaN = no opinion. */
#define RME_MODULE_CONFIDENCE(function) \
	float rme_export_confidence(void) \
	{ \
		return function(&rme_state); \
	}

/* struct rme_estimate estimate(state *, struct rme_in): of an item before it is processed; must be cheap. */
#define RME_MODULE_ESTIMATE(function) \
	int32_t rme_export_estimate(const uint8_t *data, uint32_t len, struct rme_estimate *out) \
	{ \
		struct rme_in in = {data, len}; \
		*out = function(&rme_state, in); \
		return RME_GUEST_OK; \
	}

/* int next(state *, struct rme_out *): further results of the same item, until one is empty. */
#define RME_MODULE_NEXT(function) RME_GUEST_PULL(rme_export_next, function)
/* int flush(state *, struct rme_out *): the input ended; what is left, until a result is empty. */
#define RME_MODULE_FLUSH(function) RME_GUEST_PULL(rme_export_flush, function)
/* int output_format(state *, struct rme_out *): the media format of the output as text. */
#define RME_MODULE_OUTPUT_FORMAT(function) RME_GUEST_PULL(rme_export_output_format, function)

#define RME_GUEST_PULL(symbol, function) \
	int32_t symbol(uint8_t *result, uint32_t *result_len) \
	{ \
		if (rme_ops.result_bytes > *result_len) { \
			*result_len = rme_ops.result_bytes; \
			return RME_GUEST_TOO_SMALL; \
		} \
		struct rme_out out = {result, *result_len, 0, 0}; \
		int r = function(&rme_state, &out); \
		*result_len = r >= 0 ? out.len : 0; \
		return out.overflow ? rme_fail(RME_GUEST_FAILED, "result longer than the room for it") : r; \
	}

#endif
