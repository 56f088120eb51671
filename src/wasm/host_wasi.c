/*
 * The small part of WASI preview 1 that modules get: what they print goes to the log, they may look at the clock and take
 * random numbers. There are no files, no sockets, no arguments. The engine's own WASI opens sockets even where nothing
 * was granted, so it is not used.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "wasm/host_modules.h"
#include "wasm/instance_state.h"

/* Error numbers of WASI. */
enum { WASI_OK = 0, WASI_EBADF = 8, WASI_EFAULT = 21, WASI_EINVAL = 28, WASI_EIO = 29, WASI_ENOSYS = 52 };

enum { PIECES_MAX = 64, RANDOM_BYTES_MAX = 65536, CLOCK_WALL = 0, CLOCK_STEADY = 1 };

void
rmi_wasi_nothing(struct rmi_host_call *h)
{
	rmi_host_return(h, WASI_OK);
}

void
rmi_wasi_bad_descriptor(struct rmi_host_call *h)
{
	rmi_host_return(h, WASI_EBADF);
}

void
rmi_wasi_not_supported(struct rmi_host_call *h)
{
	rmi_host_return(h, WASI_ENOSYS);
}

void
rmi_wasi_zero_sizes(struct rmi_host_call *h)
{
	uint8_t *count = rmi_instance_memory(h->in, rmi_host_u32(h, 0), 4);
	uint8_t *bytes = rmi_instance_memory(h->in, rmi_host_u32(h, 1), 4);
	if (count == NULL || bytes == NULL) {
		rmi_host_return(h, WASI_EFAULT);
		return;
	}
	memset(count, 0, 4);
	memset(bytes, 0, 4);
	rmi_host_return(h, WASI_OK);
}

/* @return error number; the pieces are an array of {address, length} */
static int32_t
log_pieces(struct rmi_host_call *h, uint32_t pieces, uint32_t n, uint32_t *written)
{
	const struct rmi_guest_log_to to = rmi_instance_log_to(h->in);
	*written = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t piece[2];
		const uint8_t *at = rmi_instance_memory(h->in, pieces + i * (uint32_t)sizeof(piece), sizeof(piece));
		if (at == NULL) {
			return WASI_EFAULT;
		}
		memcpy(piece, at, sizeof(piece));
		const uint8_t *data = rmi_instance_memory(h->in, piece[0], piece[1]);
		if (data == NULL) {
			return WASI_EFAULT;
		}
		uint32_t take =
		    piece[1] < RMI_GUEST_LOG_LINE_BYTES_MAX * 8 ? piece[1] : RMI_GUEST_LOG_LINE_BYTES_MAX * 8;
		rmi_guest_log_write(&h->in->log, &to, data, take);
		*written += piece[1];
	}
	return WASI_OK;
}

void
rmi_wasi_fd_write(struct rmi_host_call *h)
{
	uint32_t fd = rmi_host_u32(h, 0), n = rmi_host_u32(h, 2), written;
	uint8_t *out = rmi_instance_memory(h->in, rmi_host_u32(h, 3), sizeof(written));
	if (fd != 1 && fd != 2) {
		rmi_host_return(h, WASI_EBADF);
		return;
	}
	if (out == NULL || n > PIECES_MAX) {
		rmi_host_return(h, out == NULL ? WASI_EFAULT : WASI_EINVAL);
		return;
	}
	int32_t e = log_pieces(h, rmi_host_u32(h, 1), n, &written);
	if (e == WASI_OK) {
		memcpy(out, &written, sizeof(written));
	}
	rmi_host_return(h, e);
}

void
rmi_wasi_clock_time_get(struct rmi_host_call *h)
{
	uint32_t clock = rmi_host_u32(h, 0);
	uint8_t *out = rmi_instance_memory(h->in, rmi_host_u32(h, 2), 8);
	if (out == NULL || clock > CLOCK_STEADY) {
		rmi_host_return(h, out == NULL ? WASI_EFAULT : WASI_EINVAL);
		return;
	}
	struct timespec t;
	(void)clock_gettime(clock == CLOCK_WALL ? CLOCK_REALTIME : CLOCK_MONOTONIC, &t);
	uint64_t ns = (uint64_t)t.tv_sec * (uint64_t)RMI_NS_PER_S + (uint64_t)t.tv_nsec;
	memcpy(out, &ns, sizeof(ns));
	rmi_host_return(h, WASI_OK);
}

void
rmi_wasi_random_get(struct rmi_host_call *h)
{
	uint32_t len = rmi_host_u32(h, 1);
	uint8_t *out = rmi_instance_memory(h->in, rmi_host_u32(h, 0), len);
	if (out == NULL || len > RANDOM_BYTES_MAX) { /* more would take long, and nothing stops it */
		rmi_host_return(h, out == NULL ? WASI_EFAULT : WASI_EINVAL);
		return;
	}
	for (uint32_t at = 0; at < len;) {
		ssize_t n = getrandom(out + at, len - at, 0);
		if (n <= 0) {
			rmi_host_return(h, WASI_EIO);
			return;
		}
		at += (uint32_t)n;
	}
	rmi_host_return(h, WASI_OK);
}

void
rmi_wasi_proc_exit(struct rmi_host_call *h)
{
	(void)snprintf(
	    h->in->error_text, sizeof(h->in->error_text), "ended itself with exit code %u", rmi_host_u32(h, 0));
	h->in->gave_up = true;
	h->trap = true;
}
