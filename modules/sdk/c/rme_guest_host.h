#ifndef RME_GUEST_HOST_H
#define RME_GUEST_HOST_H

/* What a module may ask of its host. Part of rme_module.h. */

/* Imports of the host; a module imports only those that it uses. Prefer the helpers below. */
RME_GUEST_IMPORT("call_remote_service")
int32_t rme_import_call(
    const char *name, uint32_t name_len, const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len);
RME_GUEST_IMPORT("stream_to_remote")
int32_t rme_import_stream(const char *name, uint32_t name_len, const uint8_t *data, uint32_t len);
RME_GUEST_IMPORT("rme_log") void rme_import_log(uint32_t level, const char *text, uint32_t len);
RME_GUEST_IMPORT("rme_error") void rme_import_error(const char *text, uint32_t len);
RME_GUEST_IMPORT("rme_now_ns") int64_t rme_import_now(void);

/* Fail with a text for people: `return rme_fail(RME_GUEST_BAD_INPUT, "odd number of bytes");` */
static inline int
rme_fail(int code, const char *text)
{
	rme_import_error(text, rme_text_length(text));
	return code;
}

/* Levels: 0 trace, 1 debug, 2 info, 3 warning, 4 error. The host limits the rate. */
static inline void
rme_log_text(uint32_t level, const char *text)
{
	rme_import_log(level, text, rme_text_length(text));
}

/* Call a service that the registry grants to this module. The reply is appended to @p reply. */
static inline int
rme_remote_call(const char *service, struct rme_in request, struct rme_out *reply)
{
	uint32_t n = reply->cap - reply->len;
	int status =
	    rme_import_call(service, rme_text_length(service), request.data, request.len, reply->data + reply->len, &n);
	if (status == RME_REMOTE_OK) {
		reply->len += n <= reply->cap - reply->len ? n : reply->cap - reply->len;
	}
	return status;
}

#endif
