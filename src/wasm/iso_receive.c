#include "wasm/iso_receive.h"

#include <stdlib.h>
#include <string.h>
#include <rme/runtime.h>

#include "core/service.h"

enum { LOG_BYTES_MAX = RMI_GUEST_LOG_LINE_BYTES_MAX + 512 };

/* Most bytes that may follow a head; -1 = there is no such kind. */
static int64_t
body_max(const struct rmi_iso_receiver *r, uint32_t kind)
{
	switch (kind) {
	case RMI_ISO_RESULT:
		return r->item != NULL ? (int64_t)r->result_max : -1;
	case RMI_ISO_DONE:
		return RME_ERROR_TEXT_MAX;
	case RMI_ISO_LOG:
		return LOG_BYTES_MAX;
	case RMI_ISO_CALL:
		return RMI_ISO_CALL_BYTES_MAX;
	case RMI_ISO_ASSETS:
		return r->assets ? 0 : -1;
	default:
		return -1;
	}
}

static bool
in_range(int32_t value, int32_t low, int32_t high)
{
	return value >= low && value <= high;
}

static const char *
wrong_with(const struct rmi_iso_receiver *r)
{
	const struct rmi_iso_reply *h = &r->head;
	int64_t max = body_max(r, h->kind);
	if (max < 0) {
		return "it sent a message of a kind that is not expected";
	}
	if (h->len > max) {
		return "it sent a message that is longer than its kind may be";
	}
	if (h->number != r->number) {
		return "it answered an order that was not given";
	}
	switch (h->kind) {
	case RMI_ISO_RESULT:
		return h->format_len < sizeof(h->format) ? NULL : "it sent a result without a media format";
	case RMI_ISO_DONE:
		return in_range(h->code, 0, RME_ERR_COUNT_ - 1) ? NULL : "it ended an order with an unknown error";
	case RMI_ISO_LOG:
		return in_range(h->code, RME_LOG_ERROR, RME_LOG_DEBUG) ? NULL : "it wrote to an unknown log";
	case RMI_ISO_ASSETS:
		return NULL;
	default:
		return in_range(h->code, RMI_SERVICE_CALL, RMI_SERVICE_FAR_SESSION) && h->name_len > 0 &&
		               h->name_len < RMI_WASM_SERVICE_NAME_MAX && h->name_len <= h->len
		           ? NULL
		           : "it made a call that there is not";
	}
}

static bool
result_meta(const struct rmi_iso_receiver *r, struct rme_packet_meta *meta)
{
	*meta = *r->item;
	meta->kind = RME_PACKET_DATA;
	meta->side = RME_SIDE_EDGE;
	meta->confidence =
	    r->head.confidence >= 0.0F && r->head.confidence <= 1.0F ? r->head.confidence : __builtin_nanf("");
	meta->format = (struct rme_format){.media = RME_MEDIA_ANY};
	return r->head.format_len == 0 ||
	       rme_format_parse(&meta->format, r->head.format, r->head.format_len, NULL) == RME_OK;
}

/* Makes room for what follows the head. */
static enum rmi_iso_got
prepare_body(struct rmi_iso_receiver *r, const char **what)
{
	*what = wrong_with(r);
	if (*what != NULL) {
		return RMI_ISO_VIOLATION;
	}
	if (r->head.kind == RMI_ISO_RESULT) {
		struct rme_packet_meta meta;
		if (!result_meta(r, &meta)) {
			*what = "it sent a result whose media format is none";
			return RMI_ISO_VIOLATION;
		}
		return rme_packet_alloc(&r->result, &meta, r->head.len, &r->to) == RME_OK ? RMI_ISO_NOTHING
		                                                                          : RMI_ISO_NO_MEMORY;
	}
	r->body = malloc((size_t)r->head.len + 1);
	if (r->body == NULL) {
		return RMI_ISO_NO_MEMORY;
	}
	r->body[r->head.len] = '\0';
	r->to = r->body;
	return RMI_ISO_NOTHING;
}

static void
forget(struct rmi_iso_receiver *r)
{
	rme_packet_unref(r->result);
	free(r->body);
	r->result = NULL;
	r->body = NULL;
	r->to = NULL;
	r->have_head = r->have_body = 0;
}

static enum rmi_iso_got
broken_ring(const char **what)
{
	*what = "it moved its place in the ring where it cannot be";
	return RMI_ISO_VIOLATION;
}

enum rmi_iso_got
rmi_iso_receive(struct rmi_iso_receiver *r, const char **what)
{
	if (r->have_head == sizeof(r->head) && r->have_body == r->head.len) {
		forget(r); /* the message of the call before */
	}
	if (r->have_head < sizeof(r->head)) {
		r->have_head +=
		    rmi_ring_read(&r->end, (uint8_t *)&r->head + r->have_head, sizeof(r->head) - r->have_head);
		if (r->have_head < sizeof(r->head)) {
			return r->end.violated ? broken_ring(what) : RMI_ISO_NOTHING;
		}
		enum rmi_iso_got bad = prepare_body(r, what);
		if (bad != RMI_ISO_NOTHING) {
			return bad;
		}
	}
	r->have_body += rmi_ring_read(&r->end, r->to + r->have_body, r->head.len - r->have_body);
	if (r->have_body == r->head.len) {
		return RMI_ISO_MESSAGE;
	}
	return r->end.violated ? broken_ring(what) : RMI_ISO_NOTHING;
}

bool
rmi_iso_receiver_idle(const struct rmi_iso_receiver *r)
{
	return r->have_head == 0 || (r->have_head == sizeof(r->head) && r->have_body == r->head.len);
}

void
rmi_iso_receiver_done(struct rmi_iso_receiver *r)
{
	forget(r);
}

bool
rmi_iso_send(struct rmi_iso_sender *s)
{
	const size_t all = sizeof(s->head) + s->head.len;
	if (s->sent < sizeof(s->head)) {
		s->sent += rmi_ring_write(&s->end, (const uint8_t *)&s->head + s->sent, sizeof(s->head) - s->sent);
	}
	if (s->sent >= sizeof(s->head) && s->sent < all) {
		size_t at = s->sent - sizeof(s->head);
		s->sent += rmi_ring_write(&s->end, s->body + at, s->head.len - at);
	}
	return s->sent == all;
}
