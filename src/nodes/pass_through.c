#include "nodes/catalog.h"

static enum rme_err
pass_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in, struct rme_format *want,
    struct rme_format *gives)
{
	(void)type, (void)config, (void)want;
	*gives = *in;
	return RME_OK;
}

const struct rme_node_type rmi_pass_through_type = {
    .name = "PassThroughNode",
    .category = "base",
    .help = "Passes every item on as it is.",
    .formats = pass_formats,
    .process = rme_node_emit,
};
