#ifndef BENCH_RPC_ECHO_RME_H
#define BENCH_RPC_ECHO_RME_H

/** @file rme.v1 stream echo over src/rpc: every item is decoded into a packet and encoded again at both ends. */

#include <stdbool.h>

#include <stddef.h>
#include <stdint.h>

struct echo_run {
	uint16_t port;
	size_t bytes;
	int depth; /* items under way */
	int items;
	bool node; /* the server is the whole service: open a session with its node Copy */
};

struct echo_figures {
	int64_t p50_ns, p99_ns, per_item_ns;
};

/** Print the port, as two bytes, and serve until standard input ends: the codec alone, and the whole service. */
int echo_rme_serve(void);
int echo_node_serve(void);
void echo_rme_run(const struct echo_run *run, struct echo_figures *out);

#endif
