/* An ExecuteNodeRequest of the existing protocol: decoded, bound, run through the node it names, its results made JSON. */
#include "nodes/catalog.h"
#include "serve/legacy.h"

#include <rme/runtime.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rme_runtime *rt;
static struct rmi_catalog catalog;

static void
run(const Remotemedia__Execution__ExecuteNodeRequest *request)
{
	struct rmi_hosted h = {0};
	const struct rmi_hosted_in in = {.rt = rt, .json = true};
	struct rme_packet *pkt;
	if (rmi_legacy_prepare(&h, &catalog, request, &pkt, NULL) == RME_OK) {
		if (rmi_hosted_open(&h, &in, NULL) != RME_OK) {
			rme_packet_unref(pkt);
		} else if (rme_session_submit(h.session, pkt, NULL) == RME_OK && rme_session_end(h.session) == RME_OK) {
			while (rme_session_recv(h.session, &pkt, 0) == RME_OK) {
				rme_packet_unref(pkt);
			}
		}
	}
	rmi_hosted_done(&h);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
	    "AudioTransform", "CalculatorNode", "PassThroughNode", "TextProcessorNode", "VoiceActivityDetector", NULL};
	const struct rme_runtime_config config = {.workers = 1};
	struct rmi_pb_arena arena = {0};
	ProtobufCMessage *m = NULL;
	if (rt == NULL &&
	    (rme_runtime_new(&rt, &config, NULL) != RME_OK || rmi_catalog_register(rt) != RME_OK ||
	        rmi_catalog_open(&catalog, &(struct rmi_catalog_in){rt, names, NULL, 0}, NULL) != RME_OK)) {
		abort();
	}
	struct rmi_buf *b = rmi_buf_copy(data, size);
	if (b != NULL &&
	    rmi_pb_read(&arena, &remotemedia__execution__execute_node_request__descriptor, b, &m) == RME_OK) {
		run((const Remotemedia__Execution__ExecuteNodeRequest *)m);
	}
	rmi_pb_done(&arena);
	rmi_buf_unref(b);
	return 0;
}
