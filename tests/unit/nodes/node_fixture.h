#ifndef RMI_TEST_NODE_FIXTURE_H
#define RMI_TEST_NODE_FIXTURE_H

/** @file A node in a harness, configured as a file or an RPC would. */

#include "harness.h"

struct node_fixture {
	struct harness h;
	const struct rme_node_type *type;
	void *config;
};

/**
 * @param params  names and values in turn, ends with NULL; NULL = none
 * @return what binding or opening said; release with node_close() in every case
 */
enum rme_err
node_open(struct node_fixture *f, const struct rme_node_type *type, const char *const *params, struct rme_error *err);
void node_close(struct node_fixture *f);

/** Push text as an item of this media. */
enum rme_err node_text(struct node_fixture *f, enum rme_media media, const char *text);
/** The i-th result as text, "(none)" past the end. Good until the next call. */
const char *node_result(const struct node_fixture *f, size_t i);

#endif
