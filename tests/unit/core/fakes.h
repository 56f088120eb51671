#ifndef RME_TESTS_FAKES_H
#define RME_TESTS_FAKES_H

/** @file Small nodes for tests of the core. */

#include <rme/node.h>

/** Passes packets on; 'x' as first byte fails the item, 'n' gives nothing, '2' gives the packet twice. */
extern const struct rme_node_type dub_type;
/** Keeps the last byte of every item; gives them all at flush. */
extern const struct rme_node_type keep_type;
/** Answers from a thread of its own, in order, after a while: what a remote node does. */
extern const struct rme_node_type far_type;

#endif
