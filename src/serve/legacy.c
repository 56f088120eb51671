#include "serve/legacy.h"

#include <string.h>

#define LEGACY(method) "/remotemedia.execution.RemoteExecutionService/" method

static const struct {
	const char *path;
	const struct rmi_call_ops *ops;
	bool unary;
} METHODS[RMI_LEGACY_METHODS] = {
    {LEGACY("GetStatus"), &rmi_legacy_status_ops, true},
    {LEGACY("ListNodes"), &rmi_legacy_list_ops, true},
    {LEGACY("ExecuteNode"), &rmi_legacy_execute_ops, true},
    {LEGACY("StreamNode"), &rmi_legacy_stream_ops, false},
    {LEGACY("ExecuteCustomTask"), &rmi_legacy_absent_ops, true},
    {LEGACY("StreamObject"), &rmi_legacy_absent_ops, false},
    {LEGACY("ExecuteObjectMethod"), &rmi_legacy_absent_ops, true},
    {LEGACY("InitGenerator"), &rmi_legacy_absent_ops, true},
    {LEGACY("GetNextBatch"), &rmi_legacy_absent_ops, true},
    {LEGACY("CloseGenerator"), &rmi_legacy_absent_ops, true},
    {LEGACY("ExportTypeScriptDefinitions"), &rmi_legacy_absent_ops, true},
    {LEGACY("RegisterPipeline"), &rmi_legacy_absent_ops, true},
    {LEGACY("UnregisterPipeline"), &rmi_legacy_absent_ops, true},
    {LEGACY("ListPipelines"), &rmi_legacy_absent_ops, true},
    {LEGACY("GetPipelineInfo"), &rmi_legacy_absent_ops, true},
    {LEGACY("ExecutePipeline"), &rmi_legacy_absent_ops, true},
    {LEGACY("StreamPipeline"), &rmi_legacy_absent_ops, false},
    {LEGACY("SavePipeline"), &rmi_legacy_absent_ops, true},
    {LEGACY("LoadPipeline"), &rmi_legacy_absent_ops, true},
    {LEGACY("ListStoredPipelines"), &rmi_legacy_absent_ops, true},
    {LEGACY("ClonePipeline"), &rmi_legacy_absent_ops, true},
    {LEGACY("SaveNode"), &rmi_legacy_absent_ops, true},
    {LEGACY("LoadNode"), &rmi_legacy_absent_ops, true},
    {LEGACY("ListStoredNodes"), &rmi_legacy_absent_ops, true},
};

void
rmi_legacy_methods(struct rmi_method out[static RMI_LEGACY_METHODS], struct rmi_host *host)
{
	for (size_t i = 0; i < RMI_LEGACY_METHODS; i++) {
		out[i] = (struct rmi_method){
		    .path = METHODS[i].path, .ops = METHODS[i].ops, .service = host, .unary = METHODS[i].unary};
	}
}

static void
absent_open(struct rmi_call *c, void *service)
{
	char text[256];
	const char *path = rmi_call_path(c);
	(void)service;
	(void)snprintf(text, sizeof text,
	    "%s is not served here: this service has GetStatus, ListNodes, ExecuteNode and StreamNode of the execution "
	    "protocol",
	    strrchr(path, '/') + 1);
	(void)rmi_call_finish(c, RMI_STATUS_UNIMPLEMENTED, text);
}

static void
absent_message(struct rmi_call *c, struct rmi_buf *msg)
{
	(void)c;
	rmi_buf_unref(msg);
}

static void
absent_end(struct rmi_call *c, const struct rmi_end *end)
{
	(void)c;
	(void)end;
}

const struct rmi_call_ops rmi_legacy_absent_ops = {
    .on_open = absent_open, .on_message = absent_message, .on_end = absent_end};

enum rme_err
rmi_legacy_format(const char *serialization_format, struct rme_error *err)
{
	if (strcmp(serialization_format, "json") == 0) {
		return RME_OK;
	}
	if (strcmp(serialization_format, "pickle") == 0) {
		return rme_error_set(err, RME_EUNSUPPORTED, NULL,
		    "serialization_format \"pickle\" is not decoded here (a pickle can carry code): use \"json\"");
	}
	return rme_error_set(
	    err, RME_EINVAL, NULL, "serialization_format \"%.32s\" is not known: use \"json\"", serialization_format);
}

enum rme_err
rmi_legacy_bind(struct rmi_hosted *h, const struct rmi_catalog *catalog, const char *node_type,
    const struct rmi_legacy_config *config, struct rme_error *err)
{
	struct rmi_param_list params = {.n = 0};
	const struct rmi_service *service = rmi_catalog_find(catalog, node_type, err);
	enum rme_err e = service != NULL ? RME_OK : RME_ENOTFOUND;
	for (size_t i = 0; i < config->n && e == RME_OK; i++) {
		e = rmi_param_list_add(&params, config->entries[i]->key, config->entries[i]->value, err);
	}
	if (e == RME_OK) {
		rmi_param_list_keep_known(&params, service->type != NULL ? service->type->params : NULL);
		e = rmi_hosted_bind(h, service, &params, err);
	}
	rmi_param_list_done(&params);
	return e;
}

enum rme_err
rmi_legacy_packet(struct rme_packet **out, const ProtobufCBinaryData *text, int64_t deadline_ns)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.format = rme_format_of(RME_MEDIA_JSON);
	meta.deadline_ns = deadline_ns;
	return rme_packet_new(out, &meta, text->data, text->len);
}

enum rme_err
rmi_legacy_prepare(struct rmi_hosted *h, const struct rmi_catalog *catalog,
    const Remotemedia__Execution__ExecuteNodeRequest *request, struct rme_packet **item, struct rme_error *err)
{
	struct rme_packet *pkt;
	const struct rmi_legacy_config config = {
	    request->n_config, (Remotemedia__Execution__StreamInit__ConfigEntry **)(void *)request->config};
	enum rme_err e = rmi_legacy_format(request->serialization_format, err);
	if (e == RME_OK) {
		e = rmi_legacy_bind(h, catalog, request->node_type, &config, err);
	}
	if (e == RME_OK) {
		e = rmi_legacy_packet(&pkt, &request->input_data, 0);
	}
	if (e != RME_OK) {
		return e;
	}
	e = rmi_hosted_learn(h, pkt, err);
	if (e != RME_OK) {
		rme_packet_unref(pkt);
		return e;
	}
	*item = pkt;
	return RME_OK;
}
