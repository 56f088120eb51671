/* Signatures. */
#include "sign/minisig.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { SIGNATURE_BYTES = 64, HASH_BYTES = 64 };

#define TRUSTED "trusted comment: "

struct signature_file {
	uint8_t algorithm[2]; /* "ED": of the hash */
	uint8_t id[RMI_MINISIG_ID_BYTES];
	uint8_t signature[SIGNATURE_BYTES];
};
_Static_assert(sizeof(struct signature_file) == 74, "no padding");

/* What the second signature is of: the first one, and the comment. @return bytes */
static size_t
global_of(uint8_t to[SIGNATURE_BYTES + RMI_MINISIG_COMMENT_MAX], const uint8_t signature[SIGNATURE_BYTES],
    const char *comment, size_t len)
{
	memcpy(to, signature, SIGNATURE_BYTES);
	memcpy(to + SIGNATURE_BYTES, comment, len);
	return SIGNATURE_BYTES + len;
}

void
rmi_minisig_sign(char text[RMI_MINISIG_TEXT_MAX], const struct rmi_minisig_secret *secret, const uint8_t *data,
    size_t len, const char *comment)
{
	struct signature_file f = {.algorithm = {'E', 'D'}};
	uint8_t hash[HASH_BYTES], all[SIGNATURE_BYTES + RMI_MINISIG_COMMENT_MAX], global[SIGNATURE_BYTES];
	char code[128], global_code[128];
	size_t n = strcspn(comment, "\r\n");
	n = n < RMI_MINISIG_COMMENT_MAX - 1 ? n : RMI_MINISIG_COMMENT_MAX - 1;
	memcpy(f.id, secret->id, sizeof(f.id));
	(void)crypto_generichash(hash, sizeof(hash), data, len, NULL, 0);
	(void)crypto_sign_detached(f.signature, NULL, hash, sizeof(hash), secret->key);
	size_t all_len = global_of(all, f.signature, comment, n);
	(void)crypto_sign_detached(global, NULL, all, all_len, secret->key);
	(void)sodium_bin2base64(code, sizeof(code), (const uint8_t *)&f, sizeof(f), sodium_base64_VARIANT_ORIGINAL);
	(void)sodium_bin2base64(
	    global_code, sizeof(global_code), global, sizeof(global), sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(text, RMI_MINISIG_TEXT_MAX,
	    "untrusted comment: signature of a module\n%s\n" TRUSTED "%.*s\n%s\n", code, (int)n, comment, global_code);
}

/* The parts of a signature file. */
struct parts {
	struct signature_file f;
	const char *comment;
	size_t comment_len;
	uint8_t global[SIGNATURE_BYTES];
};

static bool
take_apart(struct parts *p, const char *text)
{
	size_t len;
	const char *line = rmi_minisig_line(text, 1, &len);
	if (line == NULL || !rmi_minisig_decode((uint8_t *)&p->f, sizeof(p->f), line, len)) {
		return false;
	}
	line = rmi_minisig_line(text, 2, &len);
	if (line == NULL || strncmp(line, TRUSTED, strlen(TRUSTED)) != 0) {
		return false;
	}
	p->comment = line + strlen(TRUSTED);
	p->comment_len = len - strlen(TRUSTED);
	line = rmi_minisig_line(text, 3, &len);
	return line != NULL && p->comment_len < RMI_MINISIG_COMMENT_MAX &&
	       rmi_minisig_decode(p->global, sizeof(p->global), line, len) && memcmp(p->f.algorithm, "ED", 2) == 0;
}

static bool
is_by(const struct parts *p, const struct rmi_minisig_public *key, const uint8_t *data, size_t len)
{
	uint8_t hash[HASH_BYTES], all[SIGNATURE_BYTES + RMI_MINISIG_COMMENT_MAX];
	(void)crypto_generichash(hash, sizeof(hash), data, len, NULL, 0);
	size_t n = global_of(all, p->f.signature, p->comment, p->comment_len);
	return crypto_sign_verify_detached(p->f.signature, hash, sizeof(hash), key->key) == 0 &&
	       crypto_sign_verify_detached(p->global, all, n, key->key) == 0;
}

enum rme_err
rmi_minisig_verify(
    const struct rmi_minisig_keys *keys, const char *text, const uint8_t *data, size_t len, struct rme_error *err)
{
	struct parts p;
	bool known = false;
	if (!take_apart(&p, text)) {
		return rme_error_set(
		    err, RME_EFORMAT, NULL, "this is no signature of minisign (prehashed, as it writes today)");
	}
	for (size_t i = 0; i < keys->n; i++) {
		if (memcmp(keys->items[i].id, p.f.id, sizeof(p.f.id)) != 0) {
			continue;
		}
		known = true;
		if (is_by(&p, &keys->items[i], data, len)) {
			return RME_OK;
		}
	}
	return rme_error_set(err, RME_EDENIED, NULL,
	    known ? "the signature is not of these bytes" : "the signature is by a key that is not trusted");
}
