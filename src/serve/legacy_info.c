/* GetStatus and ListNodes: what the server tells of itself. */
#include "serve/legacy.h"

#include "base/arena.h"
#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* protobuf-c wants char *, and does not write to it. */
static char *
text(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = {s != NULL ? s : ""};
	return u.out;
}

static void
info_open(struct rmi_call *c, void *service)
{
	rmi_call_set_user(c, service);
}

static void
info_end(struct rmi_call *c, const struct rmi_end *end)
{
	(void)c;
	(void)end;
}

static void
answer(struct rmi_call *c, const ProtobufCMessage *m)
{
	struct rmi_buf *reply = rmi_pb_write(m);
	if (reply == NULL) {
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	(void)rmi_call_reply(c, reply);
}

static void
refuse(struct rmi_call *c, enum rme_err e)
{
	(void)rmi_call_finish(c, e == RME_EPROTO ? RMI_STATUS_INVALID_ARGUMENT : RMI_STATUS_RESOURCE_EXHAUSTED,
	    e == RME_EPROTO ? "the request is not a message of this method" : "out of memory");
}

/* GetStatus */

typedef Remotemedia__Execution__SessionInfo SessionInfo;

static void
fill_metrics(Remotemedia__Execution__ServiceMetrics *m, const struct rmi_stats_now *now)
{
	m->total_requests = (int64_t)now->requests;
	m->successful_requests = (int64_t)now->succeeded;
	m->failed_requests = (int64_t)now->failed;
	m->average_duration_ms = now->average_duration_ns / RMI_NS_PER_MS;
	m->peak_memory_mb = now->memory_peak_bytes >> 20;
	m->active_sessions = (int32_t)now->sessions;
	m->available_workers = (int32_t)now->workers;
	m->busy_workers = (int32_t)now->busy_workers;
	m->cpu_usage_percent = now->cpu_percent;
	m->memory_usage_percent = now->memory_percent;
}

static SessionInfo **
list_sessions(struct rmi_host *h, struct rmi_arena *a, size_t *n)
{
	size_t room = atomic_load(&h->stats.sessions) + 16;
	SessionInfo **list = rmi_arena_calloc(a, room, sizeof *list);
	*n = 0;
	pthread_mutex_lock(&h->mu);
	for (struct rmi_session_entry *e = h->sessions; e != NULL && list != NULL && *n < room; e = e->next) {
		SessionInfo *s = rmi_arena_calloc(a, 1, sizeof *s);
		char *id = rmi_arena_strndup(a, e->id, strlen(e->id));
		if (s == NULL || id == NULL) {
			break;
		}
		remotemedia__execution__session_info__init(s);
		s->session_id = id;
		s->node_type = text(e->service);
		s->created_timestamp = rmi_host_wall_ms(e->created_ns);
		s->last_activity = rmi_host_wall_ms(atomic_load(&e->active_ns));
		s->processed_items = (int32_t)atomic_load(&e->items);
		list[(*n)++] = s;
	}
	pthread_mutex_unlock(&h->mu);
	return list;
}

static int
status_of(struct rmi_host *h, const struct rmi_stats_now *now)
{
	if (atomic_load(&h->draining)) {
		return REMOTEMEDIA__EXECUTION__SERVICE_STATUS__SERVICE_STATUS_STOPPING;
	}
	return now->sessions < h->max_sessions ? REMOTEMEDIA__EXECUTION__SERVICE_STATUS__SERVICE_STATUS_HEALTHY
	                                       : REMOTEMEDIA__EXECUTION__SERVICE_STATUS__SERVICE_STATUS_DEGRADED;
}

static void
status_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct rmi_host *h = rmi_call_user(c);
	struct rmi_pb_arena arena = {0};
	struct rmi_arena texts = {0};
	ProtobufCMessage *m = NULL;
	struct rmi_stats_now now;
	if (msg == NULL) {
		return;
	}
	enum rme_err e = rmi_pb_read(&arena, &remotemedia__execution__status_request__descriptor, msg, &m);
	rmi_buf_unref(msg);
	if (e != RME_OK) {
		rmi_pb_done(&arena);
		refuse(c, e);
		return;
	}
	const Remotemedia__Execution__StatusRequest *request = (const Remotemedia__Execution__StatusRequest *)m;
	Remotemedia__Execution__StatusResponse r;
	remotemedia__execution__status_response__init(&r);
	Remotemedia__Execution__ServiceMetrics metrics;
	remotemedia__execution__service_metrics__init(&metrics);
	rmi_stats_read(&h->stats, &now);
	r.status = (Remotemedia__Execution__ServiceStatus)status_of(h, &now);
	r.version = h->version;
	r.uptime_seconds = now.uptime_ns / RMI_NS_PER_S;
	if (request->include_metrics) {
		fill_metrics(&metrics, &now);
		r.metrics = &metrics;
	}
	if (request->include_sessions) {
		r.active_sessions = list_sessions(h, &texts, &r.n_active_sessions);
	}
	answer(c, &r.base);
	rmi_arena_done(&texts);
	rmi_pb_done(&arena);
}

const struct rmi_call_ops rmi_legacy_status_ops = {
    .on_open = info_open, .on_message = status_message, .on_end = info_end};

/* ListNodes */

typedef Remotemedia__Execution__NodeInfo NodeInfo;
typedef Remotemedia__Execution__ParameterInfo ParameterInfo;

/* Names of types as Python says them, since that is what readers of the existing lists know. */
static const char *
type_name(enum rme_param_kind kind)
{
	switch (kind) {
	case RME_PARAM_BOOL:
		return "bool";
	case RME_PARAM_INT:
	case RME_PARAM_BYTES:
		return "int";
	case RME_PARAM_NUMBER:
	case RME_PARAM_DURATION:
		return "float";
	case RME_PARAM_TEXT:
	case RME_PARAM_PATH:
	case RME_PARAM_CHOICE:
		return "str";
	case RME_PARAM_JSON:
	case RME_PARAM_NODE:
		break;
	}
	return "Any";
}

/* The help, with what else the table knows: range and choices. */
static char *
describe(struct rmi_arena *a, const struct rme_param *p)
{
	const char *help = p->help != NULL ? p->help : "";
	if (p->kind == RME_PARAM_CHOICE && p->choices != NULL) {
		char *list = rmi_arena_printf(a, "%s; one of", help);
		for (size_t i = 0; p->choices[i] != NULL && list != NULL; i++) {
			list = rmi_arena_printf(a, "%s%s %s", list, i > 0 ? "," : "", p->choices[i]);
		}
		return list;
	}
	const char *unit = p->kind == RME_PARAM_DURATION ? " s" : p->kind == RME_PARAM_BYTES ? " bytes" : "";
	if (p->min != 0 || p->max != 0) {
		return rmi_arena_printf(a, "%s; %.10g to %.10g%s", help, p->min, p->max, unit);
	}
	return text(help);
}

static bool
fill_params(struct rmi_arena *a, NodeInfo *node, const struct rme_param *table)
{
	size_t n = 0;
	for (const struct rme_param *p = table; p != NULL && p->name != NULL; p++) {
		n++;
	}
	node->parameters = rmi_arena_calloc(a, n > 0 ? n : 1, sizeof *node->parameters);
	for (size_t i = 0; i < n && node->parameters != NULL; i++) {
		ParameterInfo *info = rmi_arena_calloc(a, 1, sizeof *info);
		char *help = info != NULL ? describe(a, &table[i]) : NULL;
		if (help == NULL) {
			return false;
		}
		remotemedia__execution__parameter_info__init(info);
		info->name = text(table[i].name);
		info->type = text(type_name(table[i].kind));
		info->description = help;
		info->required = table[i].required;
		info->default_value = text(table[i].fallback);
		info->source_class = node->node_type;
		node->parameters[node->n_parameters++] = info;
	}
	return node->parameters != NULL;
}

static bool
fill_nodes(struct rmi_arena *a, Remotemedia__Execution__ListNodesResponse *r, const struct rmi_catalog *catalog,
    const char *category)
{
	r->available_nodes = rmi_arena_calloc(a, catalog->n + 1, sizeof *r->available_nodes);
	for (size_t i = 0; i < catalog->n && r->available_nodes != NULL; i++) {
		const struct rmi_service *s = &catalog->service[i];
		if (category[0] != '\0' && strcmp(category, s->category) != 0) {
			continue;
		}
		NodeInfo *node = rmi_arena_calloc(a, 1, sizeof *node);
		if (node == NULL) {
			return false;
		}
		remotemedia__execution__node_info__init(node);
		node->node_type = text(s->name);
		node->category = text(s->category);
		node->description = text(s->help);
		if (!fill_params(a, node, s->type != NULL ? s->type->params : NULL)) {
			return false;
		}
		r->available_nodes[r->n_available_nodes++] = node;
	}
	return r->available_nodes != NULL;
}

static void
list_message(struct rmi_call *c, struct rmi_buf *msg)
{
	const struct rmi_host *h = rmi_call_user(c);
	struct rmi_pb_arena arena = {0};
	struct rmi_arena texts = {0};
	ProtobufCMessage *m = NULL;
	if (msg == NULL) {
		return;
	}
	enum rme_err e = rmi_pb_read(&arena, &remotemedia__execution__list_nodes_request__descriptor, msg, &m);
	rmi_buf_unref(msg);
	Remotemedia__Execution__ListNodesResponse r;
	remotemedia__execution__list_nodes_response__init(&r);
	if (e == RME_OK &&
	    !fill_nodes(&texts, &r, &h->catalog, ((const Remotemedia__Execution__ListNodesRequest *)m)->category)) {
		e = RME_ENOMEM;
	}
	if (e == RME_OK) {
		answer(c, &r.base);
	} else {
		refuse(c, e);
	}
	rmi_arena_done(&texts);
	rmi_pb_done(&arena);
}

const struct rmi_call_ops rmi_legacy_list_ops = {.on_open = info_open, .on_message = list_message, .on_end = info_end};
