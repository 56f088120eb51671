#ifndef RMI_CLI_SIGNING_H
#define RMI_CLI_SIGNING_H

/** @file Signatures of modules against the keys that a registry trusts. */

#include "config/module_registry.h"

enum { RMI_SIGNING_KEYS_MAX = 16 };

/**
 * Check the signature of a module, FILE.minisig, with the keys as text.
 * @param[out] sha256  of the bytes that were signed
 * @return RME_OK; RME_ENOTFOUND (no signature, no file); RME_EFORMAT; RME_EDENIED; RME_EUNSUPPORTED (this build cannot)
 */
RME_NODISCARD enum rme_err rmi_signing_verify(const char *wasm_path, const char *const *keys, size_t n_keys,
    uint8_t sha256[RMI_SHA256_BYTES], struct rme_error *err);

/**
 * Apply the registry's policy to a module that is about to be opened. A valid signature pins the bytes: the entry gets their
 * hash, so that it is compared again when they are loaded, and counts as one of ours.
 * @param mark  of who asks for it
 * @return false after an error was told
 */
bool rmi_signing_apply(struct rmi_diags *diags, const struct rmi_module_registry *registry,
    const struct rme_module_entry *entry, const struct rmi_mark *mark);

/** The whole of a small file as text, or of a module. @return NULL with an error; free() it */
char *rmi_signing_read_file(const char *path, size_t max, size_t *len, struct rme_error *err);

#endif
