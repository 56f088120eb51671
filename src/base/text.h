#ifndef RMI_BASE_TEXT_H
#define RMI_BASE_TEXT_H

/** @file Text put together piece by piece in memory of fixed size; what does not fit is left out. */

#include <rme/err.h>
#include <stddef.h>

/** Start with {buf, size, 0} and rmi_text_begin(). buf is a string at any time. One thread. */
struct rmi_text {
	char *buf;
	size_t size; /**< of buf, at least 1 */
	size_t len;  /**< without the NUL */
};

/** An empty text in @p buf. */
struct rmi_text rmi_text_begin(char *buf, size_t size);

/** Add printed text. */
void rmi_text_add(struct rmi_text *t, const char *fmt, ...) RME_PRINTF(2, 3);

/** Add the words of a list that ends with NULL: "a, b, c". NULL adds nothing. */
void rmi_text_add_words(struct rmi_text *t, const char *const *words);

#endif
