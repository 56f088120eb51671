#ifndef RMI_BASE_SUGGEST_H
#define RMI_BASE_SUGGEST_H

/** @file "Did you mean ...?": the known word nearest to a mistyped one. */

#include <stddef.h>

/** Words longer than this are never compared. */
enum { RMI_SUGGEST_WORD_MAX = 64 };

/** State of one search; start with {word, NULL, 0}. No allocation. One thread. */
struct rmi_suggest {
	const char *word; /**< what was written; borrowed */
	const char *best; /**< the nearest candidate so far, or NULL if none is near enough; borrowed */
	size_t distance;  /**< edits from word to best; 0 = no best yet */
};

/**
 * Offer one known word. It becomes the best if it is nearer than those before and near enough to be a slip: one edit
 * (insert, delete, replace, swap neighbors) in three letters. Upper and lower case count as equal, '-' and '_' too.
 */
void rmi_suggest_offer(struct rmi_suggest *s, const char *candidate);

#endif
