#include "route/hold.h"

#include <stdlib.h>
#include <rme/packet.h>

enum { FIRST_CAP = 4 };

enum rme_err
rmi_hold_put(struct rmi_hold *h, const struct rmi_hold_limits *limits, struct rme_packet *pkt)
{
	size_t len;
	(void)rme_packet_data(pkt, &len);
	if (h->n >= limits->packets || len > limits->bytes - h->bytes) {
		rme_packet_unref(pkt);
		return RME_ELIMIT;
	}
	if (h->n == h->cap) {
		size_t cap = h->cap == 0 ? FIRST_CAP : h->cap * 2;
		struct rme_packet **grown = realloc(h->pkt, cap * sizeof(struct rme_packet *));
		if (grown == NULL) {
			rme_packet_unref(pkt);
			return RME_ENOMEM;
		}
		h->pkt = grown;
		h->cap = cap;
	}
	h->pkt[h->n++] = pkt;
	h->bytes += len;
	return RME_OK;
}

void
rmi_hold_clear(struct rmi_hold *h)
{
	for (size_t i = 0; i < h->n; i++) {
		rme_packet_unref(h->pkt[i]);
	}
	h->n = 0;
	h->bytes = 0;
}

void
rmi_hold_done(struct rmi_hold *h)
{
	rmi_hold_clear(h);
	free(h->pkt);
	*h = (struct rmi_hold){0};
}
