/* Keys and their files. */
#include "sign/minisig.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

enum { SALT_BYTES = 32, CHECK_BYTES = 32, NUMBER_BYTES = 8 };

struct public_file {
	uint8_t algorithm[2]; /* "Ed" */
	struct rmi_minisig_public key;
};

/* All bytes; as it lies in the file. */
struct secret_file {
	uint8_t algorithm[2]; /* "Ed" */
	uint8_t kdf[2];       /* "Sc", or zeros = not encrypted */
	uint8_t check[2];     /* "B2" */
	uint8_t salt[SALT_BYTES];
	uint8_t ops[NUMBER_BYTES], memory[NUMBER_BYTES];
	struct rmi_minisig_secret key; /* from here on encrypted */
	uint8_t sum[CHECK_BYTES];
};
_Static_assert(sizeof(struct public_file) == 42 && sizeof(struct secret_file) == 158, "no padding");

enum { ENCRYPTED_BYTES = sizeof(struct rmi_minisig_secret) + CHECK_BYTES };

enum rme_err
rmi_minisig_init(struct rme_error *err)
{
	return sodium_init() >= 0 ? RME_OK : rme_error_set(err, RME_EUNAVAILABLE, NULL, "libsodium cannot be used");
}

void
rmi_minisig_forget(void *secret, size_t len)
{
	sodium_memzero(secret, len);
}

const char *
rmi_minisig_line(const char *text, unsigned index, size_t *len)
{
	for (; index > 0; index--) {
		text = strchr(text, '\n');
		if (text == NULL) {
			return NULL;
		}
		text++;
	}
	*len = strcspn(text, "\r\n");
	return *len > 0 ? text : NULL;
}

bool
rmi_minisig_decode(uint8_t *to, size_t bytes, const char *text, size_t len)
{
	size_t n = 0;
	return sodium_base642bin(to, bytes, text, len, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       n == bytes;
}

void
rmi_minisig_generate(struct rmi_minisig_public *pub, struct rmi_minisig_secret *secret)
{
	randombytes_buf(pub->id, sizeof(pub->id));
	memcpy(secret->id, pub->id, sizeof(secret->id));
	(void)crypto_sign_keypair(pub->key, secret->key);
}

enum rme_err
rmi_minisig_read_public(struct rmi_minisig_public *out, const char *text, struct rme_error *err)
{
	struct public_file f;
	size_t len;
	const char *line = rmi_minisig_line(text, strncmp(text, "untrusted comment:", 18) == 0 ? 1 : 0, &len);
	if (line == NULL || !rmi_minisig_decode((uint8_t *)&f, sizeof(f), line, len) ||
	    memcmp(f.algorithm, "Ed", 2) != 0) {
		return rme_error_set(err, RME_EFORMAT, NULL, "this is no public key of minisign (RW...)");
	}
	*out = f.key;
	return RME_OK;
}

static void
sum_of(const struct secret_file *f, uint8_t sum[CHECK_BYTES])
{
	crypto_generichash_state state;
	(void)crypto_generichash_init(&state, NULL, 0, CHECK_BYTES);
	(void)crypto_generichash_update(&state, f->algorithm, sizeof(f->algorithm));
	(void)crypto_generichash_update(&state, f->key.id, sizeof(f->key.id));
	(void)crypto_generichash_update(&state, f->key.key, sizeof(f->key.key));
	(void)crypto_generichash_final(&state, sum, CHECK_BYTES);
}

static uint64_t
number_of(const uint8_t b[NUMBER_BYTES])
{
	uint64_t v = 0;
	for (int i = NUMBER_BYTES; i-- > 0;) {
		v = v << 8 | b[i];
	}
	return v;
}

/* The file says how dear the derivation is, within what minisign itself asks for. */
static enum rme_err
decrypt(struct secret_file *f, const char *password, struct rme_error *err)
{
	uint8_t stream[ENCRYPTED_BYTES], *at = (uint8_t *)&f->key;
	uint64_t ops = number_of(f->ops), memory = number_of(f->memory);
	if (ops > crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE ||
	    memory > crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE) {
		return rme_error_set(err, RME_ELIMIT, NULL, "the secret key asks for too much work");
	}
	if (crypto_pwhash_scryptsalsa208sha256(
	        stream, sizeof(stream), password, strlen(password), f->salt, ops, (size_t)memory) != 0) {
		return rme_error_set(err, RME_ENOMEM, NULL, "not enough memory for the key derivation");
	}
	for (size_t i = 0; i < sizeof(stream); i++) {
		at[i] ^= stream[i];
	}
	sodium_memzero(stream, sizeof(stream));
	return RME_OK;
}

static enum rme_err
open_secret(struct secret_file *f, const char *password, struct rme_error *err)
{
	uint8_t sum[CHECK_BYTES];
	bool encrypted = memcmp(f->kdf, "Sc", 2) == 0;
	if (encrypted && password == NULL) {
		return rme_error_set(
		    err, RME_EDENIED, NULL, "the secret key has a password; name a file that holds it");
	}
	enum rme_err e = encrypted ? decrypt(f, password, err) : RME_OK;
	if (e != RME_OK) {
		return e;
	}
	sum_of(f, sum);
	/* minisign leaves the sum of keys that are not encrypted away. */
	bool blank = !encrypted && sodium_is_zero(f->sum, sizeof(f->sum));
	return blank || sodium_memcmp(sum, f->sum, sizeof(sum)) == 0
	           ? RME_OK
	           : rme_error_set(err, RME_EDENIED, NULL, "the password is wrong, or the secret key is damaged");
}

enum rme_err
rmi_minisig_read_secret(struct rmi_minisig_secret *out, const char *text, const char *password, struct rme_error *err)
{
	struct secret_file f;
	size_t len;
	const char *line = rmi_minisig_line(text, 1, &len);
	if (line == NULL || !rmi_minisig_decode((uint8_t *)&f, sizeof(f), line, len) ||
	    memcmp(f.algorithm, "Ed", 2) != 0 || memcmp(f.check, "B2", 2) != 0) {
		return rme_error_set(err, RME_EFORMAT, NULL, "this is no secret key of minisign");
	}
	enum rme_err e = open_secret(&f, password, err);
	if (e == RME_OK) {
		*out = f.key;
	}
	sodium_memzero(&f, sizeof(f));
	return e;
}

static void
write_key(char text[RMI_MINISIG_TEXT_MAX], const char *comment, const void *bytes, size_t len)
{
	char code[256];
	(void)sodium_bin2base64(code, sizeof(code), bytes, len, sodium_base64_VARIANT_ORIGINAL);
	(void)snprintf(text, RMI_MINISIG_TEXT_MAX, "untrusted comment: %s\n%s\n", comment, code);
	sodium_memzero(code, sizeof(code));
}

void
rmi_minisig_write_public(char text[RMI_MINISIG_TEXT_MAX], const struct rmi_minisig_public *pub)
{
	const struct public_file f = {.algorithm = {'E', 'd'}, .key = *pub};
	char comment[64];
	uint64_t id = number_of(pub->id);
	(void)snprintf(comment, sizeof(comment), "minisign public key %llX", (unsigned long long)id);
	write_key(text, comment, &f, sizeof(f));
}

void
rmi_minisig_write_secret(char text[RMI_MINISIG_TEXT_MAX], const struct rmi_minisig_secret *secret)
{
	struct secret_file f = {.algorithm = {'E', 'd'}, .check = {'B', '2'}, .key = *secret};
	sum_of(&f, f.sum);
	write_key(text, "minisign secret key, not encrypted", &f, sizeof(f));
	sodium_memzero(&f, sizeof(f));
}
