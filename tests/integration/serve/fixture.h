#ifndef TEST_SERVE_FIXTURE_H
#define TEST_SERVE_FIXTURE_H

/** @file A whole server in this process, with a few nodes of its own, and what a client of rme.v1 needs. */

#include "serve/server.h"

#include "echo.h"
#include "rpc/wire_packet.h"

#include <rme/runtime.h>
#include <semaphore.h>

/*
 * Nodes: Echo gives items back. Refuse fails items that say "bad". Keep holds each item until the next one or a flush
 * comes. Gate waits for gate_open at each item, in a thread of its own. Burst (count) gives each item count times.
 */
extern sem_t gate_entered, gate_open;

struct fixture {
	struct rme_runtime *rt;
	struct rmi_serve *serve;
	struct rmi_loop *loop; /* the client's */
	struct rmi_channel *channel;
	char address[64];
};

/** Texts of config are borrowed; address "127.0.0.1:0" where it has none. */
void fixture_start(struct fixture *f, struct rmi_serve_config *config);
void fixture_stop(struct fixture *f);
/** One round trip to the server, for those who wait until it has come to something. */
void fixture_turn(struct fixture *f);
struct rmi_channel *fixture_channel(struct fixture *f, const char *token);

/** An rme.v1 stream. */
struct client {
	struct echo_client call;
	struct rmi_wire_format sent, seen;
};

void client_open(struct client *c, struct rmi_channel *ch, const char *service, const char *params);
/** client_open(), and the Opened that answers it. */
void client_opened(struct client *c, struct rmi_channel *ch, const char *service, const char *params);
void client_item(struct client *c, uint64_t seq, const char *text, uint32_t flags);
void client_flush(struct client *c, uint64_t seq, bool last);
void client_control(struct client *c, enum rmi_control_op op, uint64_t seq);
/** The next frame; the payload or the error's text is in text. False at the end of the stream. */
bool client_read(struct client *c, struct rmi_frame *f, char text[256]);
/** Expect Data with this payload, of this item. */
void client_expect_data(struct client *c, uint64_t seq, uint32_t index, const char *text);
/** Expect ItemEnd. @return its status */
enum rme_err client_expect_end(struct client *c, uint64_t seq);

#endif
