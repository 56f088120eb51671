#ifndef RMI_SERVE_JSON_NODES_H
#define RMI_SERVE_JSON_NODES_H

/**
 * @file
 * The two stages around a node that is called in JSON: the first makes packets of JSON texts, the last makes JSON texts
 * of results. As stages they run on the session's worker, not on a gRPC thread, and their errors are the item's.
 */

#include "serve/json_media.h"

#include <rme/node.h>

/** Config of both stages of one session, in its owner's memory; must outlive the session. */
struct rmi_json_link {
	enum rme_media want;       /**< what the node takes, see rmi_json_want() */
	struct rmi_json_kind kind; /**< of the latest item; results take its shape. Session's thread */
};

extern const struct rme_node_type rmi_json_in_type;
extern const struct rme_node_type rmi_json_out_type;

/** What a node with this config takes, asked by its formats(): RME_MEDIA_JSON where JSON may come as it stands. */
enum rme_media rmi_json_want(const struct rme_node_type *type, const void *config);

#endif
