#ifndef TEST_REMOTE_FAR_H
#define TEST_REMOTE_FAR_H

/**
 * @file
 * The far side for tests: a small rme.v1 server whose services behave, and misbehave, as their names say. It runs in the
 * test's own process, or in a child that can be killed and frozen.
 */

#include "rpc/server.h"

#include <sys/types.h>

/* Names of its services. */
#define FAR_ECHO  "echo"  /* one result: the payload */
#define FAR_TWICE "twice" /* two results */
#define FAR_HOLD  "hold"  /* no result until a flush, which gives one with all the bytes held */
#define FAR_FAIL  "fail"  /* every item fails with RME_EMODULE */
#define FAR_HANG  "hang"  /* takes items and never answers */
#define FAR_ONCE  "once"  /* answers its first item, then takes items and never answers */
#define FAR_SAME  "same"  /* the item's own payload, left out, with an annotation */
#define FAR_NONE  "none"  /* no result */
#define FAR_RUDE  "rude"  /* answers an item that nobody sent */
#define FAR_BYE   "bye"   /* ends the stream after the first item, with OK */
#define FAR_JUNK  "junk"  /* sends bytes that are no frame */
#define FAR_MUTE  "mute"  /* never answers Open */
#define FAR_LATE  "late"  /* answers the first item when the second comes, both in JSON; the format is said once */
#define FAR_FLOOD "flood" /* results of 64 KiB without end */

struct far {
	struct rmi_server *server;
	char address[64];
	_Atomic uint32_t window_items; /* offered to clients; 0 = 32 */
	_Atomic uint32_t streams, items, flushes, cancels, resets, most_open;
	_Atomic int media; /* of the last Open */
	_Atomic uint64_t flooded;
};

/** config names tls, auth and the like; everything else is set here. Port 0 = any. */
enum rme_err far_start(struct far *f, struct rmi_loop *loop, struct rmi_server_config *config, uint16_t port);
void far_stop(struct far *f);

/** A far server in a child process, on a port of its own. @param port 0 = any; @return its pid, -1 = failed */
pid_t far_spawn(const char *self_path, uint16_t port, uint16_t *out_port);
/** If argv says so, be that child, and never return. */
void far_child(int argc, char **argv);

#endif
