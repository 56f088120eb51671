#ifndef RMI_SERVE_REFLECTION_H
#define RMI_SERVE_REFLECTION_H

/**
 * @file
 * grpc.reflection v1 and v1alpha (the same messages): which services are here, and their descriptions as protoc wrote
 * them, so that grpcurl and the like need no .proto files.
 */

#include "serve/descriptors.h"

#include "rpc/server.h"

enum { RMI_REFLECTION_METHODS = 2 };

/** @param d  outlives the server */
void rmi_reflection_methods(struct rmi_method out[static RMI_REFLECTION_METHODS], struct rmi_descriptors *d);

/** Answer one ServerReflectionRequest; NULL = it is none, or out of memory. For tests and the methods. */
RME_NODISCARD struct rmi_buf *rmi_reflection_answer(const struct rmi_descriptors *d, const struct rmi_buf *request);

#endif
