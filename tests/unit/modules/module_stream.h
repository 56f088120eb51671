#ifndef TEST_MODULES_MODULE_STREAM_H
#define TEST_MODULES_MODULE_STREAM_H

/* A whole stream through a module compiled as plain C. Include after the module and guest_host.h. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
	uint8_t *data;
	uint32_t n;
};

static inline void
module_configure(const char *params, const char *input)
{
	char json[400];
	int n = snprintf(json, sizeof json, "{\"params\":{%s},\"input\":\"%s\"}", params, input);
	if (rme_export_configure(json, (uint32_t)n) != 0) {
		fail_msg("%s", host.error);
	}
	assert_int_equal(rme_export_initialize("s"), 1);
}

/* In items of @p item bytes, and its end. @param flush_bytes  room that the module wants for a piece of it */
static inline struct bytes
module_stream(const void *in, uint32_t n, uint32_t item, uint32_t flush_bytes)
{
	struct bytes b = {calloc((size_t)n * 30 + 400000, 1), 0};
	for (uint32_t at = 0; at < n; at += item) {
		uint32_t take = item < n - at ? item : n - at;
		uint32_t got = 0;
		uint8_t *exact = malloc(take);
		memcpy(exact, (const uint8_t *)in + at, take);
		assert_int_equal(rme_export_process(exact, take, b.data + b.n, &got), RME_GUEST_TOO_SMALL);
		assert_int_equal(rme_export_process(exact, take, b.data + b.n, &got), RME_GUEST_OK);
		b.n += got;
		free(exact);
	}
	for (;;) {
		uint32_t got = flush_bytes;
		assert_int_equal(rme_export_flush(b.data + b.n, &got), RME_GUEST_OK);
		if (got == 0) {
			return b;
		}
		b.n += got;
	}
}

/* Every parameter of @p wrong must be refused with a text that names it. */
static inline void
module_refuses(const char *const *wrong, const char *const *about, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char json[200];
		int len = snprintf(json, sizeof json, "{\"params\":{%s}}", wrong[i]);
		host.error[0] = '\0';
		assert_int_equal(rme_export_configure(json, (uint32_t)len), RME_GUEST_BAD_INPUT);
		if (strstr(host.error, about[i]) == NULL) {
			fail_msg("%s: %s", wrong[i], host.error);
		}
	}
}

#endif
