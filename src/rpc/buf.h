#ifndef RMI_RPC_BUF_H
#define RMI_RPC_BUF_H

/**
 * @file
 * One message as it travels: a refcounted list of pieces, so that a payload goes through without being flattened.
 *
 * A buffer is built by one owner, piece by piece, and not changed once it has a second reference or was written to a
 * call. Refcounts are atomic: references may be dropped on any thread.
 */

#include <rme/err.h>

#include <stddef.h>
#include <stdint.h>

struct rmi_buf;

/** Called once when nothing refers to the wrapped bytes any more; on any thread, must not block. */
typedef void rmi_buf_release(void *arg);

/** An empty buffer with one reference; NULL = out of memory. */
RME_NODISCARD struct rmi_buf *rmi_buf_new(void);

/** A buffer that holds a copy of @p n bytes; NULL = out of memory. */
RME_NODISCARD struct rmi_buf *rmi_buf_copy(const void *data, size_t n);

struct rmi_buf *rmi_buf_ref(struct rmi_buf *b);
void rmi_buf_unref(struct rmi_buf *b); /**< NULL is allowed */

/** Append a copy of @p n bytes. @return RME_OK, RME_ENOMEM */
RME_NODISCARD enum rme_err rmi_buf_add(struct rmi_buf *b, const void *data, size_t n);

/**
 * Append @p n bytes by reference; they stay readable and unchanged until @p release.
 * @p release is called in every case, on failure before this returns. Small pieces are copied (it is cheaper).
 * @return RME_OK, RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_buf_wrap(struct rmi_buf *b, const void *data, size_t n, rmi_buf_release *release, void *arg);

/** Append the range [@p off, @p off + @p n) of another buffer by reference. @return RME_OK, RME_EINVAL, RME_ENOMEM */
RME_NODISCARD enum rme_err rmi_buf_add_range(struct rmi_buf *b, const struct rmi_buf *from, size_t off, size_t n);

/** Bytes in all pieces. */
size_t rmi_buf_size(const struct rmi_buf *b);

/** Copy up to @p n bytes from offset @p off into @p dst. @return bytes copied: less than @p n only at the end */
size_t rmi_buf_gather(const struct rmi_buf *b, size_t off, void *dst, size_t n);

/** If the range lies in one piece: its address, valid while the buffer is; else NULL. */
const uint8_t *rmi_buf_view(const struct rmi_buf *b, size_t off, size_t n);

/** Number of pieces, and one piece (address, length); for readers that go through a message in order. */
size_t rmi_buf_pieces(const struct rmi_buf *b);
const uint8_t *rmi_buf_piece(const struct rmi_buf *b, size_t i, size_t *n);

#endif
