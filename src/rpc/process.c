/* Process-wide settings: gRPC's one log, the allocator, the descriptor limit. */

#include "rpc/internal.h"

#include <grpc/support/log.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

/* gRPC has one log function per process and hands it no context, hence these two. */
static _Atomic(rmi_rpc_log *) log_to;
static _Atomic(void *) log_ctx;

static void
log_line(gpr_log_func_args *args)
{
	rmi_rpc_log *log = atomic_load(&log_to);
	if (log) {
		log(atomic_load(&log_ctx), args->severity == GPR_LOG_SEVERITY_ERROR, args->message);
	}
}

void
rmi_rpc_log_default(void)
{
	gpr_set_log_function(log_line);
}

void
rmi_rpc_set_log(rmi_rpc_log *log, void *ctx)
{
	atomic_store(&log_ctx, ctx);
	atomic_store(&log_to, log);
	gpr_set_log_function(log_line);
}

const char *
rmi_rpc_version(void)
{
	return grpc_version_string();
}

void
rmi_rpc_tune_process(void)
{
	/* Keep freed pages: a page fault per 4 KiB costs more than copying them (docs/design/rpc.md). */
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
	(void)mallopt(M_MMAP_THRESHOLD, 32 << 20);
	(void)mallopt(M_TOP_PAD, 16 << 20);
	/* A listener of this gRPC that once ran out of descriptors never accepts again (CVE-2023-4785). */
	struct rlimit lim;
	if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur < lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &lim);
	}
}
