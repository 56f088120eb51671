#ifndef RMI_WASM_AOT_CACHE_H
#define RMI_WASM_AOT_CACHE_H

/**
 * @file
 * Compiled modules in a folder, one file each, named by their key. A file is a header (magic, key, SHA-256 of header and
 * object) and the object. Nothing is loaded from it before the hash was right: a damaged file counts as absent.
 * Any thread, any number of processes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <rme/err.h>
#include "base/sha256.h"
#include "wasm/aot_compile.h"

struct rmi_aot_cache;
struct rmi_cancel;

enum { RMI_AOT_CACHE_BYTES_DEFAULT = 512 << 20, RMI_AOT_FILE_NAME_BYTES = RMI_SHA256_HEX + 32 };

/**
 * Open the folder, making it (mode 0700) where it is missing. It must belong to the caller, with no write permission for
 * others: whoever can write there decides what code runs.
 * @param bytes_max  least recently used files go when there are more; 0 = default
 * @return RME_OK, RME_EDENIED (belongs to someone else, or others may write), RME_EIO, RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_aot_cache_open(struct rmi_aot_cache **out, const char *dir, uint64_t bytes_max, struct rme_error *err);
/** NULL is a no-op. */
void rmi_aot_cache_free(struct rmi_aot_cache *c);
const char *rmi_aot_cache_dir(const struct rmi_aot_cache *c);

/**
 * @param[out] damaged  set where a file was there and was not what it should be; it has been removed
 * @return true if @p out was filled
 */
bool rmi_aot_cache_get(
    struct rmi_aot_cache *c, const uint8_t key[RMI_SHA256_BYTES], struct rmi_aot_code *out, bool *damaged);
/** @return RME_OK, RME_EIO (full disk, for example; nothing is left behind) */
RME_NODISCARD enum rme_err rmi_aot_cache_put(struct rmi_aot_cache *c, const uint8_t key[RMI_SHA256_BYTES],
    const struct rmi_aot_code *code, struct rme_error *err);

/** A file of the cache. */
struct rmi_aot_file {
	char name[RMI_AOT_FILE_NAME_BYTES];
	uint64_t bytes;
	struct timespec used; /**< CLOCK_REALTIME */
};
/** All of them, least recently used first. */
struct rmi_aot_listing {
	struct rmi_aot_file *files;
	size_t n, room;
	uint64_t bytes, bytes_max;
};
/** @return RME_OK, RME_EIO, RME_ENOMEM. Release with rmi_aot_listing_done() */
RME_NODISCARD enum rme_err
rmi_aot_cache_list(struct rmi_aot_cache *c, struct rmi_aot_listing *out, struct rme_error *err);
void rmi_aot_listing_done(struct rmi_aot_listing *l);
/** What a file says about itself, without the object and unverified: for people. @return false where it is none */
bool rmi_aot_cache_describe(struct rmi_aot_cache *c, const struct rmi_aot_file *f, struct rmi_aot_code *out);

struct rmi_aot_trimmed {
	size_t files;
	uint64_t bytes;
};
/**
 * Remove the least recently used files until at most @p bytes_max are left. What is loaded is not affected.
 * @return RME_OK, RME_EIO, RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_aot_cache_trim(struct rmi_aot_cache *c, uint64_t bytes_max, struct rmi_aot_trimmed *out, struct rme_error *err);

/** Compilers that someone waits for and that are soon done, and those that take long, do not wait for each other. */
enum rmi_aot_lock { RMI_AOT_LOCK_SHORT, RMI_AOT_LOCK_LONG };
/**
 * Wait until nobody else, in any process, compiles into this folder.
 * @param cancel  ends the wait
 * @return a token for unlock; -1 = could not, or canceled
 */
int rmi_aot_cache_lock(struct rmi_aot_cache *c, enum rmi_aot_lock which, const struct rmi_cancel *cancel);
void rmi_aot_cache_unlock(int token);

#endif
