#ifndef RMI_SERVE_TOKENS_H
#define RMI_SERVE_TOKENS_H

/**
 * @file
 * The bearer tokens that a service accepts: a file with one per line; empty lines and lines that begin with `#` do not
 * count. Several tokens let one be exchanged for another without an interruption.
 */

#include <rme/err.h>

#include <stddef.h>

enum {
	RMI_TOKENS_MAX = 64,
	RMI_TOKEN_MIN = 16, /**< shorter ones can be guessed */
	RMI_TOKEN_MAX = 512,
};

struct rmi_tokens {
	char *text; /**< the file; the tokens point into it */
	size_t n;
	const char *token[RMI_TOKENS_MAX];
};

/**
 * Read a token file.
 * @return RME_OK, RME_EIO, RME_ECONFIG (no token; one that is too short, too long, or has characters that no header
 *         carries; readable by everyone), RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_tokens_load(struct rmi_tokens *out, const char *path, struct rme_error *err);

/** Take tokens from text, which is changed. For tests and rmi_tokens_load(). @p where names the file. */
RME_NODISCARD enum rme_err rmi_tokens_split(struct rmi_tokens *t, char *text, const char *where, struct rme_error *err);

/** Wipe and free. Accepts an all-zero one. */
void rmi_tokens_done(struct rmi_tokens *t);

#endif
