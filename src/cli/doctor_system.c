/* Checks of the machine: processor, memory, limits of the process, port. */

#include "cli/doctor.h"

#include "wan/address.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	FILES_WANTED = 4096, /* a connection and its epoll, eventfd and timer; some thousand sessions */
	LINE_BYTES = 256,
};

void
rmi_doctor_cpu(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__x86_64__)
	__builtin_cpu_init();
	bool wide = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
	if (__builtin_cpu_supports("sse4.1") == 0) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "%ld cores without SSE 4.1", cores);
		rmi_finding_todo(f, "modules with SIMD cannot run here; use a machine of the last 15 years");
		return;
	}
	rmi_finding_set(f, RMI_FINDING_OK, "%ld cores, SSE 4.1%s%s", cores, wide ? ", AVX2, FMA" : "",
	    __builtin_cpu_supports("avx512f") != 0 ? ", AVX-512" : "");
#else
	rmi_finding_set(f, RMI_FINDING_WARN, "%ld cores of an architecture that is not tested (amd64 is)", cores);
#endif
}

/* First number in a file of /proc, or -1. */
static long
read_number(const char *path)
{
	char line[LINE_BYTES];
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		return -1;
	}
	long n = fgets(line, sizeof(line), file) != NULL ? strtol(line, NULL, 10) : -1;
	(void)fclose(file);
	return n;
}

void
rmi_doctor_memory(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	struct rlimit space;
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	double gib = (double)pages * (double)page / (double)(1 << 30);
	if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "address space of this process is limited to %llu MiB",
		    (unsigned long long)space.rlim_cur >> 20);
		rmi_finding_todo(f, "every module instance reserves (not uses) some GiB: ulimit -v unlimited");
	} else if (read_number("/proc/sys/vm/overcommit_memory") == 2) {
		rmi_finding_set(f, RMI_FINDING_WARN, "%.1f GiB, the system commits no more memory than it has", gib);
		rmi_finding_todo(f, "many module instances may fail to start: sysctl vm.overcommit_memory=0");
	} else {
		rmi_finding_set(f, RMI_FINDING_OK, "%.1f GiB, address space not limited", gib);
	}
}

void
rmi_doctor_open_files(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	struct rlimit files;
	if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
		rmi_finding_set(f, RMI_FINDING_WARN, "the limit cannot be read: %s", strerror(errno));
		return;
	}
	/* A service raises the soft limit to the hard one by itself. */
	if (files.rlim_max < FILES_WANTED) {
		rmi_finding_set(f, RMI_FINDING_WARN, "at most %llu", (unsigned long long)files.rlim_max);
		rmi_finding_todo(
		    f, "a service for many clients needs more: LimitNOFILE=65536 in its unit, or ulimit -Hn 65536");
	} else {
		rmi_finding_set(f, RMI_FINDING_OK, "%llu, can be raised to %llu", (unsigned long long)files.rlim_cur,
		    (unsigned long long)files.rlim_max);
	}
}

void
rmi_doctor_port(const struct rmi_doctor *d, struct rmi_finding *f)
{
	struct rmi_wan_address at;
	struct rme_error err;
	if (rmi_wan_address_resolve(&at, d->listen, &err) != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "%s", err.text);
		rmi_finding_todo(f, "give the address as --listen HOST:PORT");
		return;
	}
	const int one = 1;
	int fd = socket(at.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	}
	if (fd < 0 || bind(fd, (const struct sockaddr *)&at.at, at.len) != 0) {
		int e = errno;
		rmi_finding_set(f, RMI_FINDING_WARN, "%s cannot be listened on: %s", d->listen, strerror(e));
		rmi_finding_todo(f, "%s",
		    e == EADDRINUSE
		        ? "a service runs there already, or serve on another port: rme serve --listen HOST:PORT"
		    : e == EACCES ? "ports below 1024 need the capability CAP_NET_BIND_SERVICE"
		                  : "is this address one of this machine?");
	} else {
		rmi_finding_set(f, RMI_FINDING_OK, "%s is free", d->listen);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
}
