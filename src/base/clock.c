#include "base/clock.h"

#include <time.h>

int64_t
rmi_monotonic_ns(void)
{
	struct timespec ts;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * RMI_NS_PER_S + ts.tv_nsec;
}

static int64_t
monotonic_now(const struct rmi_clock *self)
{
	(void)self;
	return rmi_monotonic_ns();
}

const struct rmi_clock *
rmi_clock_monotonic(void)
{
	static const struct rmi_clock monotonic = {monotonic_now};
	return &monotonic;
}

static int64_t
fake_now(const struct rmi_clock *self)
{
	const struct rmi_fake_clock *c = (const struct rmi_fake_clock *)self;
	return atomic_load_explicit(&c->t, memory_order_relaxed);
}

void
rmi_fake_clock_init(struct rmi_fake_clock *c, int64_t start_ns)
{
	c->clock.now = fake_now;
	atomic_init(&c->t, start_ns);
}

void
rmi_fake_clock_advance(struct rmi_fake_clock *c, int64_t by_ns)
{
	atomic_fetch_add_explicit(&c->t, by_ns, memory_order_relaxed);
}
