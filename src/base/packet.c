#include <rme/packet.h>

#include <assert.h>
#include <math.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/packet.h"

/*
 * A packet is one allocation: head, then its own payload bytes. `owner` or `release` is set where the payload belongs to
 * someone else: another packet (derive) or foreign memory (wrap); then `inline_bytes` is empty.
 */
struct rme_packet {
	atomic_uint refs;
	struct rme_packet_meta meta;
	const uint8_t *data;
	uint8_t *writable; /* where data points, if whoever holds the packet alone may write there */
	size_t len;
	struct rme_packet *owner;
	void (*release)(void *ctx);
	void *release_ctx;
	struct rme_packet *annotation;
	alignas(max_align_t) uint8_t inline_bytes[];
};

struct rme_packet_meta
rme_packet_meta_init(void)
{
	struct rme_packet_meta m;
	memset(&m, 0, sizeof(m));
	m.pts_ns = -1;
	m.confidence = NAN;
	return m;
}

static struct rme_packet *
packet_make(const struct rme_packet_meta *meta, size_t inline_len)
{
	struct rme_packet *p = malloc(sizeof(*p) + inline_len);
	if (p == NULL) {
		return NULL;
	}
	atomic_init(&p->refs, 1);
	p->meta = *meta;
	p->data = p->writable = p->inline_bytes;
	p->len = inline_len;
	p->owner = NULL;
	p->release = NULL;
	p->release_ctx = NULL;
	p->annotation = NULL;
	return p;
}

enum rme_err
rme_packet_alloc(struct rme_packet **out, const struct rme_packet_meta *meta, size_t len, uint8_t **data)
{
	if (len > RME_PACKET_BYTES_MAX) {
		return RME_ELIMIT;
	}
	struct rme_packet *p = packet_make(meta, len);
	if (p == NULL) {
		return RME_ENOMEM;
	}
	*data = p->inline_bytes;
	*out = p;
	return RME_OK;
}

enum rme_err
rme_packet_new(struct rme_packet **out, const struct rme_packet_meta *meta, const void *data, size_t len)
{
	uint8_t *bytes;
	enum rme_err e = rme_packet_alloc(out, meta, len, &bytes);
	if (e == RME_OK && len > 0) {
		memcpy(bytes, data, len);
	}
	return e;
}

enum rme_err
rme_packet_wrap(struct rme_packet **out, const struct rme_packet_meta *meta, struct rme_bytes bytes,
    void (*release)(void *ctx), void *ctx)
{
	struct rme_packet *p = bytes.len <= RME_PACKET_BYTES_MAX ? packet_make(meta, 0) : NULL;
	if (p == NULL) {
		release(ctx);
		return bytes.len <= RME_PACKET_BYTES_MAX ? RME_ENOMEM : RME_ELIMIT;
	}
	p->writable = NULL;
	if (bytes.len > 0) {
		p->data = bytes.data;
	}
	p->len = bytes.len;
	p->release = release;
	p->release_ctx = ctx;
	*out = p;
	return RME_OK;
}

enum rme_err
rmi_packet_over(struct rme_packet **out, const struct rme_packet_meta *meta, const struct rmi_packet_memory *memory)
{
	const struct rme_bytes bytes = {memory->data, memory->len};
	enum rme_err e = rme_packet_wrap(out, meta, bytes, memory->release, memory->ctx);
	if (e == RME_OK) {
		(*out)->writable = memory->data;
	}
	return e;
}

const void *
rmi_packet_memory_ctx(const struct rme_packet *p, void (*release)(void *ctx))
{
	const struct rme_packet *holder = p->owner != NULL ? p->owner : p;
	return holder->release == release ? holder->release_ctx : NULL;
}

enum rme_err
rme_packet_derive(struct rme_packet **out, struct rme_packet *from, const struct rme_packet_meta *meta)
{
	struct rme_packet *p = packet_make(meta, 0);
	if (p == NULL) {
		return RME_ENOMEM;
	}
	/* Chains of derivation would keep every link alive; the payload's holder is enough. */
	struct rme_packet *holder = from->owner != NULL ? from->owner : from;
	p->owner = rme_packet_ref(holder);
	p->writable = NULL;
	p->data = from->data;
	p->len = from->len;
	if (from->annotation != NULL) {
		p->annotation = rme_packet_ref(from->annotation);
	}
	*out = p;
	return RME_OK;
}

struct rme_packet *
rme_packet_ref(struct rme_packet *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void
rme_packet_unref(struct rme_packet *p)
{
	/* A loop, not recursion: owners and annotations are packets too. Only one of the two is followed at a time. */
	while (p != NULL && atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) == 1) {
		struct rme_packet *next = p->owner;
		if (p->release != NULL) {
			p->release(p->release_ctx);
		}
		rme_packet_unref(p->annotation);
		free(p);
		p = next;
	}
}

const struct rme_packet_meta *
rme_packet_meta(const struct rme_packet *p)
{
	return &p->meta;
}

const uint8_t *
rme_packet_data(const struct rme_packet *p, size_t *len)
{
	*len = p->len;
	return p->data;
}

static bool
packet_exclusive(const struct rme_packet *p)
{
	return atomic_load_explicit(&p->refs, memory_order_acquire) == 1;
}

enum rme_err
rme_packet_writable(struct rme_packet **p, uint8_t **data, size_t *len)
{
	struct rme_packet *own = *p;
	if (!packet_exclusive(own) || own->writable == NULL) {
		enum rme_err e = rme_packet_new(&own, &(*p)->meta, (*p)->data, (*p)->len);
		if (e != RME_OK) {
			return e;
		}
		if ((*p)->annotation != NULL) {
			own->annotation = rme_packet_ref((*p)->annotation);
		}
		rme_packet_unref(*p);
		*p = own;
	}
	*data = own->writable;
	*len = own->len;
	return RME_OK;
}

enum rme_err
rme_packet_truncate(struct rme_packet *p, size_t len)
{
	if (!packet_exclusive(p) || len > p->len) {
		return RME_EINVAL;
	}
	p->len = len;
	return RME_OK;
}

struct rme_packet *
rme_packet_annotation(const struct rme_packet *p)
{
	return p->annotation;
}

void
rme_packet_annotate(struct rme_packet *p, struct rme_packet *annotation)
{
	rme_packet_unref(p->annotation);
	p->annotation = annotation;
}

const struct rme_verdict *
rme_packet_verdict(const struct rme_packet *p)
{
	return p->meta.kind == RME_PACKET_ITEM_END ? (const void *)p->inline_bytes : NULL;
}

enum rme_err
rmi_packet_own_meta(struct rme_packet **p, struct rme_packet_meta **meta)
{
	if (!packet_exclusive(*p)) {
		struct rme_packet *own;
		enum rme_err e = rme_packet_derive(&own, *p, &(*p)->meta);
		if (e != RME_OK) {
			return e;
		}
		rme_packet_unref(*p);
		*p = own;
	}
	*meta = &(*p)->meta;
	return RME_OK;
}

struct rme_packet_meta *
rmi_packet_meta_mut(struct rme_packet *p)
{
	assert(packet_exclusive(p));
	return &p->meta;
}
