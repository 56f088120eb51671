#include "serve/v1.h"

#include <stdlib.h>

void
rmi_v1_methods(struct rmi_method out[static RMI_V1_METHODS], struct rmi_host *host)
{
	out[0] = (struct rmi_method){
	    .path = "/rme.v1.Rme/Describe", .ops = &rmi_v1_describe_ops, .service = host, .unary = true};
	out[1] =
	    (struct rmi_method){.path = "/rme.v1.Rme/Call", .ops = &rmi_v1_call_ops, .service = host, .unary = true};
	out[2] = (struct rmi_method){.path = "/rme.v1.Rme/Stream", .ops = &rmi_v1_stream_ops, .service = host};
}

enum rme_err
rmi_v1_bind(struct rmi_hosted *h, const struct rmi_host *host, const struct rmi_frame_open *open,
    const struct rmi_buf *msg, struct rme_error *err)
{
	struct rmi_param_list params = {.n = 0};
	if (open->version != RMI_WIRE_VERSION) {
		return rme_error_set(err, RME_EUNSUPPORTED, NULL, "version %u of the stream is not spoken here: use %d",
		    open->version, RMI_WIRE_VERSION);
	}
	const struct rmi_service *service = rmi_catalog_find(&host->catalog, open->service, err);
	if (service == NULL) {
		return RME_ENOTFOUND;
	}
	char *json = malloc(open->params.len + 1);
	if (json == NULL) {
		return RME_ENOMEM;
	}
	size_t n = rmi_buf_gather(msg, open->params.off, json, open->params.len);
	enum rme_err e = rmi_param_list_add_json(&params, json, n, err);
	free(json);
	if (e == RME_OK) {
		e = rmi_hosted_bind(h, service, &params, err);
	}
	rmi_param_list_done(&params);
	return e;
}
