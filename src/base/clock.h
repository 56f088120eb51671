#ifndef RMI_BASE_CLOCK_H
#define RMI_BASE_CLOCK_H

/** @file Monotonic time that tests can replace. */

#include <stdatomic.h>
#include <stdint.h>

#define RMI_NS_PER_S  INT64_C(1000000000)
#define RMI_NS_PER_MS INT64_C(1000000)
#define RMI_NS_PER_US INT64_C(1000)

struct rmi_clock {
	int64_t (*now)(const struct rmi_clock *self);
};

/** CLOCK_MONOTONIC, ns. Any thread. */
int64_t rmi_monotonic_ns(void);

/** A clock that reads CLOCK_MONOTONIC. Static, const. */
const struct rmi_clock *rmi_clock_monotonic(void);

static inline int64_t
rmi_clock_now(const struct rmi_clock *c)
{
	return c->now(c);
}

/** A clock that stands still until it is moved. */
struct rmi_fake_clock {
	struct rmi_clock clock;
	_Atomic int64_t t;
};
void rmi_fake_clock_init(struct rmi_fake_clock *c, int64_t start_ns);
void rmi_fake_clock_advance(struct rmi_fake_clock *c, int64_t by_ns);

#endif
