#ifndef RMI_BASE_HISTOGRAM_H
#define RMI_BASE_HISTOGRAM_H

/**
 * @file
 * Times in log-linear buckets (16 per power of two, so within 6.25 %): one writer, any number of readers, no lock. After
 * the idea of HdrHistogram (http://hdrhistogram.org).
 */

#include <stdatomic.h>
#include <stdint.h>

enum {
	RMI_HISTOGRAM_SUB = 16,
	RMI_HISTOGRAM_OCTAVES = 36, /* up to 2^40 ns = 18 minutes; longer times count in the last bucket */
	RMI_HISTOGRAM_BUCKETS = RMI_HISTOGRAM_SUB * (RMI_HISTOGRAM_OCTAVES + 1),
};

/** All-zero = empty. */
struct rmi_histogram {
	_Atomic uint32_t count[RMI_HISTOGRAM_BUCKETS];
};

/** One thread at a time. Negative counts as 0. */
void rmi_histogram_add(struct rmi_histogram *h, int64_t ns);
/** Any thread. @param q  0..1. @return upper edge of the bucket that holds the quantile, 0 where it is empty */
int64_t rmi_histogram_quantile(const struct rmi_histogram *h, double q);

#endif
