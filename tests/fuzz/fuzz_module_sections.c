/* Any bytes as a .wasm file: names and sizes are read, or it is refused; what is shown is printable. */
#include "cli/modules_sections.h"

static void
check(const struct rmi_module_items *items)
{
	for (size_t i = 0; i < items->n; i++) {
		for (const char *c = items->list[i].name; *c != '\0'; c++) {
			if (*c < 0x20 || *c > 0x7e) {
				__builtin_trap();
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmi_arena arena = {.used_bytes = 0};
	struct rmi_module_sections s;
	struct rme_error err;
	(void)!rmi_module_sections_read(&s, &arena, data, size, &err);
	check(&s.imports);
	check(&s.exports);
	check(&s.customs);
	rmi_arena_done(&arena);
	return 0;
}
