#include "echo_rme.h"

#include "rpc/loop.h"
#include "serve/server.h"

#include <rme/node.h>
#include <rme/runtime.h>
#include <stdio.h>
#include <unistd.h>

/* The payload is copied, so that it is sent back: what is the item's own would not be. */
static enum rme_err
copy_process(struct rme_node *self, struct rme_packet *in)
{
	size_t n;
	const uint8_t *data = rme_packet_data(in, &n);
	struct rme_packet *out;
	enum rme_err e = rme_packet_new(&out, rme_packet_meta(in), data, n);
	rme_packet_unref(in);
	return e == RME_OK ? rme_node_emit(self, out) : e;
}

static const struct rme_node_type copy_type = {.name = "Copy", .category = "bench", .process = copy_process};

int
echo_node_serve(void)
{
	const struct rmi_serve_config config = {.address = "127.0.0.1:0"};
	struct rme_error err;
	struct rme_runtime *rt;
	struct rmi_serve *serve;
	rmi_rpc_tune_process();
	if (rme_runtime_new(&rt, NULL, &err) != RME_OK || rme_runtime_register(rt, &copy_type) != RME_OK ||
	    rmi_serve_new(&serve, rt, &config, &err) != RME_OK) {
		(void)fprintf(stderr, "bench_rpc: %s\n", err.text);
		return 1;
	}
	uint16_t port = rmi_serve_port(serve);
	char byte;
	if (write(STDOUT_FILENO, &port, sizeof port) != sizeof port) {
		return 1;
	}
	while (read(STDIN_FILENO, &byte, 1) > 0) {
		; /* until the benchmark has gone */
	}
	rmi_serve_free(serve);
	rme_runtime_free(rt);
	return 0;
}
