#include "base/histogram.h"

#include <stddef.h>

/* Values below 16 have a bucket each; above, the 4 bits behind the leading one choose within the octave. */
static size_t
bucket_of(uint64_t v)
{
	if (v < RMI_HISTOGRAM_SUB) {
		return (size_t)v;
	}
	unsigned octave = 63u - (unsigned)__builtin_clzll(v) - 4u;
	size_t i = (size_t)(octave + 1) * RMI_HISTOGRAM_SUB + (size_t)((v >> octave) & (RMI_HISTOGRAM_SUB - 1));
	return i < RMI_HISTOGRAM_BUCKETS ? i : RMI_HISTOGRAM_BUCKETS - 1;
}

static int64_t
bucket_upper(size_t i)
{
	if (i < RMI_HISTOGRAM_SUB) {
		return (int64_t)i;
	}
	unsigned octave = (unsigned)(i / RMI_HISTOGRAM_SUB) - 1;
	uint64_t sub = i % RMI_HISTOGRAM_SUB + RMI_HISTOGRAM_SUB;
	return (int64_t)(((sub + 1) << octave) - 1);
}

void
rmi_histogram_add(struct rmi_histogram *h, int64_t ns)
{
	_Atomic uint32_t *c = &h->count[bucket_of(ns > 0 ? (uint64_t)ns : 0)];
	/* One writer: no read-modify-write is needed, only that readers see whole values. */
	atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + 1, memory_order_relaxed);
}

int64_t
rmi_histogram_quantile(const struct rmi_histogram *h, double q)
{
	uint64_t total = 0;
	for (size_t i = 0; i < RMI_HISTOGRAM_BUCKETS; i++) {
		total += atomic_load_explicit(&h->count[i], memory_order_relaxed);
	}
	if (total == 0) {
		return 0;
	}
	double want = q * (double)total;
	double seen = 0;
	size_t last = 0;
	for (size_t i = 0; i < RMI_HISTOGRAM_BUCKETS; i++) {
		uint32_t c = atomic_load_explicit(&h->count[i], memory_order_relaxed);
		seen += (double)c;
		if (c > 0) {
			last = i;
			if (seen >= want) {
				break;
			}
		}
	}
	return bucket_upper(last);
}
