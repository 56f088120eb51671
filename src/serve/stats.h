#ifndef RMI_SERVE_STATS_H
#define RMI_SERVE_STATS_H

/**
 * @file
 * Figures of a server: requests (an item of a stream is one, as is a unary execution), live sessions, and what the
 * system says about the process. Counters may be touched by any thread.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rmi_stats {
	int64_t start_ns;
	unsigned workers;
	atomic_uint_least64_t requests, succeeded, failed, duration_ns;
	atomic_uint sessions; /**< open, or being opened */
	atomic_uint busy;     /**< items that are under way */
	/* For the share of the CPU since the question before; see rmi_stats_read(). */
	atomic_int_least64_t asked_ns, asked_cpu_ns;
};

struct rmi_stats_now {
	uint64_t requests, succeeded, failed;
	int64_t average_duration_ns;
	int64_t uptime_ns;
	unsigned sessions, workers, busy_workers;
	double cpu_percent;                      /**< of all cores, since the last question (or the start) */
	double memory_percent;                   /**< resident, of the machine's */
	int64_t memory_bytes, memory_peak_bytes; /**< resident */
};

void rmi_stats_init(struct rmi_stats *s, unsigned workers);

/** An item was taken. @return how many are under way, this one included */
unsigned rmi_stats_begin(struct rmi_stats *s);
/** It ended. */
void rmi_stats_end(struct rmi_stats *s, bool ok, int64_t duration_ns);
/** A request that was refused before it began. */
void rmi_stats_refused(struct rmi_stats *s);

void rmi_stats_read(struct rmi_stats *s, struct rmi_stats_now *out);
/** Most memory that was ever resident, bytes. */
int64_t rmi_stats_memory_peak(void);

/** CPU time of the process. */
int64_t rmi_stats_cpu_ns(void);

#endif
