#ifndef RMI_SERVE_LEGACY_H
#define RMI_SERVE_LEGACY_H

/**
 * @file
 * The existing protocol, remotemedia.execution.RemoteExecutionService; see docs/reference/legacy-protocol.md.
 */

#include "serve/hosted.h"
#include "serve/host.h"
#include "serve/pb.h"

#include "execution.pb-c.h"
#include "rpc/server.h"

enum { RMI_LEGACY_METHODS = 24 };

extern const struct rmi_call_ops rmi_legacy_status_ops;
extern const struct rmi_call_ops rmi_legacy_list_ops;
extern const struct rmi_call_ops rmi_legacy_execute_ops;
extern const struct rmi_call_ops rmi_legacy_stream_ops;
extern const struct rmi_call_ops rmi_legacy_absent_ops;

/** Write the method table; @p host is handed to on_open. */
void rmi_legacy_methods(struct rmi_method out[static RMI_LEGACY_METHODS], struct rmi_host *host);

/** RME_OK for "json"; else an error that says what is spoken here. */
RME_NODISCARD enum rme_err rmi_legacy_format(const char *serialization_format, struct rme_error *err);

/** One entry of a config map: every map<string, string> has the same layout. */
struct rmi_legacy_config {
	size_t n;
	Remotemedia__Execution__StreamInit__ConfigEntry **entries;
};

/** Find the service and bind its config; parameters that the node does not know are left out, as ever in this protocol. */
RME_NODISCARD enum rme_err rmi_legacy_bind(struct rmi_hosted *h, const struct rmi_catalog *catalog,
    const char *node_type, const struct rmi_legacy_config *config, struct rme_error *err);

/** A packet of JSON text; owns a copy. */
RME_NODISCARD enum rme_err
rmi_legacy_packet(struct rme_packet **out, const ProtobufCBinaryData *text, int64_t deadline_ns);

/**
 * What ExecuteNode does before a session is opened: check, bind, and learn from the item what the session will get.
 * @param[out] item  to be submitted; on RME_OK only
 */
RME_NODISCARD enum rme_err rmi_legacy_prepare(struct rmi_hosted *h, const struct rmi_catalog *catalog,
    const Remotemedia__Execution__ExecuteNodeRequest *request, struct rme_packet **item, struct rme_error *err);

#endif
