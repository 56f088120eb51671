#ifndef RMI_BASE_SHA256_H
#define RMI_BASE_SHA256_H

/**
 * @file
 * SHA-256 (FIPS 180-4), for naming and verifying files. Not for passwords.
 */

#include <stddef.h>
#include <stdint.h>

enum { RMI_SHA256_BYTES = 32, RMI_SHA256_HEX = 65 /**< hexadecimal text, NUL included */ };

/** A running hash. Plain value. */
struct rmi_sha256 {
	uint32_t state[8];
	uint64_t total_bytes;
	uint8_t block[64];
	size_t fill;
};

void rmi_sha256_init(struct rmi_sha256 *h);
/** @param data  may be NULL where @p len is 0 */
void rmi_sha256_update(struct rmi_sha256 *h, const void *data, size_t len);
/** Finish; @p h must be initialized anew before it is used again. */
void rmi_sha256_final(struct rmi_sha256 *h, uint8_t out[RMI_SHA256_BYTES]);

/** Hash one piece of memory. */
void rmi_sha256_of(const void *data, size_t len, uint8_t out[RMI_SHA256_BYTES]);

/** Lower-case hexadecimal text. */
void rmi_sha256_hex(const uint8_t hash[RMI_SHA256_BYTES], char hex[RMI_SHA256_HEX]);

#endif
