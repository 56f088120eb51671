#ifndef TEST_MODULES_RUST_TWIN_H
#define TEST_MODULES_RUST_TWIN_H

/* hybrid_vad is Rust: its native twin, behind the names that modules in C have when they are compiled natively. */

#include "rme_module.h"
#include "rme_native.h"

extern const struct rme_native_module rme_native_hybrid_vad;

enum { TWIN_BYTES = 1 << 18 };
static _Alignas(16) struct {
	uint8_t bytes[TWIN_BYTES];
} rme_guest;

int32_t
rme_export_configure(const char *json, uint32_t len)
{
	return rme_native_hybrid_vad.size <= TWIN_BYTES ? rme_native_hybrid_vad.configure(&rme_guest, json, len) : -100;
}

int32_t
rme_export_initialize(const char *session_id)
{
	return rme_native_hybrid_vad.initialize(&rme_guest, session_id);
}

int32_t
rme_export_process(const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	return rme_native_hybrid_vad.process(&rme_guest, data, len, result, result_len);
}

float
rme_export_confidence(void)
{
	return (*rme_native_hybrid_vad.confidence)(&rme_guest);
}

#endif
