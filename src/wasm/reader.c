#include "wasm/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "wasm/module_limits.h"

void
rmi_wreader_fail(struct rmi_wreader *r, enum rme_err code, const char *fmt, ...)
{
	if (r->failed) {
		return;
	}
	char text[RME_ERROR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *c = text; *c != '\0'; c++) { /* names of the file are in it: nothing that a terminal would obey */
		*c = *c < 0x20 || *c > 0x7e ? '?' : *c;
	}
	r->failed = true;
	r->code = rme_error_set(r->err, code, NULL, "byte %zu, %s: %s", rmi_wreader_offset(r), r->section, text);
	r->p = r->end;
}

size_t
rmi_wreader_offset(const struct rmi_wreader *r)
{
	return (size_t)(r->p - r->start);
}

size_t
rmi_wreader_left(const struct rmi_wreader *r)
{
	return (size_t)(r->end - r->p);
}

static void
fail_truncated(struct rmi_wreader *r)
{
	rmi_wreader_fail(r, RME_EMODULE, "ends too early; the file is truncated or damaged");
}

uint8_t
rmi_wread_u8(struct rmi_wreader *r)
{
	if (r->p == r->end) {
		fail_truncated(r);
		return 0;
	}
	return *r->p++;
}

uint32_t
rmi_wread_u32(struct rmi_wreader *r)
{
	uint32_t v = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint8_t b = rmi_wread_u8(r);
		if (shift == 28 && (b & 0xf0) != 0) {
			break;
		}
		v |= (uint32_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0) {
			return r->failed ? 0 : v;
		}
	}
	rmi_wreader_fail(r, RME_EMODULE, "a number is longer than 32 bits");
	return 0;
}

void
rmi_wread_skip_leb(struct rmi_wreader *r, unsigned bits)
{
	for (unsigned n = 0; n < (bits + 6) / 7; n++) {
		if ((rmi_wread_u8(r) & 0x80) == 0) {
			return;
		}
	}
	rmi_wreader_fail(r, RME_EMODULE, "a number is longer than %u bits", bits);
}

int32_t
rmi_wread_s32(struct rmi_wreader *r)
{
	uint32_t v = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint8_t b = rmi_wread_u8(r);
		v |= (uint32_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0) {
			uint32_t sign = shift < 28 && (b & 0x40) != 0 ? UINT32_MAX << (shift + 7) : 0;
			return r->failed ? 0 : (int32_t)(v | sign);
		}
	}
	rmi_wreader_fail(r, RME_EMODULE, "a number is longer than 32 bits");
	return 0;
}

uint32_t
rmi_wread_count(struct rmi_wreader *r, uint32_t max, const char *what)
{
	uint32_t n = rmi_wread_u32(r);
	if (n > max) {
		rmi_wreader_fail(r, RME_ELIMIT, "%u %s, at most %u are allowed", n, what, max);
		return 0;
	}
	if (n > rmi_wreader_left(r)) {
		fail_truncated(r); /* everything counted takes at least a byte */
		return 0;
	}
	return n;
}

const uint8_t *
rmi_wread_bytes(struct rmi_wreader *r, size_t len)
{
	if (len > rmi_wreader_left(r)) {
		fail_truncated(r);
		return NULL;
	}
	const uint8_t *at = r->p;
	r->p += len;
	return at;
}

struct rmi_wname
rmi_wread_name(struct rmi_wreader *r)
{
	uint32_t len = rmi_wread_u32(r);
	if (len > RMI_WASM_NAME_BYTES_MAX) {
		rmi_wreader_fail(
		    r, RME_ELIMIT, "a name of %u bytes, at most %d are allowed", len, RMI_WASM_NAME_BYTES_MAX);
		len = 0;
	}
	const uint8_t *at = rmi_wread_bytes(r, len);
	return (struct rmi_wname){.text = at != NULL ? (const char *)at : "", .len = at != NULL ? len : 0};
}

struct rmi_wreader
rmi_wread_part(struct rmi_wreader *r, size_t len, const char *section)
{
	struct rmi_wreader part = *r;
	const uint8_t *at = rmi_wread_bytes(r, len);
	part.section = section;
	part.p = at != NULL ? at : r->p;
	part.end = at != NULL ? at + len : r->p;
	part.failed = r->failed;
	part.code = r->code;
	return part;
}

void
rmi_wread_part_end(struct rmi_wreader *part, struct rmi_wreader *whole)
{
	if (!part->failed && part->p != part->end) {
		rmi_wreader_fail(part, RME_EMODULE, "%zu bytes too many", rmi_wreader_left(part));
	}
	if (part->failed && !whole->failed) {
		whole->failed = true;
		whole->code = part->code;
		whole->p = whole->end;
	}
}

bool
rmi_wname_is(struct rmi_wname name, const char *text)
{
	return strlen(text) == name.len && memcmp(text, name.text, name.len) == 0;
}
