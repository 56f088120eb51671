/* Host functions of module "env" that stay in this process. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "wasm/host_modules.h"
#include "wasm/instance_state.h"

enum { ABORT_UNITS_MAX = 96 };

void
rmi_host_log(struct rmi_host_call *h)
{
	uint32_t level = rmi_host_u32(h, 0), len = rmi_host_u32(h, 2);
	const uint8_t *text = rmi_instance_memory(h->in, rmi_host_u32(h, 1), len);
	if (text == NULL) {
		return;
	}
	const struct rmi_guest_log_to to = rmi_instance_log_to(h->in);
	rmi_guest_log_line(&h->in->log, &to, rmi_guest_log_level(level), (const char *)text, len);
}

void
rmi_host_error(struct rmi_host_call *h)
{
	uint32_t len = rmi_host_u32(h, 1);
	const uint8_t *text = rmi_instance_memory(h->in, rmi_host_u32(h, 0), len);
	if (text != NULL) {
		rmi_guest_text_copy(h->in->error_text, sizeof(h->in->error_text), (const char *)text, len);
		h->in->has_error_text = true;
	}
}

void
rmi_host_now_ns(struct rmi_host_call *h)
{
	h->results[0] = (WasmEdge_Value){.Value = (uint64_t)rmi_monotonic_ns(), .Type = h->lane->process->i64};
}

/* AssemblyScript strings are UTF-16, their length in bytes stands in front. What is not ASCII becomes '?'. */
static void
copy_as_string(const struct rmi_wasm_instance *in, uint32_t address, char *to, size_t cap)
{
	to[0] = '\0';
	const uint8_t *header = address >= 4 ? rmi_instance_memory(in, address - 4, 4) : NULL;
	if (header == NULL) {
		return;
	}
	uint32_t bytes;
	memcpy(&bytes, header, sizeof(bytes));
	bytes = bytes < 2 * ABORT_UNITS_MAX ? bytes : 2 * ABORT_UNITS_MAX;
	const uint8_t *units = rmi_instance_memory(in, address, bytes);
	size_t n = 0;
	for (uint32_t i = 0; units != NULL && i + 1 < bytes && n + 1 < cap; i += 2) {
		bool ascii = units[i + 1] == 0 && units[i] >= 0x20 && units[i] < 0x7f;
		to[n++] = ascii ? (char)units[i] : '?';
	}
	to[n] = '\0';
}

/* abort(message, file, line, column) */
void
rmi_host_abort(struct rmi_host_call *h)
{
	char message[ABORT_UNITS_MAX + 1], file[ABORT_UNITS_MAX + 1];
	copy_as_string(h->in, rmi_host_u32(h, 0), message, sizeof(message));
	copy_as_string(h->in, rmi_host_u32(h, 1), file, sizeof(file));
	(void)snprintf(
	    h->in->error_text, sizeof(h->in->error_text), "abort: %s (%.60s:%u)", message, file, rmi_host_u32(h, 2));
	h->in->gave_up = true;
	h->trap = true;
}
