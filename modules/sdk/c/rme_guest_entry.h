#ifndef RME_GUEST_ENTRY_H
#define RME_GUEST_ENTRY_H

/*
 * RME_MODULE() and the optional exports. Part of rme_module.h. The entry points are written once, over a pointer to the
 * instance; RME_GUEST_FACE_* turn them into exports over one static instance, or into the members of a native twin.
 */

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
	struct rme_guest { \
		_Alignas(16) state_type state; \
		int configured; \
	}; \
	static int32_t rme_guest_configure(void *guest, const char *json, uint32_t len) \
	{ \
		struct rme_guest *g = guest; \
		struct rme_params p = rme_params_of(json, len); \
		int r = rme_ops.configure != NULL ? rme_ops.configure(&g->state, &p) : RME_GUEST_OK; \
		if (r >= 0 && p.bad != NULL) { \
			r = rme_fail(RME_GUEST_BAD_INPUT, p.bad); \
		} \
		g->configured = r >= 0; \
		return r; \
	} \
	static int32_t rme_guest_initialize(void *guest, const char *session_id) \
	{ \
		struct rme_guest *g = guest; \
		if (!g->configured) { \
			int r = rme_guest_configure(g, "{}", 2); \
			if (r < 0) { \
				return r; \
			} \
		} \
		int r = rme_ops.initialize != NULL ? rme_ops.initialize(&g->state, session_id) : RME_GUEST_OK; \
		return r < 0 ? r : 1; \
	} \
	static int32_t rme_guest_process( \
	    void *guest, const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len) \
	{ \
		struct rme_guest *g = guest; \
		if (!g->configured) { \
			return rme_fail(RME_GUEST_NOT_READY, "initialize was not called"); \
		} \
		uint64_t bound = rme_ops.result_bytes + (uint64_t)rme_ops.result_per_input * len; \
		bound += rme_ops.result_bound != NULL ? rme_ops.result_bound(&g->state, len) : 0; \
		if (bound > *result_len) { \
			*result_len = bound > UINT32_MAX ? UINT32_MAX : (uint32_t)bound; \
			return RME_GUEST_TOO_SMALL; \
		} \
		struct rme_in in = {data, len}; \
		struct rme_out out = {result, *result_len, 0, 0}; \
		int r = rme_ops.process(&g->state, in, &out); \
		*result_len = r >= 0 ? out.len : 0; \
		return out.overflow ? rme_fail(RME_GUEST_FAILED, "result longer than the module declared") : r; \
	} \
	static int32_t rme_guest_reset(void *guest) \
	{ \
		if (rme_ops.reset != NULL) { \
			rme_ops.reset(&((struct rme_guest *)guest)->state); \
		} \
		return RME_GUEST_OK; \
	} \
	static int32_t rme_guest_cleanup(void *guest) \
	{ \
		if (rme_ops.cleanup != NULL) { \
			rme_ops.cleanup(&((struct rme_guest *)guest)->state); \
		} \
		return RME_GUEST_OK; \
	} \
	RME_GUEST_FACE

/* Optional exports, after RME_MODULE(); each names a function over the state. */

/* float confidence(state *): of the last item, 0..1, NaN = no opinion. */
#define RME_MODULE_CONFIDENCE(function) \
	static float rme_guest_confidence(void *guest) \
	{ \
		return function(&((struct rme_guest *)guest)->state); \
	} \
	RME_GUEST_FACE_CONFIDENCE

/* struct rme_estimate estimate(state *, struct rme_in): of an item before it is processed; must be cheap. */
#define RME_MODULE_ESTIMATE(function) \
	static int32_t rme_guest_estimate(void *guest, const uint8_t *data, uint32_t len, struct rme_estimate *out) \
	{ \
		struct rme_in in = {data, len}; \
		*out = function(&((struct rme_guest *)guest)->state, in); \
		return RME_GUEST_OK; \
	} \
	RME_GUEST_FACE_ESTIMATE

/* int asset(state *, struct rme_asset): a file of the host, before configure(); keep the pointer, not a copy. */
#define RME_MODULE_ASSET(function) \
	static int32_t rme_guest_asset( \
	    void *guest, const char *name, uint32_t name_len, const uint8_t *data, uint32_t len) \
	{ \
		struct rme_asset a = {name, name_len, {data, len}}; \
		return function(&((struct rme_guest *)guest)->state, a); \
	} \
	RME_GUEST_FACE_ASSET

/* int next(state *, struct rme_out *): further results of the same item, until one is empty. */
#define RME_MODULE_NEXT(function) RME_GUEST_PULL(next, function, rme_ops.result_bytes)
/* int flush(state *, struct rme_out *): the input ended; what is left, until a result is empty. */
#define RME_MODULE_FLUSH(function) RME_GUEST_PULL(flush, function, rme_ops.result_bytes)
/* int output_format(state *, struct rme_out *): the media format of the output as text. */
#define RME_MODULE_OUTPUT_FORMAT(function) RME_GUEST_PULL(output_format, function, RME_FORMAT_BYTES)

/* Longest text of a media format. */
enum { RME_FORMAT_BYTES = 128 };

#define RME_GUEST_PULL(name, function, room) \
	static int32_t rme_guest_##name(void *guest, uint8_t *result, uint32_t *result_len) \
	{ \
		if ((room) > *result_len) { \
			*result_len = (room); \
			return RME_GUEST_TOO_SMALL; \
		} \
		struct rme_out out = {result, *result_len, 0, 0}; \
		int r = function(&((struct rme_guest *)guest)->state, &out); \
		*result_len = r >= 0 ? out.len : 0; \
		return out.overflow ? rme_fail(RME_GUEST_FAILED, "result longer than the room for it") : r; \
	} \
	RME_GUEST_FACE_PULL(name)

#ifdef RME_NATIVE_TWIN
#include "rme_guest_twin.h"
#else
#include "rme_guest_wasm.h"
#endif

#endif
