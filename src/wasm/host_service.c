/*
 * Host functions that reach services in the cloud. Whether a service may be called is decided here; how, is the business
 * of core/service.h, and who waits, of guest_run.h. The time of the wait is not counted as the guest's.
 */
#include <stdio.h>
#include <string.h>
#include <rme/packet.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "core/guest_status.h"
#include "core/service.h"
#include "wasm/guest_run.h"
#include "wasm/host_modules.h"
#include "wasm/instance_state.h"
#include "wasm/watchdog.h"

#define GRACE_NS (2 * RMI_NS_PER_MS)

/* One request, while it is under way. */
struct request {
	struct rmi_wasm_instance *in;
	char service[RMI_WASM_SERVICE_NAME_MAX];
	struct rmi_service_call call;
};

static bool
is_granted(const struct rmi_guest_env *env, const char *service)
{
	for (size_t i = 0; i < env->n_granted; i++) {
		if (strcmp(env->granted[i], service) == 0) {
			return true;
		}
	}
	return false;
}

/* Time, or the number of calls that an item may make. */
static bool
is_over(const struct rmi_wasm_instance *in)
{
	if (in->service_calls >= RMI_WASM_SERVICE_CALLS_PER_ITEM || rmi_canceled(in->env->cancel)) {
		return true;
	}
	return in->item_deadline_ns != 0 && rmi_monotonic_ns() >= in->item_deadline_ns;
}

/* Reads the name once, and decides whether the request may be made at all. */
static int32_t
begin_request(struct request *q, struct rmi_host_call *h)
{
	q->in = h->in;
	uint32_t len = rmi_host_u32(h, 1);
	const uint8_t *name = rmi_instance_memory(h->in, rmi_host_u32(h, 0), len);
	if (name == NULL || len == 0 || len >= sizeof(q->service) || memchr(name, 0, len) != NULL) {
		return RMI_STATUS_BAD_ARGUMENT;
	}
	memcpy(q->service, name, len);
	q->service[len] = '\0';
	const struct rmi_guest_env *env = h->in->env;
	if (env == NULL || !is_granted(env, q->service) || (h->in->item.flags & RME_PACKET_LOCAL) != 0) {
		return RMI_STATUS_NOT_GRANTED;
	}
	if (env->services == NULL) {
		return RMI_STATUS_UNAVAILABLE;
	}
	if (is_over(h->in)) {
		return RMI_STATUS_DEADLINE;
	}
	h->in->service_calls++;
	q->call.service = q->service;
	q->call.deadline_ns = h->in->item_deadline_ns;
	q->call.session_id = env->session_id != NULL ? env->session_id : "";
	return RMI_STATUS_OK;
}

/* Copies the guest's data: from here on the guest can change it without harm. */
static int32_t
take_data(struct request *q, uint32_t address, uint32_t len)
{
	const uint8_t *data = rmi_instance_memory(q->in, address, len);
	if (data == NULL) {
		return RMI_STATUS_BAD_ARGUMENT;
	}
	struct rme_packet_meta meta = q->in->item;
	meta.kind = RME_PACKET_DATA;
	meta.deadline_ns = q->in->item_deadline_ns;
	return rme_packet_new(&q->call.in, &meta, data, len) == RME_OK ? RMI_STATUS_OK : RMI_STATUS_NETWORK;
}

/*
 * The module's time limit is for what it computes: move its deadline by the time that was waited. A call that took all of
 * the item's time leaves the guest a moment to return, so that the instance is not lost with the item.
 */
static void
give_time_back(struct rmi_lane *lane, const struct rmi_wasm_instance *in, int64_t deadline, int64_t now)
{
	int64_t most = in->item_deadline_ns > now + GRACE_NS ? in->item_deadline_ns : now + GRACE_NS;
	if (in->item_deadline_ns != 0 && deadline > most) {
		deadline = most;
	}
	atomic_store(&lane->deadline_ns, deadline);
	rmi_watchdog_notice(lane->process->watchdog, deadline);
}

static int32_t
run_request(struct request *q, struct rmi_host_call *h)
{
	int64_t start = rmi_monotonic_ns(), deadline = atomic_load(&h->lane->deadline_ns);
	atomic_store(&h->lane->deadline_ns, INT64_MAX); /* its clock stands still */
	rmi_guest_run_call(h->lane, q->in->env->services, &q->call, q->in->env->cancel);
	int64_t now = rmi_monotonic_ns(), waited = now - start;
	give_time_back(h->lane, q->in, deadline + waited, now);
	struct rmi_guest_usage *u = &q->in->usage;
	u->service_calls++;
	u->service_ns += waited;
	u->bytes_up += q->call.bytes_up;
	u->bytes_down += q->call.bytes_down;
	u->remote_ns += q->call.remote_ns;
	return rmi_service_status(q->call.error.code);
}

/* Where a result goes: read and checked once, before anything is sent. */
struct result_room {
	uint8_t *data, *len_at;
	uint32_t capacity;
};

static bool
find_room(const struct rmi_wasm_instance *in, uint32_t address, uint32_t len_address, struct result_room *room)
{
	room->len_at = rmi_instance_memory(in, len_address, sizeof(room->capacity));
	if (room->len_at == NULL) {
		return false;
	}
	memcpy(&room->capacity, room->len_at, sizeof(room->capacity));
	room->data = rmi_instance_memory(in, address, room->capacity);
	return room->data != NULL;
}

static int32_t
deliver(const struct result_room *room, const void *data, size_t len)
{
	uint32_t n = len <= UINT32_MAX ? (uint32_t)len : UINT32_MAX;
	memcpy(room->len_at, &n, sizeof(n));
	if (len > room->capacity) {
		return RMI_STATUS_TOO_SMALL;
	}
	memmove(room->data, data, len);
	return RMI_STATUS_OK;
}

static bool
same_payload(const struct rme_packet *a, const struct rme_packet *b)
{
	size_t len_a, len_b;
	const uint8_t *data_a = rme_packet_data(a, &len_a), *data_b = rme_packet_data(b, &len_b);
	return len_a == len_b && memcmp(data_a, data_b, len_a) == 0;
}

static void
forget_kept(struct rmi_kept_answer *kept)
{
	rme_packet_unref(kept->request);
	rme_packet_unref(kept->answer);
	kept->request = kept->answer = NULL;
}

/* A guest that had too little room asks again: give it the answer that is there, and do not call again. */
static bool
take_kept(struct request *q)
{
	struct rmi_kept_answer *kept = &q->in->kept;
	bool same =
	    kept->answer != NULL && strcmp(kept->service, q->service) == 0 && same_payload(kept->request, q->call.in);
	if (same) {
		q->call.answer = rme_packet_ref(kept->answer);
		q->in->service_calls--;
		rme_packet_unref(q->call.in);
		q->call.in = NULL;
	}
	forget_kept(kept);
	return same;
}

static void
keep_answer(struct request *q, struct rme_packet *request)
{
	struct rmi_kept_answer *kept = &q->in->kept;
	kept->request = rme_packet_ref(request);
	kept->answer = rme_packet_ref(q->call.answer);
	memcpy(kept->service, q->service, sizeof(kept->service));
}

/* call_remote_service(name, name_len, data, len, result, result_len*) */
void
rmi_host_call_remote_service(struct rmi_host_call *h)
{
	struct request q = {.call = {.kind = RMI_SERVICE_CALL}};
	struct result_room room;
	int32_t status = begin_request(&q, h);
	if (status == RMI_STATUS_OK && !find_room(h->in, rmi_host_u32(h, 4), rmi_host_u32(h, 5), &room)) {
		status = RMI_STATUS_BAD_ARGUMENT;
	}
	status = status != RMI_STATUS_OK ? status : take_data(&q, rmi_host_u32(h, 2), rmi_host_u32(h, 3));
	if (status == RMI_STATUS_OK) {
		struct rme_packet *request = rme_packet_ref(q.call.in);
		status = take_kept(&q) ? RMI_STATUS_OK : run_request(&q, h);
		if (status == RMI_STATUS_OK) {
			size_t len = 0;
			const uint8_t *data =
			    q.call.answer != NULL ? rme_packet_data(q.call.answer, &len) : (const uint8_t *)"";
			status = deliver(&room, data, len);
		}
		if (status == RMI_STATUS_TOO_SMALL) {
			keep_answer(&q, request);
		}
		rme_packet_unref(request);
		rme_packet_unref(q.call.answer);
	}
	rmi_host_return(h, status);
}

/* stream_to_remote(name, name_len, data, len) */
void
rmi_host_stream_to_remote(struct rmi_host_call *h)
{
	struct request q = {.call = {.kind = RMI_SERVICE_SEND}};
	int32_t status = begin_request(&q, h);
	status = status != RMI_STATUS_OK ? status : take_data(&q, rmi_host_u32(h, 2), rmi_host_u32(h, 3));
	rmi_host_return(h, status != RMI_STATUS_OK ? status : run_request(&q, h));
}

/* get_remote_session(service, service_len, out, out_len*) */
void
rmi_host_get_remote_session(struct rmi_host_call *h)
{
	struct request q = {.call = {.kind = RMI_SERVICE_FAR_SESSION}};
	struct result_room room;
	int32_t status = begin_request(&q, h);
	if (status == RMI_STATUS_OK && !find_room(h->in, rmi_host_u32(h, 2), rmi_host_u32(h, 3), &room)) {
		status = RMI_STATUS_BAD_ARGUMENT;
	}
	status = status != RMI_STATUS_OK ? status : run_request(&q, h);
	rmi_host_return(
	    h, status != RMI_STATUS_OK ? status : deliver(&room, q.call.far_session, strlen(q.call.far_session)));
}

void
rmi_host_service_done(struct rmi_wasm_instance *in)
{
	forget_kept(&in->kept);
}
