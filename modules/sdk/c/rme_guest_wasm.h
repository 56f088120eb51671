#ifndef RME_GUEST_WASM_H
#define RME_GUEST_WASM_H

/* The entry points as exports over one static instance. Part of rme_module.h. */

#define RME_GUEST_FACE \
	static struct rme_guest rme_guest; \
	RME_GUEST_ALLOC_EXPORTS \
	int32_t rme_export_abi(void) \
	{ \
		return 1; \
	} \
	int32_t rme_export_configure(const char *json, uint32_t len) \
	{ \
		return rme_guest_configure(&rme_guest, json, len); \
	} \
	int32_t rme_export_initialize(const char *session_id) \
	{ \
		return rme_guest_initialize(&rme_guest, session_id); \
	} \
	int32_t rme_export_process(const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len) \
	{ \
		return rme_guest_process(&rme_guest, data, len, result, result_len); \
	} \
	int32_t rme_export_reset(void) \
	{ \
		return rme_guest_reset(&rme_guest); \
	} \
	int32_t rme_export_cleanup(void) \
	{ \
		return rme_guest_cleanup(&rme_guest); \
	}

#define RME_GUEST_FACE_CONFIDENCE \
	float rme_export_confidence(void) \
	{ \
		return rme_guest_confidence(&rme_guest); \
	}

#define RME_GUEST_FACE_ESTIMATE \
	int32_t rme_export_estimate(const uint8_t *data, uint32_t len, struct rme_estimate *out) \
	{ \
		return rme_guest_estimate(&rme_guest, data, len, out); \
	}

#define RME_GUEST_FACE_ASSET \
	int32_t rme_export_asset(const char *name, uint32_t name_len, const uint8_t *data, uint32_t len) \
	{ \
		return rme_guest_asset(&rme_guest, name, name_len, data, len); \
	}

#define RME_GUEST_FACE_PULL(name) \
	int32_t rme_export_##name(uint8_t *result, uint32_t *result_len) \
	{ \
		return rme_guest_##name(&rme_guest, result, result_len); \
	}

#endif
