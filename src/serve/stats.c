#include "serve/stats.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int64_t
rmi_stats_cpu_ns(void)
{
	struct timespec ts;
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) != 0) {
		return 0;
	}
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void
rmi_stats_init(struct rmi_stats *s, unsigned workers)
{
	*s = (struct rmi_stats){.start_ns = rmi_monotonic_ns(), .workers = workers};
	atomic_init(&s->asked_ns, s->start_ns);
	atomic_init(&s->asked_cpu_ns, rmi_stats_cpu_ns());
}

unsigned
rmi_stats_begin(struct rmi_stats *s)
{
	atomic_fetch_add_explicit(&s->requests, 1, memory_order_relaxed);
	return atomic_fetch_add_explicit(&s->busy, 1, memory_order_relaxed) + 1;
}

void
rmi_stats_end(struct rmi_stats *s, bool ok, int64_t duration_ns)
{
	atomic_fetch_add_explicit(ok ? &s->succeeded : &s->failed, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->duration_ns, (uint64_t)(duration_ns > 0 ? duration_ns : 0), memory_order_relaxed);
	atomic_fetch_sub_explicit(&s->busy, 1, memory_order_relaxed);
}

void
rmi_stats_refused(struct rmi_stats *s)
{
	atomic_fetch_add_explicit(&s->requests, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&s->failed, 1, memory_order_relaxed);
}

static int64_t
resident_bytes(void)
{
	char line[128];
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f == NULL) {
		return 0;
	}
	if (fgets(line, sizeof line, f) == NULL || sscanf(line, "%*u %lu", &pages) != 1) {
		pages = 0;
	}
	(void)fclose(f);
	return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

int64_t
rmi_stats_memory_peak(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss * 1024 : 0;
}

static double
cpu_percent(struct rmi_stats *s, int64_t now)
{
	int64_t cpu = rmi_stats_cpu_ns();
	int64_t since = atomic_exchange(&s->asked_ns, now);
	int64_t used = cpu - atomic_exchange(&s->asked_cpu_ns, cpu);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	if (now <= since || used < 0 || cores <= 0) {
		return 0;
	}
	return 100.0 * (double)used / (double)(now - since) / (double)cores;
}

void
rmi_stats_read(struct rmi_stats *s, struct rmi_stats_now *out)
{
	int64_t now = rmi_monotonic_ns();
	unsigned busy = atomic_load(&s->busy);
	memset(out, 0, sizeof *out);
	out->succeeded = atomic_load(&s->succeeded);
	out->failed = atomic_load(&s->failed);
	out->requests = atomic_load(&s->requests);
	uint64_t ended = out->succeeded + out->failed;
	out->average_duration_ns = ended > 0 ? (int64_t)(atomic_load(&s->duration_ns) / ended) : 0;
	out->uptime_ns = now - s->start_ns;
	out->sessions = atomic_load(&s->sessions);
	out->workers = s->workers;
	out->busy_workers = busy < s->workers ? busy : s->workers;
	out->cpu_percent = cpu_percent(s, now);
	double machine = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
	out->memory_bytes = resident_bytes();
	out->memory_percent = machine > 0 ? 100.0 * (double)out->memory_bytes / machine : 0;
	out->memory_peak_bytes = rmi_stats_memory_peak();
}
