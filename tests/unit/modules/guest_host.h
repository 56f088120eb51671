#ifndef TEST_MODULES_GUEST_HOST_H
#define TEST_MODULES_GUEST_HOST_H

/* Stands in for the host of a module that is compiled as plain C. Include after rme_module.h. */

#include <stdint.h>
#include <string.h>

struct guest_host {
	char error[200]; /* text of the last rme_error */
	uint32_t calls;  /* of call_remote_service */
	uint32_t call_bytes;
	int32_t status; /* what the calls return */
	const char *reply;
};
static struct guest_host host;

void
rme_import_error(const char *text, uint32_t len)
{
	len = len < sizeof host.error ? len : sizeof host.error - 1;
	memcpy(host.error, text, len);
	host.error[len] = '\0';
}

void
rme_import_log(uint32_t level, const char *text, uint32_t len)
{
	(void)level;
	(void)text;
	(void)len;
}

int64_t
rme_import_now(void)
{
	return 0;
}

int32_t
rme_import_stream(const char *name, uint32_t name_len, const uint8_t *data, uint32_t len)
{
	(void)name;
	(void)name_len;
	(void)data;
	(void)len;
	return RME_REMOTE_UNAVAILABLE;
}

int32_t
rme_import_call(
    const char *name, uint32_t name_len, const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	(void)name;
	(void)name_len;
	(void)data;
	host.calls++;
	host.call_bytes = len;
	if (host.status != RME_REMOTE_OK) {
		return host.status;
	}
	uint32_t n = (uint32_t)strlen(host.reply);
	if (n > *result_len) {
		*result_len = n;
		return RME_REMOTE_TOO_SMALL;
	}
	memcpy(result, host.reply, n);
	*result_len = n;
	return RME_REMOTE_OK;
}

#endif
