#include "wan/shaper.h"

#include "base/clock.h"

/* xorshift64* (S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016). */
double
rmi_wan_random(uint64_t *state)
{
	uint64_t x = *state;
	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	*state = x;
	return (double)((x * UINT64_C(0x2545F4914F6CDD1D)) >> 11) * 0x1p-53;
}

void
rmi_wan_shaper_init(struct rmi_wan_shaper *s, const struct rmi_wan_shape *shape, size_t queue_bytes, uint64_t seed)
{
	*s = (struct rmi_wan_shaper){.shape = *shape, .queue_bytes = queue_bytes};
	s->random = seed * UINT64_C(0x9E3779B97F4A7C15) | 1; /* never 0, where the generator would stay */
	for (int i = 0; i < 8; i++) {
		(void)rmi_wan_random(&s->random);
	}
}

/* Time that n bytes take on the line. n is bounded by the queue, so the product stays below 2^60. */
static int64_t
sending_ns(const struct rmi_wan_shaper *s, size_t n)
{
	return s->shape.rate_bps > 0 ? (int64_t)n * 8 * RMI_NS_PER_S / s->shape.rate_bps : 0;
}

/* Bytes that wait. Never more than the queue holds plus a segment: send() is only called when there is room. */
static size_t
waiting_bytes(const struct rmi_wan_shaper *s, int64_t now_ns)
{
	if (s->shape.rate_bps <= 0 || s->free_ns <= now_ns) {
		return 0;
	}
	double bits = (double)(s->free_ns - now_ns) * 1e-9 * (double)s->shape.rate_bps;
	return (size_t)(bits / 8);
}

void
rmi_wan_shaper_change(struct rmi_wan_shaper *s, const struct rmi_wan_shape *shape, int64_t now_ns)
{
	size_t waiting = waiting_bytes(s, now_ns);
	s->shape = *shape;
	s->free_ns = now_ns + sending_ns(s, waiting);
}

int64_t
rmi_wan_shaper_room_at(const struct rmi_wan_shaper *s, int64_t now_ns)
{
	int64_t at = s->free_ns - sending_ns(s, s->queue_bytes - RMI_WAN_SEGMENT);
	return at > now_ns ? at : now_ns;
}

int
rmi_wan_shaper_has_room(const struct rmi_wan_shaper *s, int64_t now_ns)
{
	return rmi_wan_shaper_room_at(s, now_ns) == now_ns;
}

int64_t
rmi_wan_shaper_send(struct rmi_wan_shaper *s, size_t n, int64_t now_ns)
{
	int64_t start = s->free_ns > now_ns ? s->free_ns : now_ns;
	s->free_ns = start + sending_ns(s, n);
	int64_t way = s->shape.delay_ns;
	if (s->shape.jitter_ns > 0) {
		way += (int64_t)((2 * rmi_wan_random(&s->random) - 1) * (double)s->shape.jitter_ns);
	}
	return s->free_ns + (way > 0 ? way : 0);
}
