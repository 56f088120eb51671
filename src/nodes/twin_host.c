/* What modules import, for those that run natively; the rules are those of src/wasm/host_service.c. */
#include <string.h>
#include <rme/runtime.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "core/guest_status.h"
#include "core/node.h"
#include "core/runtime.h"
#include "core/service.h"
#include "nodes/twin_guest.h"

/* The imports, as the modules know them. */
int32_t rme_import_call(
    const char *name, uint32_t name_len, const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len);
int32_t rme_import_stream(const char *name, uint32_t name_len, const uint8_t *data, uint32_t len);
void rme_import_log(uint32_t level, const char *text, uint32_t len);
void rme_import_error(const char *text, uint32_t len);
int64_t rme_import_now(void);

static _Thread_local struct rmi_twin_guest *running;

void
rmi_twin_enter(struct rmi_twin_guest *g)
{
	running = g;
}

void
rmi_twin_leave(void)
{
	running = NULL;
}

static struct rmi_guest_log_to
log_to(const struct rmi_twin_guest *g)
{
	return (struct rmi_guest_log_to){rme_node_runtime(g->node), g->entry->name};
}

void
rme_import_log(uint32_t level, const char *text, uint32_t len)
{
	struct rmi_twin_guest *g = running;
	const struct rmi_guest_log_to to = log_to(g);
	rmi_guest_log_line(&g->log, &to, rmi_guest_log_level(level), text, len);
}

void
rme_import_error(const char *text, uint32_t len)
{
	rmi_guest_text_copy(running->error_text, sizeof(running->error_text), text, len);
	running->has_error_text = true;
}

int64_t
rme_import_now(void)
{
	return rmi_monotonic_ns();
}

/* One request, while it is under way. */
struct request {
	struct rmi_twin_guest *g;
	char service[RMI_GUEST_SERVICE_NAME_MAX];
	struct rmi_services *services;
	struct rmi_service_call call;
};

static int32_t
begin(struct request *q, const char *name, uint32_t name_len)
{
	struct rmi_twin_guest *g = q->g;
	struct rmi_cancel *cancel = rmi_node_env(g->node)->cancel;
	if (name_len == 0 || name_len >= sizeof(q->service)) {
		return RMI_STATUS_BAD_ARGUMENT;
	}
	memcpy(q->service, name, name_len);
	q->service[name_len] = '\0';
	if (!rme_module_entry_grants(g->entry, q->service) || (g->item.flags & RME_PACKET_LOCAL) != 0) {
		return RMI_STATUS_NOT_GRANTED;
	}
	q->services = rmi_runtime_services(rme_node_runtime(g->node));
	if (q->services == NULL) {
		return RMI_STATUS_UNAVAILABLE;
	}
	if (g->service_calls >= RMI_GUEST_SERVICE_CALLS_PER_ITEM || rmi_canceled(cancel) ||
	    (g->item.deadline_ns != 0 && rmi_monotonic_ns() >= g->item.deadline_ns)) {
		return RMI_STATUS_DEADLINE;
	}
	g->service_calls++;
	q->call.service = q->service;
	q->call.session_id = rme_node_session_id(g->node);
	return RMI_STATUS_OK;
}

static int32_t
take_data(struct request *q, const uint8_t *data, uint32_t len)
{
	struct rme_packet_meta meta = q->g->item;
	meta.kind = RME_PACKET_DATA;
	return rme_packet_new(&q->call.in, &meta, data, len) == RME_OK ? RMI_STATUS_OK : RMI_STATUS_NETWORK;
}

static int32_t
perform(struct request *q)
{
	enum rme_err e = rmi_service_wait(q->services, &q->call, rmi_node_env(q->g->node)->cancel);
	q->g->bytes_up += q->call.bytes_up;
	q->g->bytes_down += q->call.bytes_down;
	q->g->remote_ns += q->call.remote_ns;
	return rmi_service_status(e);
}

void
rmi_twin_forget(struct rmi_twin_guest *g)
{
	rme_packet_unref(g->asked);
	rme_packet_unref(g->answer);
	g->asked = g->answer = NULL;
}

static bool
same_payload(const struct rme_packet *a, const struct rme_packet *b)
{
	size_t len_a, len_b;
	const uint8_t *data_a = rme_packet_data(a, &len_a), *data_b = rme_packet_data(b, &len_b);
	return len_a == len_b && memcmp(data_a, data_b, len_a) == 0;
}

/* The answer of the call, or that of the same call a moment ago whose reply did not fit. Consumes call.in. */
static int32_t
get_answer(struct request *q, struct rme_packet **answer)
{
	struct rmi_twin_guest *g = q->g;
	if (g->asked != NULL && same_payload(g->asked, q->call.in)) {
		*answer = rme_packet_ref(g->answer);
		g->service_calls--;
		rme_packet_unref(q->call.in);
		return RMI_STATUS_OK;
	}
	int32_t status = perform(q);
	*answer = q->call.answer;
	return status;
}

int32_t
rme_import_call(
    const char *name, uint32_t name_len, const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	struct request q = {.g = running, .call = {.kind = RMI_SERVICE_CALL}};
	struct rme_packet *answer = NULL;
	int32_t status = begin(&q, name, name_len);
	status = status != RMI_STATUS_OK ? status : take_data(&q, data, len);
	if (status != RMI_STATUS_OK) {
		return status;
	}
	struct rme_packet *asked = rme_packet_ref(q.call.in);
	status = get_answer(&q, &answer);
	rmi_twin_forget(q.g);
	if (status == RMI_STATUS_OK) {
		size_t n = 0;
		const uint8_t *bytes = answer != NULL ? rme_packet_data(answer, &n) : NULL;
		bool fits = n <= *result_len;
		if (fits && n > 0) {
			memcpy(result, bytes, n);
		}
		*result_len = n <= UINT32_MAX ? (uint32_t)n : UINT32_MAX;
		if (!fits) {
			q.g->asked = rme_packet_ref(asked);
			q.g->answer = rme_packet_ref(answer);
			status = RMI_STATUS_TOO_SMALL;
		}
	}
	rme_packet_unref(asked);
	rme_packet_unref(answer);
	return status;
}

int32_t
rme_import_stream(const char *name, uint32_t name_len, const uint8_t *data, uint32_t len)
{
	struct request q = {.g = running, .call = {.kind = RMI_SERVICE_SEND}};
	int32_t status = begin(&q, name, name_len);
	status = status != RMI_STATUS_OK ? status : take_data(&q, data, len);
	if (status != RMI_STATUS_OK) {
		return status;
	}
	return perform(&q);
}
