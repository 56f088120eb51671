/*
 * Files of a module that runs in a guest process, which opens none: each time an instance starts it asks, and the host reads
 * them as for an instance in this process and puts them into the ring, piece by piece.
 */
#include <stdlib.h>
#include <string.h>

#include "core/node.h"
#include "wasm/iso_session.h"

/* The answer's body. */
struct body {
	const char *module;
	uint64_t most, files; /* bytes of all files */
	uint8_t *data;
	size_t len;
};

static enum rme_err
take(void *ctx, const char *name, struct rme_bytes bytes, struct rme_error *err)
{
	struct body *b = ctx;
	const size_t name_len = strlen(name);
	b->files += bytes.len;
	if (b->files > b->most) {
		return rme_error_set(err, RME_ELIMIT, b->module,
		    "module %s: %llu bytes are more than its memory limit of %llu KiB; raise limits.memory", b->module,
		    (unsigned long long)b->files, (unsigned long long)(b->most >> 10));
	}
	const struct rmi_iso_asset head = {.name_len = (uint32_t)name_len, .len = (uint32_t)bytes.len};
	const size_t len = b->len + sizeof(head) + name_len + bytes.len;
	uint8_t *more = len <= UINT32_MAX ? realloc(b->data, len) : NULL;
	if (more == NULL) {
		return rme_error_set(err, RME_ENOMEM, b->module, "%s", rme_err_text(RME_ENOMEM));
	}
	memcpy(more + b->len, &head, sizeof(head));
	memcpy(more + b->len + sizeof(head), name, name_len);
	if (bytes.len > 0) {
		memcpy(more + b->len + sizeof(head) + name_len, bytes.data, bytes.len);
	}
	b->data = more;
	b->len = len;
	return RME_OK;
}

static enum rme_err
read_files(const struct rmi_iso_session *s, struct body *b, struct rme_error *err)
{
	if (s->ending || s->discard || rme_node_canceled(s->self)) {
		return rme_error_set(err, RME_ECANCELED, NULL, "canceled");
	}
	const struct rmi_asset_source source = rmi_asset_list_source(s->assets);
	return rmi_asset_give(&source, &(struct rmi_asset_sink){take, b}, err);
}

void
rmi_iso_assets_give(struct rmi_iso_session *s)
{
	if (++s->asset_calls > RMI_ISO_ASSETS_PER_ORDER) {
		rmi_iso_session_accuse(s, RME_EMODULE, "it asked for its files again and again");
		return;
	}
	/* All of them come to lie in the module's memory: more than that need not be sent. */
	struct body b = {
	    .module = rmi_iso_module_name(s->module), .most = rmi_iso_module_limits(s->module)->memory_bytes};
	struct rmi_iso_order a = {.kind = RMI_ISO_ANSWER};
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = read_files(s, &b, &err);
	if (e != RME_OK) {
		free(b.data);
		s->files_why = err;
		s->files_why.code = e;
		a.code = (int32_t)e;
		rmi_iso_session_order(s, &a, NULL);
		return;
	}
	a.len = (uint32_t)b.len;
	s->files = b.data;
	rmi_iso_session_order(s, &a, b.data);
}
