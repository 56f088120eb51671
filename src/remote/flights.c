#include "remote/flights.h"

#include <stdlib.h>

static enum rme_err
grow(struct rmi_flights *f)
{
	if (f->cap == RMI_FLIGHTS_MAX) {
		return RME_ELIMIT;
	}
	unsigned cap = f->cap ? 2 * f->cap : RMI_FLIGHTS_FIRST;
	struct rmi_flight *ring = malloc(cap * sizeof *ring);
	if (!ring) {
		return RME_ENOMEM;
	}
	for (unsigned i = 0; i < f->n; i++) {
		ring[i] = *rmi_flights_at(f, i);
	}
	free(f->ring);
	f->ring = ring;
	f->cap = cap;
	f->head = 0;
	return RME_OK;
}

enum rme_err
rmi_flights_push(struct rmi_flights *f, struct rme_packet *pkt, int64_t deadline_ns)
{
	enum rme_err e = f->n < f->cap ? RME_OK : grow(f);
	if (e == RME_OK) {
		f->ring[(f->head + f->n++) % f->cap] = (struct rmi_flight){.pkt = pkt, .deadline_ns = deadline_ns};
	}
	return e;
}

struct rmi_flight *
rmi_flights_at(const struct rmi_flights *f, unsigned i)
{
	return &f->ring[(f->head + i) % f->cap];
}

struct rme_packet *
rmi_flights_pop(struct rmi_flights *f)
{
	struct rme_packet *pkt = f->ring[f->head].pkt;
	f->head = (f->head + 1) % f->cap;
	f->n--;
	f->sent -= f->sent != 0;
	return pkt;
}

struct rmi_flight *
rmi_flights_find(const struct rmi_flights *f, uint64_t wire_seq)
{
	for (unsigned i = 0; i < f->sent; i++) {
		struct rmi_flight *x = rmi_flights_at(f, i);
		if (x->wire_seq == wire_seq) {
			return x;
		}
	}
	return NULL;
}

void
rmi_flights_done(struct rmi_flights *f)
{
	while (f->n) {
		rme_packet_unref(rmi_flights_pop(f));
	}
	free(f->ring);
	*f = (struct rmi_flights){0};
}
