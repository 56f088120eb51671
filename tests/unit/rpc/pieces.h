#ifndef TEST_PIECES_H
#define TEST_PIECES_H

/** @file Bytes as a message that arrived in pieces of changing size, so that boundaries fall anywhere. */

#include "rpc/buf.h"

#include <stdlib.h>

/* Small pieces next to each other would be joined, so each second one is too large for that. */
static inline struct rmi_buf *
in_pieces(const void *data, size_t n, unsigned step)
{
	struct rmi_buf *b = rmi_buf_new();
	const uint8_t *p = data;
	for (unsigned i = 0; b && n; i++) {
		size_t want = i % 2 ? 1 + (step + i) % 7 : 24 + (step + i) % 9;
		size_t take = n < want ? n : want;
		if (rmi_buf_add(b, p, take) != RME_OK) {
			abort();
		}
		p += take;
		n -= take;
	}
	return b;
}

/** All bytes of a buffer; free() them. */
static inline uint8_t *
flatten(const struct rmi_buf *b, size_t *n)
{
	*n = rmi_buf_size(b);
	uint8_t *p = malloc(*n + 1);
	if (!p) {
		abort();
	}
	(void)rmi_buf_gather(b, 0, p, *n);
	p[*n] = 0;
	return p;
}

#endif
