#include "cli/signing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if RMI_HAVE_SIGN
#include "sign/minisig.h"
#endif

enum { MODULE_BYTES_MAX = 16 << 20, SIGNATURE_BYTES_MAX = 4096 };

char *
rmi_signing_read_file(const char *path, size_t max, size_t *len, struct rme_error *err)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		(void)rme_error_set(err, errno == ENOENT ? RME_ENOTFOUND : RME_EIO, path, "%s", strerror(errno));
		return NULL;
	}
	char *text = malloc(max + 2);
	size_t n = text != NULL ? fread(text, 1, max + 1, f) : 0;
	bool failed = text == NULL || ferror(f) != 0;
	(void)fclose(f);
	if (failed || n > max) {
		(void)rme_error_set(
		    err, failed ? RME_EIO : RME_ELIMIT, path, failed ? "cannot be read" : "is too large");
		free(text);
		return NULL;
	}
	text[n] = '\0';
	*len = n;
	return text;
}

#if RMI_HAVE_SIGN
static enum rme_err
read_keys(struct rmi_minisig_public *out, const char *const *keys, size_t n, struct rme_error *err)
{
	if (n == 0 || n > RMI_SIGNING_KEYS_MAX) {
		return rme_error_set(err, RME_ECONFIG, "signing.keys", n == 0 ? "no key is trusted" : "too many keys");
	}
	for (size_t i = 0; i < n; i++) {
		enum rme_err e = rmi_minisig_read_public(&out[i], keys[i], err);
		if (e != RME_OK) {
			return e;
		}
	}
	return RME_OK;
}

enum rme_err
rmi_signing_verify(const char *wasm_path, const char *const *keys, size_t n_keys, uint8_t sha256[RMI_SHA256_BYTES],
    struct rme_error *err)
{
	struct rmi_minisig_public trusted[RMI_SIGNING_KEYS_MAX];
	char path[4096];
	size_t len, text_len;
	enum rme_err e = rmi_minisig_init(err);
	e = e != RME_OK ? e : read_keys(trusted, keys, n_keys, err);
	if (e == RME_OK && snprintf(path, sizeof(path), "%s.minisig", wasm_path) >= (int)sizeof(path)) {
		e = rme_error_set(err, RME_ELIMIT, wasm_path, "name too long");
	}
	if (e != RME_OK) {
		return e;
	}
	char *bytes = rmi_signing_read_file(wasm_path, MODULE_BYTES_MAX, &len, err);
	char *text = bytes != NULL ? rmi_signing_read_file(path, SIGNATURE_BYTES_MAX, &text_len, err) : NULL;
	if (text != NULL) {
		const struct rmi_minisig_keys set = {trusted, n_keys};
		e = rmi_minisig_verify(&set, text, (const uint8_t *)bytes, len, err);
		rmi_sha256_of(bytes, len, sha256);
	} else {
		e = err->code == RME_ENOTFOUND && bytes != NULL
		        ? rme_error_set(err, RME_ENOTFOUND, path, "there is no signature")
		        : err->code;
	}
	free(text);
	free(bytes);
	return e;
}
#else
enum rme_err
rmi_signing_verify(const char *wasm_path, const char *const *keys, size_t n_keys, uint8_t sha256[RMI_SHA256_BYTES],
    struct rme_error *err)
{
	(void)keys;
	(void)n_keys;
	(void)sha256;
	return rme_error_set(err, RME_EUNSUPPORTED, wasm_path, "this build cannot check signatures");
}
#endif

static struct rme_module_entry *
own_entry(const struct rmi_module_registry *registry, const struct rme_module_entry *entry)
{
	for (size_t i = 0; i < registry->n; i++) {
		if (&registry->modules[i] == entry) {
			return &registry->modules[i];
		}
	}
	return NULL;
}

bool
rmi_signing_apply(struct rmi_diags *diags, const struct rmi_module_registry *registry,
    const struct rme_module_entry *entry, const struct rmi_mark *mark)
{
	const struct rmi_module_signing *s = &registry->signing;
	struct rme_error err = {0};
	uint8_t sha256[RMI_SHA256_BYTES];
	if (s->policy == RMI_SIGNING_OFF) {
		return true;
	}
	enum rme_err e = rmi_signing_verify(entry->wasm_path, s->keys, s->n_keys, sha256, &err);
	struct rme_module_entry *own = own_entry(registry, entry);
	if (e == RME_OK && own != NULL && !own->has_sha256) {
		memcpy(own->sha256, sha256, sizeof(own->sha256));
		own->has_sha256 = true;
	} else if (e == RME_OK && own != NULL && memcmp(entry->sha256, sha256, sizeof(sha256)) != 0) {
		e = rme_error_set(
		    &err, RME_EDENIED, entry->wasm_path, "what was signed is not what the lock file says");
	}
	if (e == RME_OK) {
		return true;
	}
	if (s->policy == RMI_SIGNING_WARN && e != RME_ECONFIG) {
		rmi_diag_warn(diags, mark, "module '%s': %s: %s", entry->name, err.where, err.text);
		return true;
	}
	rmi_diag_error(diags, mark, "module '%s' may not run: %s: %s", entry->name, err.where, err.text);
	rmi_diag_hint(diags, "the registry wants a signature (signing.policy); `rme modules sign` makes one");
	return false;
}
