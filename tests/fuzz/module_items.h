#ifndef FUZZ_MODULE_ITEMS_H
#define FUZZ_MODULE_ITEMS_H

/* Feeds a module compiled as plain C: first a JSON text up to a NUL, then audio. Include after the module and guest_host.h. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A result of exactly the room that the module asks for, so that a byte too far is noticed. */
static inline void
module_item(const uint8_t *data, uint32_t len)
{
	uint8_t *exact = malloc(len + 1);
	uint32_t room = 0;
	memcpy(exact, data, len);
	if (rme_export_process(exact, len, NULL, &room) == RME_GUEST_TOO_SMALL && room < 1 << 28) {
		uint8_t *out = malloc(room + 1);
		uint32_t n = room;
		if (rme_export_process(exact, len, out, &n) >= 0 && n > room) {
			abort();
		}
		free(out);
	}
	free(exact);
}

static inline void
module_drain(int32_t (*pull)(uint8_t *, uint32_t *))
{
	uint32_t room = 0;
	if (pull(NULL, &room) != RME_GUEST_TOO_SMALL) {
		return;
	}
	uint8_t *out = malloc(room + 1);
	for (int i = 0; i < 1000; i++) {
		uint32_t n = room;
		if (pull(out, &n) < 0 || n == 0) {
			free(out);
			return;
		}
	}
	abort(); /* an end that does not end */
}

static inline int
module_items_run(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, 0, size);
	size_t config = end != NULL ? (size_t)(end - data) : size;
	char *json = malloc(config + 1);
	memcpy(json, data, config);
	if (size < 100000 && rme_export_configure(json, (uint32_t)config) >= 0 && rme_export_initialize("f") >= 0) {
		const uint8_t *audio = data + config;
		uint32_t n = (uint32_t)(size - config);
		uint32_t first = n / 3 / 8 * 8;
		module_item(audio, first);
		module_item(audio + first, (n - first) / 8 * 8);
		module_item(audio, n);
		module_drain(rme_export_flush);
		(void)rme_export_reset();
		(void)rme_export_cleanup();
	}
	free(json);
	return 0;
}

#endif
