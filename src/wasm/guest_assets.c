/* In the guest process: the module's files are asked of the host, each time an instance starts. Nothing of them is kept. */
#include "wasm/guest_session.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SKIP_BYTES = 4096 };

static void
skip(struct rmi_guest_session *s, size_t len)
{
	uint8_t unwanted[SKIP_BYTES];
	while (len > 0) {
		size_t n = len < sizeof(unwanted) ? len : sizeof(unwanted);
		rmi_guest_read(s, unwanted, n);
		len -= n;
	}
}

/* Into memory that is given back at once: heaps keep what was freed, and 32 sessions share one limit. */
static enum rme_err
give_bytes(struct rmi_guest_session *s, const char *name, uint32_t len, const struct rmi_asset_sink *sink,
    struct rme_error *err)
{
	const size_t room = len > 0 ? len : 1;
	uint8_t *data = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED) {
		skip(s, len);
		return rme_error_set(err, RME_ENOMEM, NULL, "module %s: no memory for its file %s, %u bytes",
		    s->config.module, name, len);
	}
	rmi_guest_read(s, data, len);
	enum rme_err e = sink->take(sink->ctx, name, (struct rme_bytes){data, len}, err);
	(void)munmap(data, room);
	return e;
}

enum rme_err
rmi_guest_assets_give(void *ctx, const struct rmi_asset_sink *sink, struct rme_error *err)
{
	struct rmi_guest_session *s = ctx;
	struct rmi_iso_order a;
	rmi_guest_reply(s, &(struct rmi_iso_reply){.kind = RMI_ISO_ASSETS}, NULL, NULL);
	rmi_guest_read(s, &a, sizeof(a));
	if (a.kind != RMI_ISO_ANSWER) {
		_exit(EXIT_FAILURE); /* the host keeps to the interface */
	}
	if (a.code != RME_OK) {
		return rme_error_set(
		    err, (enum rme_err)a.code, NULL, "its files are not given"); /* the host says why */
	}
	enum rme_err e = RME_OK;
	while (a.len > 0) {
		struct rmi_iso_asset head;
		char name[RMI_ASSET_NAME_MAX];
		rmi_guest_read(s, &head, sizeof(head));
		rmi_guest_read(s, name, head.name_len);
		name[head.name_len] = '\0';
		a.len -= (uint32_t)sizeof(head) + head.name_len + head.len;
		if (e == RME_OK) {
			e = give_bytes(s, name, head.len, sink, err);
		} else {
			skip(s, head.len); /* all must leave the ring */
		}
	}
	return e;
}
