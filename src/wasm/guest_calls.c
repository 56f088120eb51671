/* In the guest process: services are called by asking the host, which decides whether the module may. */
#include "wasm/guest_session.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

static struct rmi_guest_session *
session_of(struct rmi_services *self)
{
	return (struct rmi_guest_session *)(void *)((char *)self - offsetof(struct rmi_guest_session, services));
}

static void
ask(struct rmi_guest_session *s, const struct rmi_service_call *call)
{
	size_t len = 0;
	const uint8_t *data = call->in != NULL ? rme_packet_data(call->in, &len) : NULL;
	const size_t name_len = strlen(call->service);
	rmi_guest_reply(s,
	    &(struct rmi_iso_reply){.kind = RMI_ISO_CALL,
	        .code = (int32_t)call->kind,
	        .len = (uint32_t)(name_len + len),
	        .name_len = (uint32_t)name_len},
	    call->service, data);
}

/* What follows the answer's head: a packet, or the far side's session id. */
static void
take_body(struct rmi_guest_session *s, const struct rmi_iso_order *a, struct rmi_service_call *call)
{
	uint8_t *data;
	if (call->kind == RMI_SERVICE_FAR_SESSION) {
		if (a->len >= sizeof(call->far_session)) {
			_exit(1); /* the host keeps to the interface */
		}
		rmi_guest_read(s, call->far_session, a->len);
		call->far_session[a->len] = '\0';
		return;
	}
	if (rme_packet_alloc(&call->answer, &s->order.meta, a->len, &data) != RME_OK) {
		_exit(1); /* what follows in the ring cannot be read */
	}
	rmi_guest_read(s, data, a->len);
}

/* The thread has nothing else to do, and the host sees to the deadline: begin waits, and the call is over. */
static bool
guest_begin(struct rmi_services *self, struct rmi_service_call *call)
{
	struct rmi_guest_session *s = session_of(self);
	struct rmi_iso_order a = {.code = RME_ECANCELED};
	call->error = (struct rme_error){.code = RME_ECANCELED};
	if (!s->closing) {
		ask(s, call);
		rmi_guest_read(s, &a, sizeof(a));
		if (a.kind != RMI_ISO_ANSWER) {
			_exit(1);
		}
		call->error.code = (enum rme_err)a.code;
		call->bytes_up = a.bytes_up;
		call->bytes_down = a.bytes_down;
		call->remote_ns = a.remote_ns;
		if (a.code == RME_OK) {
			take_body(s, &a, call);
		}
	}
	rme_packet_unref(call->in);
	call->in = NULL;
	return true;
}

static bool
guest_poll(struct rmi_services *self, struct rmi_service_call *call, int64_t *again_ns)
{
	(void)self;
	(void)call;
	(void)again_ns;
	return true;
}

static void
guest_cancel(struct rmi_services *self, struct rmi_service_call *call)
{
	(void)self;
	(void)call;
}

static void
guest_end_session(struct rmi_services *self, const char *session_id)
{
	(void)self;
	(void)session_id; /* the host ends its own */
}

const struct rmi_services_ops rmi_guest_services_ops = {
    .begin = guest_begin, .poll = guest_poll, .cancel = guest_cancel, .end_session = guest_end_session};
