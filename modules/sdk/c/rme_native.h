#ifndef RME_NATIVE_H
#define RME_NATIVE_H

/*
 * A module compiled as part of the host: its native twin. RME_MODULE() makes the table where RME_NATIVE_TWIN is defined as
 * the module's name; the host includes this header alone. The functions are the exports of module interface 1, each over
 * an instance of `size` bytes, zeroed and aligned to 16, that the host allocates. Optional ones are pointers to a pointer
 * that is NULL where the module has none. The host supplies the imports (rme_guest_host.h) and knows by itself which
 * instance is running.
 */

#include <stddef.h>
#include <stdint.h>

struct rme_estimate;

typedef int32_t (*rme_native_pull)(void *instance, uint8_t *result, uint32_t *result_len);
typedef float (*rme_native_confidence)(void *instance);
typedef int32_t (*rme_native_estimate)(void *instance, const uint8_t *data, uint32_t len, struct rme_estimate *out);
typedef int32_t (*rme_native_asset)(
    void *instance, const char *name, uint32_t name_len, const uint8_t *data, uint32_t len);

struct rme_native_module {
	const char *name;
	size_t size;
	int32_t (*configure)(void *instance, const char *json, uint32_t len);
	int32_t (*initialize)(void *instance, const char *session_id);
	int32_t (*process)(void *instance, const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len);
	int32_t (*reset)(void *instance);
	int32_t (*cleanup)(void *instance);
	const rme_native_asset *asset;
	const rme_native_pull *next, *flush, *output_format;
	const rme_native_confidence *confidence;
	const rme_native_estimate *estimate;
};

#endif
