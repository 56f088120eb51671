#include "cli/modules_sections.h"

#include <string.h>

#include "wasm/module_limits.h"
#include "wasm/reader.h"

enum { HEADER_BYTES = 8, CUSTOMS_MAX = 64, SECTION_CUSTOM = 0, SECTION_IMPORT = 2, SECTION_EXPORT = 7 };

struct reading {
	struct rmi_module_sections *out;
	struct rmi_arena *arena;
};

static const char *
kind_name(uint8_t kind)
{
	static const char *const names[] = {"function", "table", "memory", "global", "tag"};
	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}

/* A file's names may hold anything, also what a terminal would obey. */
static const char *
copy_name(struct reading *d, struct rmi_wreader *r, struct rmi_wname name)
{
	char *copy = rmi_arena_strndup(d->arena, name.text != NULL ? name.text : "", name.len);
	if (copy == NULL) {
		rmi_wreader_fail(r, RME_ENOMEM, "%s", rme_err_text(RME_ENOMEM));
		return "";
	}
	for (uint32_t i = 0; i < name.len; i++) {
		copy[i] = copy[i] < 0x20 || copy[i] > 0x7e ? '?' : copy[i];
	}
	return copy;
}

static struct rmi_module_item *
make_items(struct reading *d, struct rmi_wreader *r, uint32_t n)
{
	struct rmi_module_item *items = rmi_arena_calloc(d->arena, n > 0 ? n : 1, sizeof(*items));
	if (items == NULL) {
		rmi_wreader_fail(r, RME_ENOMEM, "%s", rme_err_text(RME_ENOMEM));
	}
	return items;
}

static void
skip_limits(struct rmi_wreader *r)
{
	uint8_t flags = rmi_wread_u8(r);
	(void)rmi_wread_u32(r);
	if ((flags & 1u) != 0) {
		(void)rmi_wread_u32(r);
	}
}

/* What is imported, after its kind: a type's index, or the type of a table, memory or global. */
static void
skip_import_type(struct rmi_wreader *r, uint8_t kind)
{
	switch (kind) {
	case 0:
		(void)rmi_wread_u32(r);
		break;
	case 1:
		(void)rmi_wread_u8(r);
		skip_limits(r);
		break;
	case 2:
		skip_limits(r);
		break;
	case 3:
		(void)rmi_wread_bytes(r, 2);
		break;
	default:
		rmi_wreader_fail(r, RME_EUNSUPPORTED, "an import of kind %u", kind);
		break;
	}
}

static void
read_imports(struct reading *d, struct rmi_wreader *r)
{
	uint32_t n = rmi_wread_count(r, RMI_WASM_IMPORTS_MAX, "imports");
	struct rmi_module_items *to = &d->out->imports;
	to->list = make_items(d, r, n);
	to->n = 0;
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		struct rmi_module_item item = {.module = copy_name(d, r, rmi_wread_name(r))};
		item.name = copy_name(d, r, rmi_wread_name(r));
		uint8_t kind = rmi_wread_u8(r);
		item.kind = kind_name(kind);
		skip_import_type(r, kind);
		if (!r->failed) {
			to->list[to->n++] = item;
		}
	}
}

static void
read_exports(struct reading *d, struct rmi_wreader *r)
{
	uint32_t n = rmi_wread_count(r, RMI_WASM_EXPORTS_MAX, "exports");
	struct rmi_module_items *to = &d->out->exports;
	to->list = make_items(d, r, n);
	to->n = 0;
	for (uint32_t i = 0; i < n && !r->failed; i++) {
		struct rmi_module_item item = {.name = copy_name(d, r, rmi_wread_name(r))};
		item.kind = kind_name(rmi_wread_u8(r));
		(void)rmi_wread_u32(r);
		if (!r->failed) {
			to->list[to->n++] = item;
		}
	}
}

/* The first of them are named, all are counted in bytes. */
static void
read_custom(struct reading *d, struct rmi_wreader *r, size_t bytes)
{
	struct rmi_module_items *to = &d->out->customs;
	d->out->custom_bytes += bytes;
	if (to->list == NULL) {
		to->list = make_items(d, r, CUSTOMS_MAX);
	}
	const char *name = copy_name(d, r, rmi_wread_name(r));
	if (!r->failed && to->n < CUSTOMS_MAX) {
		to->list[to->n++] = (struct rmi_module_item){.name = name, .kind = "custom", .bytes = bytes};
	}
}

static void
read_section(struct reading *d, struct rmi_wreader *r)
{
	uint8_t id = rmi_wread_u8(r);
	uint32_t len = rmi_wread_u32(r);
	if (r->failed) {
		return;
	}
	if (len > rmi_wreader_left(r)) {
		rmi_wreader_fail(r, RME_EMODULE, "section %u ends after the file", id);
		return;
	}
	struct rmi_wreader part = rmi_wread_part(r, len, "section");
	if (id == SECTION_CUSTOM) {
		read_custom(d, &part, len);
	} else if (id == SECTION_IMPORT) {
		read_imports(d, &part);
	} else if (id == SECTION_EXPORT) {
		read_exports(d, &part);
	}
	if (part.failed) {
		r->failed = true;
		r->code = part.code;
	}
}

enum rme_err
rmi_module_sections_read(
    struct rmi_module_sections *out, struct rmi_arena *arena, const uint8_t *wasm, size_t len, struct rme_error *err)
{
	static const uint8_t header[HEADER_BYTES] = {0x00, 'a', 's', 'm', 1, 0, 0, 0};
	*out = (struct rmi_module_sections){.custom_bytes = 0};
	if (len < HEADER_BYTES || memcmp(wasm, header, HEADER_BYTES) != 0) {
		return rme_error_set(err, RME_EMODULE, NULL, "this is not a WebAssembly module of version 1");
	}
	struct reading d = {out, arena};
	struct rmi_wreader r = {
	    .start = wasm, .p = wasm + HEADER_BYTES, .end = wasm + len, .section = "module", .err = err};
	while (!r.failed && rmi_wreader_left(&r) > 0) {
		read_section(&d, &r);
	}
	return r.failed ? r.code : RME_OK;
}
