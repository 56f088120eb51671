#include "cli/doctor_node.h"

#include <rme/node.h>
#include <rme/params.h>
#include <rme/pipeline.h>
#include <rme/runtime.h>
#include <rme/session.h>
#include <rme/verdict.h>

#include <stdlib.h>
#include <string.h>

/* Submit one item, end the stream, receive until there is no more. */
static enum rme_err
pass_item(struct rmi_trial *out, struct rme_session *s, struct rme_packet *item, struct rme_error *err)
{
	enum rme_err e = rme_session_submit(s, item, NULL);
	if (e == RME_OK) {
		e = rme_session_end(s);
	}
	if (e != RME_OK) {
		return rme_error_set(err, e, NULL, "%s", rme_err_text(e));
	}
	struct rme_packet *p;
	while (rme_session_recv(s, &p, 0) == RME_OK) {
		const struct rme_verdict *v = rme_packet_verdict(p);
		size_t len;
		(void)rme_packet_data(p, &len);
		out->packets += v == NULL;
		out->bytes += v == NULL ? len : 0;
		if (v != NULL && v->error.code != RME_OK && e == RME_OK) {
			*err = v->error;
			e = err->code;
		}
		rme_packet_unref(p);
	}
	return e;
}

static enum rme_err
try_in(struct rmi_trial *out, struct rme_runtime *rt, const struct rme_node_spec *spec, struct rme_packet *item,
    struct rme_error *err)
{
	struct rme_plan *plan;
	struct rme_session *s;
	const struct rme_plan_in in = {.specs = spec, .n = 1, .format = rme_packet_meta(item)->format};
	enum rme_err e = rme_plan_new(&plan, rt, &in, err);
	if (e != RME_OK) {
		rme_packet_unref(item);
		return e;
	}
	e = rme_session_open(&s, rt, plan, NULL, err);
	if (e == RME_OK) {
		e = pass_item(out, s, item, err);
		rme_session_free(s);
	} else {
		rme_packet_unref(item);
	}
	rme_plan_free(plan);
	return e;
}

static enum rme_err
make_item(struct rme_packet **out, const char *format, struct rme_bytes data, struct rme_error *err)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	enum rme_err e = rme_format_parse(&meta.format, format, strlen(format), err);
	return e == RME_OK ? rme_packet_new(out, &meta, data.data, data.len) : e;
}

enum rme_err
rmi_try_node(struct rmi_trial *out, const struct rme_node_type *type, const char *format, struct rme_bytes data,
    struct rme_error *err)
{
	*out = (struct rmi_trial){0};
	struct rme_runtime *rt = NULL;
	struct rme_packet *item = NULL;
	void *config = calloc(1, type->config_size > 0 ? type->config_size : 1);
	enum rme_err e = config != NULL ? RME_OK : rme_error_set(err, RME_ENOMEM, NULL, "%s", rme_err_text(RME_ENOMEM));
	if (e == RME_OK) {
		e = rme_params_bind(type->params, &(struct rme_params_in){.n = 0}, config, NULL, err);
	}
	if (e == RME_OK) {
		e = rme_runtime_new(&rt, &(struct rme_runtime_config){.workers = 1}, err);
	}
	if (e == RME_OK) {
		e = make_item(&item, format, data, err);
	}
	if (e == RME_OK) {
		const struct rme_node_spec spec = {.type = type, .config = config, .name = type->name};
		e = try_in(out, rt, &spec, item, err);
	}
	rme_runtime_free(rt);
	if (config != NULL) {
		rme_params_done(type->params, config);
	}
	free(config);
	return e;
}
