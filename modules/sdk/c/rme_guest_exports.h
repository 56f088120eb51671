#ifndef RME_GUEST_EXPORTS_H
#define RME_GUEST_EXPORTS_H

/* The exports of module interface 1. RME_MODULE() defines them; nobody else does. Part of rme_module.h. */

RME_GUEST_EXPORT("rme_alloc") void *rme_export_alloc(uint32_t len);
RME_GUEST_EXPORT("rme_free") void rme_export_free(void *ptr, uint32_t len);
RME_GUEST_EXPORT("rme_abi") int32_t rme_export_abi(void);
RME_GUEST_EXPORT("asset")
int32_t rme_export_asset(const char *name, uint32_t name_len, const uint8_t *data, uint32_t len);
RME_GUEST_EXPORT("configure") int32_t rme_export_configure(const char *json, uint32_t len);
RME_GUEST_EXPORT("initialize") int32_t rme_export_initialize(const char *session_id);
RME_GUEST_EXPORT("process")
int32_t rme_export_process(const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len);
RME_GUEST_EXPORT("reset") int32_t rme_export_reset(void);
RME_GUEST_EXPORT("cleanup") int32_t rme_export_cleanup(void);
RME_GUEST_EXPORT("next") int32_t rme_export_next(uint8_t *result, uint32_t *result_len);
RME_GUEST_EXPORT("flush") int32_t rme_export_flush(uint8_t *result, uint32_t *result_len);
RME_GUEST_EXPORT("output_format") int32_t rme_export_output_format(uint8_t *result, uint32_t *result_len);
RME_GUEST_EXPORT("estimate")
int32_t rme_export_estimate(const uint8_t *data, uint32_t len, struct rme_estimate *out);
RME_GUEST_EXPORT("confidence") float rme_export_confidence(void);

#endif
