#ifndef RMI_WASM_AOT_COMPILE_H
#define RMI_WASM_AOT_COMPILE_H

/**
 * @file
 * Compiles a module to machine code in a child process (rme-aotc) with limits on time and memory: LLVM must not take this
 * process down, and its linker works only once at a time per process.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_cancel;

/** What the compiler's answer begins with where the module is to blame. */
#define RMI_AOT_REFUSED "refused: "

/** All-zero = defaults. */
struct rmi_aot_limits {
	uint32_t cpu_s;        /**< processor time; default 30 */
	uint64_t memory_bytes; /**< address space; default 2 GiB */
	int64_t wall_ns;       /**< default 90 s */
};

struct rmi_aot_request {
	const uint8_t *wasm; /**< admitted bytes */
	size_t len;
	const char *compiler; /**< path of rme-aotc */
	const char *work_dir; /**< a folder is made in it for the compiler's files, and removed */
	int level;            /**< 3, or 0: compiles 10 times faster and runs 5-9 times slower */
	bool interruptible;
	struct rmi_aot_limits limits;
	struct rmi_cancel *cancel; /**< NULL = never */
};

/** A compiled module: an ELF shared object. */
struct rmi_aot_code {
	uint8_t *object; /**< free() */
	size_t len;
	int level;
	bool interruptible;
	bool from_cache;
	bool preliminary;   /**< compiled to be there soon; better code is worth making */
	int64_t compile_ns; /**< that it took when it was compiled */
};

/**
 * Compile. Blocks; any thread.
 * @return RME_OK; of the module: RME_EMODULE (the compiler refuses it), RME_ELIMIT (over the compiler's limits, or the
 *         compiler crashes); of the machine: RME_EUNSUPPORTED (no compiler), RME_EUNAVAILABLE (somebody killed it, as a
 *         kernel that is out of memory does), RME_EIO, RME_ENOMEM; RME_ECANCELED
 */
RME_NODISCARD enum rme_err
rmi_aot_compile(struct rmi_aot_code *out, const struct rmi_aot_request *q, struct rme_error *err);

/** Accepts an all-zero one. */
void rmi_aot_code_done(struct rmi_aot_code *c);

/**
 * A memfd that holds a copy of @p data and can never be changed again, so that what was verified is what is loaded.
 * @return -1 where it cannot be made
 */
int rmi_sealed_memfd(const char *name, const void *data, size_t len);

#endif
