/*
 * Host calls of a module that runs in a guest process. The guest only asks; whether the service is granted, whether the
 * item may leave the device, and whether there are time and calls left, is decided here.
 */
#include <string.h>
#include <rme/verdict.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "core/node.h"
#include "core/runtime.h"
#include "wasm/iso_session.h"

static const struct rmi_iso_order no_answer = {.kind = RMI_ISO_ANSWER};

static struct rmi_services *
services_of(const struct rmi_iso_session *s)
{
	return rmi_runtime_services(rme_node_runtime(s->self));
}

static bool
is_over(const struct rmi_iso_session *s)
{
	const struct rme_packet_meta *item = s->in.item;
	return s->ending || s->discard || rme_node_canceled(s->self) ||
	       (item != NULL && item->deadline_ns != 0 && rmi_monotonic_ns() >= item->deadline_ns);
}

static bool
is_granted(const struct rmi_iso_session *s)
{
	for (size_t i = 0; i < s->services.n; i++) {
		if (strcmp(s->services.names[i], s->service) == 0) {
			return true;
		}
	}
	return false;
}

static enum rme_err
may_call(const struct rmi_iso_session *s)
{
	const struct rme_packet_meta *item = s->in.item;
	if (!is_granted(s) || (item != NULL && (item->flags & RME_PACKET_LOCAL) != 0)) {
		return RME_EDENIED;
	}
	if (services_of(s) == NULL) {
		return RME_EUNAVAILABLE;
	}
	return is_over(s) || s->service_calls >= RMI_WASM_SERVICE_CALLS_PER_ITEM ? RME_ETIMEDOUT : RME_OK;
}

static void
refuse(struct rmi_iso_session *s, enum rme_err code)
{
	struct rmi_iso_order a = no_answer;
	a.code = (int32_t)code;
	rmi_iso_session_order(s, &a, NULL);
}

static void
tell_node(void *ctx)
{
	rme_node_wake(ctx);
}

/* What the call cost belongs to the item. */
static void
report(struct rmi_iso_session *s)
{
	struct rme_stage_report *r = s->in.item != NULL ? rme_node_report(s->self, s->in.item->seq) : NULL;
	if (r != NULL) {
		r->bytes_up += s->call.bytes_up;
		r->bytes_down += s->call.bytes_down;
		r->remote_ns += s->call.remote_ns;
	}
}

static void
answer(struct rmi_iso_session *s)
{
	struct rmi_service_call *c = &s->call;
	struct rmi_iso_order a = no_answer;
	const uint8_t *body = NULL;
	size_t len = 0;
	s->calling = false;
	report(s);
	a.code = (int32_t)c->error.code;
	a.bytes_up = c->bytes_up;
	a.bytes_down = c->bytes_down;
	a.remote_ns = c->remote_ns;
	s->answer = c->answer;
	c->answer = NULL;
	if (c->error.code == RME_OK && c->kind == RMI_SERVICE_FAR_SESSION) {
		body = (const uint8_t *)c->far_session;
		len = strlen(c->far_session);
	} else if (c->error.code == RME_OK && s->answer != NULL) {
		body = rme_packet_data(s->answer, &len);
	}
	a.len = (uint32_t)len;
	rmi_iso_session_order(s, &a, body);
}

static enum rme_err
make_request(struct rmi_iso_session *s, struct rme_packet **out)
{
	struct rme_packet_meta meta = s->in.item != NULL ? *s->in.item : rme_packet_meta_init();
	const struct rmi_iso_reply *h = &s->in.head;
	meta.kind = RME_PACKET_DATA;
	return rme_packet_new(out, &meta, s->in.body + h->name_len, h->len - h->name_len);
}

void
rmi_iso_call_begin(struct rmi_iso_session *s)
{
	const struct rmi_iso_reply *h = &s->in.head;
	struct rme_packet *in = NULL;
	memcpy(s->service, s->in.body, h->name_len);
	s->service[h->name_len] = '\0';
	enum rme_err e = may_call(s);
	if (e == RME_OK && h->code != RMI_SERVICE_FAR_SESSION) {
		e = make_request(s, &in);
	}
	if (e != RME_OK) {
		refuse(s, e);
		return;
	}
	s->service_calls++;
	s->call = (struct rmi_service_call){.kind = (enum rmi_service_kind)h->code,
	    .service = s->service,
	    .session_id = rme_node_session_id(s->self),
	    .in = in,
	    .news = tell_node,
	    .ctx = s->self};
	s->calling = true;
	s->call_again_ns = 0;
	if (services_of(s)->ops->begin(services_of(s), &s->call)) {
		answer(s);
	}
}

bool
rmi_iso_call_poll(struct rmi_iso_session *s)
{
	struct rmi_services *services = services_of(s);
	if (services->ops->poll(services, &s->call, &s->call_again_ns)) {
		answer(s);
		return true;
	}
	if (is_over(s) || rmi_iso_seat_state(&s->seat) == RMI_ISO_P_DEAD) {
		services->ops->cancel(services, &s->call);
		answer(s);
		return true;
	}
	return false;
}

void
rmi_iso_call_cancel(struct rmi_iso_session *s)
{
	if (s->calling) {
		services_of(s)->ops->cancel(services_of(s), &s->call);
		rme_packet_unref(s->call.answer);
		s->call.answer = NULL;
		s->calling = false;
	}
}
