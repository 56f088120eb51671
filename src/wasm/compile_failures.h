#ifndef RMI_WASM_COMPILE_FAILURES_H
#define RMI_WASM_COMPILE_FAILURES_H

/**
 * @file
 * What the compiler refused, or was stopped at: so that a module that costs half a minute to refuse costs that once, however
 * often it is submitted. Bounded in number and in time. Any thread.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <rme/err.h>
#include "base/clock.h"
#include "base/sha256.h"

enum { RMI_COMPILE_FAILURES_MAX = 64 };
#define RMI_COMPILE_FAILURE_KEPT_NS (600 * RMI_NS_PER_S)

struct rmi_compile_failures {
	pthread_mutex_t lock;
	struct rmi_compile_failure {
		bool used;
		uint8_t key[RMI_SHA256_BYTES]; /* of the code in the cache, were there any */
		int64_t at_ns;
		enum rme_err code;
		char text[RME_ERROR_TEXT_MAX];
	} all[RMI_COMPILE_FAILURES_MAX];
};

/** Of an all-zero one. */
void rmi_compile_failures_init(struct rmi_compile_failures *f);
void rmi_compile_failures_done(struct rmi_compile_failures *f);

/** Remember it, in place of the oldest where all are used. Not for failures of the machine: the caller knows. */
void rmi_compile_failures_note(
    struct rmi_compile_failures *f, const uint8_t key[RMI_SHA256_BYTES], const struct rme_error *why, int64_t now_ns);

/** @return the code that was noted, with its text and that it is remembered; RME_OK = nothing is known */
RME_NODISCARD enum rme_err rmi_compile_failures_find(
    struct rmi_compile_failures *f, const uint8_t key[RMI_SHA256_BYTES], int64_t now_ns, struct rme_error *err);

#endif
