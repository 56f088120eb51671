/* Describe: what is served, from the same tables that check the parameters. */
#include "serve/v1.h"

#include "serve/pb.h"

#include "base/arena.h"
#include "rme.pb-c.h"

#include <string.h>

typedef Rme__V1__Service Service;
typedef Rme__V1__Param Param;

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

static bool
fill_choices(struct rmi_arena *a, Param *out, const struct rme_param *p)
{
	size_t n = 0;
	while (p->choices != NULL && p->choices[n] != NULL) {
		n++;
	}
	out->choices = rmi_arena_calloc(a, n + 1, sizeof *out->choices);
	for (size_t i = 0; i < n && out->choices != NULL; i++) {
		out->choices[out->n_choices++] = text(p->choices[i]);
	}
	return out->choices != NULL;
}

static bool
fill_params(struct rmi_arena *a, Service *s, const struct rme_param *table)
{
	size_t n = 0;
	for (const struct rme_param *p = table; p != NULL && p->name != NULL; p++) {
		n++;
	}
	s->params = rmi_arena_calloc(a, n + 1, sizeof *s->params);
	for (size_t i = 0; i < n && s->params != NULL; i++) {
		const struct rme_param *p = &table[i];
		Param *out = rmi_arena_calloc(a, 1, sizeof *out);
		if (out == NULL) {
			return false;
		}
		rme__v1__param__init(out);
		out->name = text(p->name);
		out->kind = text(rme_param_kind_name(p->kind));
		out->default_value = text(p->fallback);
		out->required = p->required;
		out->has_range = p->min != 0 || p->max != 0;
		out->min = p->min;
		out->max = p->max;
		out->help = text(p->help);
		if (!fill_choices(a, out, p)) {
			return false;
		}
		s->params[s->n_params++] = out;
	}
	return s->params != NULL;
}

static bool
say_format(struct rmi_arena *a, char ***list, size_t *n, const struct rme_format *f)
{
	char printed[RME_FORMAT_TEXT_MAX];
	if (f->media == RME_MEDIA_ANY) {
		return true;
	}
	*list = rmi_arena_calloc(a, 1, sizeof **list);
	char *copy = rmi_arena_strndup(a, printed, rme_format_print(f, printed));
	if (*list == NULL || copy == NULL) {
		return false;
	}
	(*list)[(*n)++] = copy;
	return true;
}

/* Ask the first node what it takes, and the last what it gives, with the parameters that it has by default. */
static bool
fill_formats(struct rmi_arena *a, Service *out, const struct rmi_service *service)
{
	struct rmi_hosted h = {.service = NULL};
	const struct rmi_param_list none = {.n = 0};
	struct rme_format in = rme_format_of(RME_MEDIA_ANY);
	struct rme_format gives = in;
	const struct rme_node_type *type = service->type != NULL ? service->type : service->specs[0].type;
	bool ok = true;
	if (rmi_hosted_bind(&h, service, &none, NULL) == RME_OK && type->formats != NULL) {
		const void *config = service->type != NULL ? h.config : service->specs[0].config;
		struct rme_format offer = rme_format_of(h.link.want);
		in = offer;
		if (type->formats(type, config, &offer, &in, &gives) != RME_OK) {
			in = offer;
		}
		ok = say_format(a, &out->inputs, &out->n_inputs, &in);
		if (service->type != NULL) {
			ok = ok && say_format(a, &out->outputs, &out->n_outputs, &gives);
		}
	}
	rmi_hosted_done(&h);
	return ok;
}

static bool
fill_service(struct rmi_arena *a, Service *out, const struct rmi_service *service)
{
	rme__v1__service__init(out);
	out->name = text(service->name);
	out->category = text(service->category);
	out->help = text(service->help);
	if (service->type != NULL) {
		out->stateful = (service->type->flags & RME_NODE_STATEFUL) != 0;
		if (!fill_params(a, out, service->type->params)) {
			return false;
		}
	}
	for (size_t i = 0; i < service->n_specs; i++) {
		out->stateful = out->stateful || (service->specs[i].type->flags & RME_NODE_STATEFUL) != 0;
	}
	return fill_formats(a, out, service);
}

static enum rme_err
fill_reply(struct rmi_arena *a, Rme__V1__DescribeReply *r, const struct rmi_host *host, const char *wanted)
{
	const struct rmi_catalog *c = &host->catalog;
	r->server = text(host->server);
	r->max_payload = RMI_WIRE_PAYLOAD_MAX;
	r->services = rmi_arena_calloc(a, c->n + 1, sizeof *r->services);
	for (size_t i = 0; i < c->n && r->services != NULL; i++) {
		if (wanted[0] != '\0' && strcmp(wanted, c->service[i].name) != 0) {
			continue;
		}
		Service *s = rmi_arena_calloc(a, 1, sizeof *s);
		if (s == NULL || !fill_service(a, s, &c->service[i])) {
			return RME_ENOMEM;
		}
		r->services[r->n_services++] = s;
	}
	if (r->services == NULL) {
		return RME_ENOMEM;
	}
	return wanted[0] != '\0' && r->n_services == 0 ? RME_ENOTFOUND : RME_OK;
}

static void
describe_open(struct rmi_call *c, void *service)
{
	rmi_call_set_user(c, service);
}

static void
describe_message(struct rmi_call *c, struct rmi_buf *msg)
{
	const struct rmi_host *host = rmi_call_user(c);
	struct rmi_pb_arena arena = {0};
	struct rmi_arena texts = {0};
	ProtobufCMessage *m = NULL;
	struct rme_error err = {.text = "not a DescribeRequest"};
	if (msg == NULL) {
		return;
	}
	enum rme_err e = rmi_pb_read(&arena, &rme__v1__describe_request__descriptor, msg, &m);
	rmi_buf_unref(msg);
	Rme__V1__DescribeReply r;
	rme__v1__describe_reply__init(&r);
	if (e == RME_OK) {
		const char *wanted = ((const Rme__V1__DescribeRequest *)m)->service;
		e = fill_reply(&texts, &r, host, wanted);
		if (e == RME_ENOTFOUND) {
			(void)rmi_catalog_find(&host->catalog, wanted, &err); /* for its text */
		}
	}
	struct rmi_buf *reply = e == RME_OK ? rmi_pb_write(&r.base) : NULL;
	if (reply != NULL) {
		(void)rmi_call_reply(c, reply);
	} else if (e == RME_OK || e == RME_ENOMEM) {
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
	} else {
		(void)rmi_call_finish(
		    c, e == RME_EPROTO ? RMI_STATUS_INVALID_ARGUMENT : RMI_STATUS_NOT_FOUND, err.text);
	}
	rmi_arena_done(&texts);
	rmi_pb_done(&arena);
}

static void
describe_end(struct rmi_call *c, const struct rmi_end *end)
{
	(void)c;
	(void)end;
}

const struct rmi_call_ops rmi_v1_describe_ops = {
    .on_open = describe_open, .on_message = describe_message, .on_end = describe_end};
