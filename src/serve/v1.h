#ifndef RMI_SERVE_V1_H
#define RMI_SERVE_V1_H

/** @file rme.v1.Rme: Describe, Call, Stream; see docs/design/serve.md and proto/rme/v1/rme.proto. */

#include "serve/hosted.h"
#include "serve/host.h"

#include "rpc/server.h"
#include "rpc/wire_packet.h"

enum { RMI_V1_METHODS = 3 };

#define RMI_V1_WINDOW_BYTES ((uint64_t)32 * 1024 * 1024) /**< payload of one stream's open items */

extern const struct rmi_call_ops rmi_v1_describe_ops;
extern const struct rmi_call_ops rmi_v1_call_ops;
extern const struct rmi_call_ops rmi_v1_stream_ops;

void rmi_v1_methods(struct rmi_method out[static RMI_V1_METHODS], struct rmi_host *host);

/** Find the service that a decoded Open names, and bind its parameters. @p msg is what it was decoded from. */
RME_NODISCARD enum rme_err rmi_v1_bind(struct rmi_hosted *h, const struct rmi_host *host,
    const struct rmi_frame_open *open, const struct rmi_buf *msg, struct rme_error *err);

#endif
