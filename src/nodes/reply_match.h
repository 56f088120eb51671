#ifndef RMI_NODES_REPLY_MATCH_H
#define RMI_NODES_REPLY_MATCH_H

/**
 * @file
 * Patterns over the words of a sentence, and replies made of what they caught. Case of ASCII letters and punctuation do not
 * count. `*` stands for any number of words, none too; `|` separates alternatives: `go * meters | move * meters`.
 * In a reply `{text}` is the whole sentence and `{1}`..`{9}` what the first, second, ... `*` caught. Pure, any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <rme/err.h>

enum {
	RMI_REPLY_WORDS_MAX = 1024,      /**< of a sentence; the rest does not count */
	RMI_REPLY_STARS_MAX = 9,         /**< in one alternative */
	RMI_REPLY_BYTES_MAX = 64 * 1024, /**< of a reply */
};

/** A word or some words next to each other, borrowed from the sentence. */
struct rmi_reply_span {
	const char *text;
	size_t len;
};

/** A sentence cut into words, borrowed from its text. */
struct rmi_reply_words {
	struct rmi_reply_span text; /**< all of it, without white space around */
	struct rmi_reply_span word[RMI_REPLY_WORDS_MAX];
	size_t n;
};

void rmi_reply_words(struct rmi_reply_words *out, const char *text, size_t len);

/** What the stars of the alternative that matched caught. */
struct rmi_reply_caught {
	struct rmi_reply_span star[RMI_REPLY_STARS_MAX];
	size_t n;
};

/** @param pattern  NUL-terminated. @return true if one alternative fits the whole sentence */
bool rmi_reply_match(const char *pattern, const struct rmi_reply_words *words, struct rmi_reply_caught *caught);

/** @return RME_OK, RME_ECONFIG (text says why): no words at all, or too many stars */
RME_NODISCARD enum rme_err rmi_reply_check(const char *pattern, struct rme_error *err);

/**
 * Make a reply. Unknown things in braces are left as they are.
 * @param[out] out  NUL-terminated, to be freed
 * @return RME_OK, RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_reply_fill(
    char **out, const char *reply, const struct rmi_reply_words *words, const struct rmi_reply_caught *caught);

#endif
