#include "serve/hosted.h"

#include <stdlib.h>
#include <string.h>

/* Callers may send content, never name a file of this machine. */
static enum rme_err
refuse_files(const struct rmi_service *service, const struct rmi_param_list *params, struct rme_error *err)
{
	for (const struct rme_param *p = service->type->params; p != NULL && p->name != NULL; p++) {
		for (size_t i = 0; p->kind == RME_PARAM_PATH && i < params->n; i++) {
			const struct rme_value *v = &params->values[i];
			bool content =
			    v->kind == RME_VALUE_TEXT && (v->text[0] == '#' || strchr(v->text, '\n') != NULL);
			if (strcmp(v->key, p->name) == 0 && v->kind != RME_VALUE_NULL && !content) {
				return rme_error_set(err, RME_EDENIED, service->name,
				    "parameter '%s': a caller cannot name files of the service; send the content",
				    p->name);
			}
		}
	}
	return RME_OK;
}

enum rme_err
rmi_hosted_bind(
    struct rmi_hosted *h, const struct rmi_service *service, const struct rmi_param_list *params, struct rme_error *err)
{
	h->service = service;
	if (service->type == NULL) {
		if (params->n > 0) {
			return rme_error_set(err, RME_ECONFIG, service->name, "a served pipeline takes no parameters");
		}
		h->link.want = rmi_json_want(service->specs[0].type, service->specs[0].config);
		return RME_OK;
	}
	const struct rme_node_type *type = service->type;
	const struct rme_params_in in = {params->values, params->n};
	if (type->params == NULL && params->n > 0) {
		return rme_error_set(
		    err, RME_ECONFIG, service->name, "%.64s: the node takes no parameters", params->values[0].key);
	}
	if (type->config_size > 0) {
		h->config = calloc(1, type->config_size);
		if (h->config == NULL) {
			return RME_ENOMEM;
		}
	}
	enum rme_err refused = refuse_files(service, params, err);
	if (refused != RME_OK) {
		return refused;
	}
	if (type->params != NULL) {
		enum rme_err e = rme_params_bind(type->params, &in, h->config, NULL, err);
		if (e != RME_OK) {
			if (err != NULL) {
				const struct rme_error copy = *err;
				(void)rme_error_set(err, e, service->name, "%s", copy.text);
			}
			return e;
		}
	}
	h->link.want = rmi_json_want(type, h->config);
	return RME_OK;
}

enum rme_err
rmi_hosted_learn(struct rmi_hosted *h, struct rme_packet *first, struct rme_error *err)
{
	return rmi_json_read(NULL, &h->link.kind, first, h->link.want, err);
}

/* The stages: the node or the pipeline, with JSON on both sides where it is asked for. */
static size_t
fill_specs(struct rmi_hosted *h, bool json, struct rme_node_spec specs[RME_PIPELINE_STAGES_MAX])
{
	size_t n = 0;
	if (json) {
		specs[n++] = (struct rme_node_spec){&rmi_json_in_type, &h->link, "input"};
	}
	if (h->service->type != NULL) {
		specs[n++] = (struct rme_node_spec){h->service->type, h->config, h->service->name};
	}
	for (size_t i = 0; i < h->service->n_specs && n < RME_PIPELINE_STAGES_MAX - 1; i++) {
		specs[n++] = h->service->specs[i];
	}
	if (json) {
		specs[n++] = (struct rme_node_spec){&rmi_json_out_type, &h->link, "result"};
	}
	return n;
}

enum rme_err
rmi_hosted_open(struct rmi_hosted *h, const struct rmi_hosted_in *in, struct rme_error *err)
{
	struct rme_node_spec specs[RME_PIPELINE_STAGES_MAX];
	if (h->service->n_specs > RME_PIPELINE_STAGES_MAX - 2) {
		return rme_error_set(
		    err, RME_ELIMIT, h->service->name, "more than %d stages", RME_PIPELINE_STAGES_MAX - 2);
	}
	const struct rme_plan_in plan_in = {.specs = specs,
	    .n = fill_specs(h, in->json, specs),
	    .format = in->json ? rme_format_of(RME_MEDIA_JSON) : in->format};
	if (h->plan == NULL) {
		enum rme_err e = rme_plan_new(&h->plan, in->rt, &plan_in, err);
		if (e != RME_OK) {
			return e;
		}
	}
	return rme_session_open(&h->session, in->rt, h->plan, &in->session, err);
}

void
rmi_hosted_close(struct rmi_hosted *h)
{
	rme_session_free(h->session);
	h->session = NULL;
}

void
rmi_hosted_done(struct rmi_hosted *h)
{
	rmi_hosted_close(h);
	rme_plan_free(h->plan);
	if (h->config != NULL && h->service->type->params != NULL) {
		rme_params_done(h->service->type->params, h->config);
	}
	free(h->config);
	*h = (struct rmi_hosted){.service = NULL};
}
