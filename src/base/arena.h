#ifndef RMI_BASE_ARENA_H
#define RMI_BASE_ARENA_H

/**
 * @file
 * Memory that is freed all at once: for trees read from a file. One thread at a time.
 */

#include <rme/err.h>
#include <stddef.h>

struct rmi_arena_block;

/** All-zero = empty. In the owner's memory. */
struct rmi_arena {
	struct rmi_arena_block *blocks;
	size_t used_bytes;  /**< handed out in all */
	size_t limit_bytes; /**< not more than this; 0 = no limit */
};

/** Zeroed memory for @p n objects of @p size bytes, aligned for any type. NULL = out of memory, or past the limit. */
void *rmi_arena_calloc(struct rmi_arena *a, size_t n, size_t size);

/** A copy of @p len bytes with a NUL behind them. NULL as above. */
char *rmi_arena_strndup(struct rmi_arena *a, const char *text, size_t len);

/** Printed text. NULL as above. */
char *rmi_arena_printf(struct rmi_arena *a, const char *fmt, ...) RME_PRINTF(2, 3);

/** Free everything; the arena is empty again. */
void rmi_arena_done(struct rmi_arena *a);

#endif
