#ifndef RMI_CORE_SESSION_H
#define RMI_CORE_SESSION_H

/** @file What servers ask of sessions beside their public face. */

#include <rme/session.h>

/**
 * rme_session_submit(), and then, if the session is idle and none of its nodes blocks, it runs on the calling thread until
 * it has nothing to do: no hop to a worker. For callers who know that it will be short. Not from within a node.
 */
RME_NODISCARD enum rme_err rmi_session_submit_here(struct rme_session *s, struct rme_packet *pkt);

#endif
