#include "core/node.h"

#include <string.h>
#include <rme/verdict.h>

enum rme_err
rmi_packet_new_end(struct rme_packet **out, const struct rme_packet_meta *of, size_t n_stages)
{
	struct rme_packet_meta m = *of;
	m.kind = RME_PACKET_ITEM_END;
	size_t len = sizeof(struct rme_verdict) + n_stages * sizeof(struct rme_stage_report);
	uint8_t *bytes;
	enum rme_err e = rme_packet_alloc(out, &m, len, &bytes);
	if (e == RME_OK) {
		memset(bytes, 0, len);
		rmi_packet_verdict(*out)->n_stages = n_stages;
	}
	return e;
}

struct rme_verdict *
rmi_packet_verdict(struct rme_packet *end)
{
	/* The payload of an ITEM_END is ours from rmi_packet_new_end() until somebody else gets a reference. */
	size_t len;
	union {
		const uint8_t *in;
		struct rme_verdict *out;
	} p = {.in = rme_packet_data(end, &len)};
	return p.out;
}
