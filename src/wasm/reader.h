#ifndef RMI_WASM_READER_H
#define RMI_WASM_READER_H

/**
 * @file
 * Reads the binary format of WebAssembly with bounds checks. The first error sticks: later reads give zeros, so that
 * callers need to look at `failed` only where they would loop or allocate.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_wreader {
	const uint8_t *start; /**< of the module: offsets in messages count from here */
	const uint8_t *p, *end;
	const char *section; /**< for messages */
	struct rme_error *err;
	enum rme_err code; /**< of the first error */
	bool failed;
};

struct rmi_wname {
	const char *text; /**< not terminated */
	uint32_t len;
};

/** Remember the first error, with the byte offset and section in front of the text. */
void rmi_wreader_fail(struct rmi_wreader *r, enum rme_err code, const char *fmt, ...) RME_PRINTF(3, 4);

size_t rmi_wreader_offset(const struct rmi_wreader *r);
size_t rmi_wreader_left(const struct rmi_wreader *r);

uint8_t rmi_wread_u8(struct rmi_wreader *r);
/** Unsigned LEB128, at most 32 bits, as the format demands (no longer than 5 bytes, no bits over). */
uint32_t rmi_wread_u32(struct rmi_wreader *r);
/** Skip a signed LEB128 of at most @p bits. */
void rmi_wread_skip_leb(struct rmi_wreader *r, unsigned bits);
/** Signed LEB128 of 32 bits. */
int32_t rmi_wread_s32(struct rmi_wreader *r);
/** A vector length that is at most @p max; @p what names the things for the message. */
uint32_t rmi_wread_count(struct rmi_wreader *r, uint32_t max, const char *what);
/** Bytes to step over. @return where they start, NULL on error */
const uint8_t *rmi_wread_bytes(struct rmi_wreader *r, size_t len);
/** A name of at most RMI_WASM_NAME_BYTES_MAX. */
struct rmi_wname rmi_wread_name(struct rmi_wreader *r);
/** A reader of the next @p len bytes, over which @p r steps. */
struct rmi_wreader rmi_wread_part(struct rmi_wreader *r, size_t len, const char *section);
/** Fail if anything is left; pass the error of a part on to @p whole. */
void rmi_wread_part_end(struct rmi_wreader *part, struct rmi_wreader *whole);

bool rmi_wname_is(struct rmi_wname name, const char *text);

#endif
