#ifndef RMI_SIGN_MINISIG_H
#define RMI_SIGN_MINISIG_H

/**
 * @file
 * Signatures in the format of minisign 0.12 (https://jedisct1.github.io/minisign/): Ed25519 over the BLAKE2b-512 of a file,
 * in a text file beside it, with a comment that is signed too. Pure functions over memory; any thread, after
 * rmi_minisig_init().
 */

#include <rme/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RMI_MINISIG_ID_BYTES = 8,
	RMI_MINISIG_PUBLIC_BYTES = 32,
	RMI_MINISIG_SECRET_BYTES = 64,
	RMI_MINISIG_COMMENT_MAX = 256,  /**< NUL included */
	RMI_MINISIG_TEXT_MAX = 1024,    /**< a key file or a signature file, NUL included */
	RMI_MINISIG_PASSWORD_MAX = 1024 /**< bytes */
};

struct rmi_minisig_public {
	uint8_t id[RMI_MINISIG_ID_BYTES];
	uint8_t key[RMI_MINISIG_PUBLIC_BYTES];
};

struct rmi_minisig_secret {
	uint8_t id[RMI_MINISIG_ID_BYTES];
	uint8_t key[RMI_MINISIG_SECRET_BYTES];
};

/** Before anything else. */
RME_NODISCARD enum rme_err rmi_minisig_init(struct rme_error *err);

/** @name Keys @{ */
void rmi_minisig_generate(struct rmi_minisig_public *pub, struct rmi_minisig_secret *secret);
/** A key as text: one line "RW...", or a file with a comment above it. */
RME_NODISCARD enum rme_err
rmi_minisig_read_public(struct rmi_minisig_public *out, const char *text, struct rme_error *err);
/**
 * A secret key file.
 * @param password  NULL = none is known
 * @return RME_OK; RME_EFORMAT; RME_EDENIED (a password is needed, or it is wrong); RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_minisig_read_secret(struct rmi_minisig_secret *out, const char *text, const char *password, struct rme_error *err);
void rmi_minisig_write_public(char text[RMI_MINISIG_TEXT_MAX], const struct rmi_minisig_public *pub);
/** Not encrypted, as `minisign -G -W` writes it: the file's mode is what protects it. */
void rmi_minisig_write_secret(char text[RMI_MINISIG_TEXT_MAX], const struct rmi_minisig_secret *secret);
/** Overwrite a secret. */
void rmi_minisig_forget(void *secret, size_t len);
/** @} */

/** The content of the signature file. @p comment: one line, cut where it is too long. */
void rmi_minisig_sign(char text[RMI_MINISIG_TEXT_MAX], const struct rmi_minisig_secret *secret, const uint8_t *data,
    size_t len, const char *comment);

/**
 * @param keys  any of them may have signed
 * @param[out] comment  optional: what the signer said
 * @return RME_OK; RME_EFORMAT (no signature file of this format); RME_EDENIED (by another key, or of other bytes)
 */
struct rmi_minisig_keys {
	const struct rmi_minisig_public *items;
	size_t n;
};
RME_NODISCARD enum rme_err rmi_minisig_verify(
    const struct rmi_minisig_keys *keys, const char *text, const uint8_t *data, size_t len, struct rme_error *err);

/** @name For minisig*.c @{ */
/** Line @p index of a text, without its end. @return NULL where there are fewer */
const char *rmi_minisig_line(const char *text, unsigned index, size_t *len);
/** Decode base64 to exactly @p bytes bytes. */
bool rmi_minisig_decode(uint8_t *to, size_t bytes, const char *text, size_t len);
/** @} */

#endif
