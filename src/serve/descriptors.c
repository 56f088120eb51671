/*
 * A walk over serialized descriptors (descriptor.proto, frozen by compatibility): field numbers are all it knows.
 */
#include "serve/descriptors.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Fields of FileDescriptorSet, FileDescriptorProto, DescriptorProto, ServiceDescriptorProto. */
enum {
	SET_FILE = 1,
	FILE_NAME = 1,
	FILE_PACKAGE = 2,
	FILE_DEPENDENCY = 3,
	FILE_MESSAGE = 4,
	FILE_ENUM = 5,
	FILE_SERVICE = 6,
	ANY_NAME = 1,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	SERVICE_METHOD = 2,
	NESTING_MAX = 16,
};

/* One field after the other; only length-delimited ones are shown, the others skipped. */
struct walk {
	const unsigned char *p;
	const unsigned char *end;
	uint32_t field;
	const unsigned char *data;
	size_t len;
	bool broken;
};

static bool
take_varint(struct walk *w, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < 64 && w->p < w->end; shift += 7) {
		unsigned char b = *w->p++;
		*out |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80) {
			return true;
		}
	}
	w->broken = true;
	return false;
}

static bool
skip_bytes(struct walk *w, uint64_t n)
{
	if (n > (uint64_t)(w->end - w->p)) {
		w->broken = true;
		return false;
	}
	w->p += n;
	return true;
}

static bool
walk_next(struct walk *w)
{
	uint64_t key;
	uint64_t v;
	while (w->p < w->end) {
		if (!take_varint(w, &key)) {
			return false;
		}
		switch (key & 7) {
		case 0:
			if (!take_varint(w, &v)) {
				return false;
			}
			break;
		case 1:
		case 5:
			if (!skip_bytes(w, (key & 7) == 1 ? 8 : 4)) {
				return false;
			}
			break;
		case 2:
			if (!take_varint(w, &v)) {
				return false;
			}
			w->data = w->p;
			w->len = (size_t)v;
			w->field = (uint32_t)(key >> 3);
			return skip_bytes(w, v);
		default:
			w->broken = true;
			return false;
		}
	}
	return false;
}

static struct walk
walk_over(const unsigned char *data, size_t len)
{
	return (struct walk){.p = data, .end = data + len};
}

static struct rmi_name
field_text(const unsigned char *data, size_t len, uint32_t field)
{
	struct walk w = walk_over(data, len);
	while (walk_next(&w)) {
		if (w.field == field) {
			return (struct rmi_name){(const char *)w.data, w.len};
		}
	}
	return (struct rmi_name){"", 0};
}

static bool
name_equal(struct rmi_name a, struct rmi_name b)
{
	return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

int
rmi_descriptors_file(const struct rmi_descriptors *d, struct rmi_name name)
{
	for (size_t i = 0; i < d->n; i++) {
		if (name_equal(d->file[i].name, name)) {
			return (int)i;
		}
	}
	return -1;
}

/* protoc writes a file after those it imports, so that theirs are known already. */
static rmi_file_bits
imports_of(const struct rmi_descriptors *d, const struct rmi_descriptor_file *f)
{
	rmi_file_bits bits = 0;
	struct walk w = walk_over(f->data, f->len);
	while (walk_next(&w)) {
		if (w.field == FILE_DEPENDENCY) {
			int i = rmi_descriptors_file(d, (struct rmi_name){(const char *)w.data, w.len});
			bits |= i < 0 ? 0 : 1u << i | d->imports[i];
		}
	}
	return bits;
}

enum rme_err
rmi_descriptors_open(struct rmi_descriptors *d, const unsigned char *set, size_t len)
{
	struct walk w = walk_over(set, len);
	*d = (struct rmi_descriptors){.n = 0};
	while (walk_next(&w)) {
		if (w.field != SET_FILE) {
			continue;
		}
		if (d->n == RMI_DESCRIPTOR_FILES_MAX) {
			return RME_ELIMIT;
		}
		struct rmi_descriptor_file f = {
		    .name = field_text(w.data, w.len, FILE_NAME), .data = w.data, .len = w.len};
		rmi_file_bits imports = imports_of(d, &f);
		d->file[d->n] = f;
		d->imports[d->n++] = imports;
	}
	return w.broken ? RME_EPROTO : RME_OK;
}

/* If symbol starts with name (and a dot, or nothing, follows), cut it off. */
static bool
take_prefix(struct rmi_name *symbol, struct rmi_name name)
{
	if (name.len == 0 || symbol->len < name.len || memcmp(symbol->text, name.text, name.len) != 0) {
		return false;
	}
	if (symbol->len > name.len && symbol->text[name.len] != '.') {
		return false;
	}
	size_t cut = symbol->len > name.len ? name.len + 1 : name.len;
	symbol->text += cut;
	symbol->len -= cut;
	return true;
}

/* Does the definition (message, enum, service or method) have this name, or one within it? */
static bool
defines(struct walk at, struct rmi_name symbol, bool is_message, unsigned depth)
{
	if (!take_prefix(&symbol, field_text(at.data, at.len, ANY_NAME))) {
		return false;
	}
	if (symbol.len == 0) {
		return true;
	}
	struct walk w = walk_over(at.data, at.len);
	while (depth < NESTING_MAX && walk_next(&w)) {
		bool inner =
		    is_message ? w.field == MESSAGE_NESTED || w.field == MESSAGE_ENUM : w.field == SERVICE_METHOD;
		if (inner && defines(w, symbol, is_message && w.field == MESSAGE_NESTED, depth + 1)) {
			return true;
		}
	}
	return false;
}

int
rmi_descriptors_symbol(const struct rmi_descriptors *d, struct rmi_name symbol)
{
	for (size_t i = 0; i < d->n; i++) {
		struct rmi_name rest = symbol;
		struct rmi_name package = field_text(d->file[i].data, d->file[i].len, FILE_PACKAGE);
		if (package.len > 0 && !take_prefix(&rest, package)) {
			continue;
		}
		struct walk w = walk_over(d->file[i].data, d->file[i].len);
		while (rest.len > 0 && walk_next(&w)) {
			bool top = w.field == FILE_MESSAGE || w.field == FILE_ENUM || w.field == FILE_SERVICE;
			if (top && defines(w, rest, w.field == FILE_MESSAGE, 0)) {
				return (int)i;
			}
		}
	}
	return -1;
}

void
rmi_descriptors_services(const struct rmi_descriptors *d, bool (*each)(void *ctx, struct rmi_name service), void *ctx)
{
	for (size_t i = 0; i < d->n; i++) {
		struct rmi_name package = field_text(d->file[i].data, d->file[i].len, FILE_PACKAGE);
		struct walk w = walk_over(d->file[i].data, d->file[i].len);
		while (walk_next(&w)) {
			if (w.field != FILE_SERVICE) {
				continue;
			}
			char full[RMI_DESCRIPTOR_NAME_MAX];
			struct rmi_name name = field_text(w.data, w.len, ANY_NAME);
			int n = snprintf(full, sizeof full, "%.*s%s%.*s", (int)package.len, package.text,
			    package.len > 0 ? "." : "", (int)name.len, name.text);
			if (n < 0 || (size_t)n >= sizeof full || !each(ctx, (struct rmi_name){full, (size_t)n})) {
				return;
			}
		}
	}
}
