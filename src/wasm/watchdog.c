#include "wasm/watchdog.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/quiet_thread.h"
#include "wasm/fault_guard.h"
#include "wasm/lane.h"
#include "wasm/wasm_process.h"

#define REKICK_NS       (100 * RMI_NS_PER_US) /* a signal that met engine code does nothing: send it again */
#define HOST_RECHECK_NS (5 * RMI_NS_PER_MS)   /* a host call looks at stop when it ends */
#define LINGER_MIN_NS   (1 * RMI_NS_PER_MS)
#define CHECK_NS        (1 * RMI_NS_PER_S) /* between looks at the signal handlers */
#define SLICE_NS        (100 * RMI_NS_PER_US)

enum { STACK_BYTES = 256 << 10 };

void
rmi_watchdog_tell(struct rmi_watchdog *w)
{
	atomic_fetch_add(&w->told, 1);
	(void)syscall(SYS_futex, &w->told, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void
rmi_watchdog_canceled(struct rmi_watchdog *w)
{
	atomic_fetch_add(&w->cancels, 1);
	rmi_watchdog_tell(w);
}

static void
wait_until(struct rmi_watchdog *w, uint32_t seen, int64_t when_ns)
{
	struct timespec when = {.tv_sec = when_ns / RMI_NS_PER_S, .tv_nsec = when_ns % RMI_NS_PER_S};
	(void)syscall(SYS_futex, &w->told, FUTEX_WAIT_BITSET_PRIVATE, seen, when_ns == INT64_MAX ? NULL : &when, NULL,
	    FUTEX_BITSET_MATCH_ANY);
}

/* Why what the held lane runs has to end, if it has to. */
static enum rmi_stop
reason_to_stop(struct rmi_lane *lane, int64_t now)
{
	enum rmi_stop stop = (enum rmi_stop)atomic_load(&lane->stop);
	if (stop != RMI_STOP_NONE) { /* what trapped is on its way out */
		return stop == RMI_STOP_TIMEOUT || stop == RMI_STOP_CANCELED ? stop : RMI_STOP_NONE;
	}
	if (lane->canceled != NULL && atomic_load(lane->canceled)) {
		return RMI_STOP_CANCELED;
	}
	return atomic_load(&lane->deadline_ns) <= now ? RMI_STOP_TIMEOUT : RMI_STOP_NONE;
}

/*
 * End what the held lane runs. A host function must not lose the memory under its hands: it sets in_host and then reads
 * stop, here stop is set and then in_host read, so that one of the two sees the other.
 */
static void
stop_lane(struct rmi_lane *lane, enum rmi_stop why)
{
	rmi_lane_stop(lane, why);
	if (atomic_load(&lane->in_host)) {
		return;
	}
	if (!lane->fenced) {
		lane->fenced = true;
		/* Ends what loops in the engine's memory.fill and the like, where no signal may interrupt. */
		if (lane->zone->code_low != 0) {
			(void)mprotect(lane->zone->memory, lane->zone->memory_bytes, PROT_NONE);
		}
		if (lane->zone->interruptible) {
			lane->process->we.AsyncCancel(lane->stop_handle);
		}
	}
	if (!lane->zone->interruptible) {
		atomic_fetch_add_explicit(&lane->kicks, 1, memory_order_relaxed);
		rmi_fault_guard_kick(lane->tid);
	}
}

/*
 * Whether there may be something to do, seen from outside: holding a lane can make its thread wait, so it is held only
 * then. The flag of the instance may be looked at only while the lane is held, so any cancellation makes all be held.
 */
static bool
needs_a_closer_look(struct rmi_lane *lane, int64_t now, bool any_canceled)
{
	if (any_canceled || atomic_load(&lane->stop) != RMI_STOP_NONE) {
		return true;
	}
	return atomic_load(&lane->deadline_ns) <= now;
}

static int64_t
look_at_lane(struct rmi_lane *lane, int64_t now, bool any_canceled)
{
	if (atomic_load(&lane->state) == RMI_LANE_IDLE) {
		return INT64_MAX;
	}
	int64_t next = atomic_load(&lane->deadline_ns);
	if (needs_a_closer_look(lane, now, any_canceled)) {
		if (!rmi_lane_hold(lane)) {
			return INT64_MAX;
		}
		enum rmi_stop why = reason_to_stop(lane, now);
		if (why != RMI_STOP_NONE) {
			stop_lane(lane, why);
			next = now + (atomic_load(&lane->in_host) ? HOST_RECHECK_NS : REKICK_NS);
		}
		rmi_lane_release(lane);
	}
	return next;
}

/*
 * While calls come and go, look now and then although nothing runs at this moment: otherwise every call would have to
 * wake this thread. Without calls, sleep.
 */
static int64_t
linger(struct rmi_watchdog *w, uint64_t calls, int64_t now)
{
	if (calls == w->calls_seen) {
		return INT64_MAX;
	}
	int64_t recent = atomic_load_explicit(&w->recent_deadline_ns, memory_order_relaxed);
	if (recent <= now) {
		recent = now + w->linger_ns; /* calls go on, and none had an earlier deadline */
	}
	w->linger_ns = recent - now > LINGER_MIN_NS ? recent - now : LINGER_MIN_NS;
	return now + w->linger_ns;
}

static int64_t
look(struct rmi_watchdog *w)
{
	int64_t now = rmi_monotonic_ns(), next = INT64_MAX;
	uint64_t calls = 0;
	/* From here on every call tells us, until we say when we look again. */
	atomic_store(&w->next_look_ns, INT64_MAX);
	uint64_t cancels = atomic_load(&w->cancels);
	bool any_canceled = cancels != w->cancels_seen;
	w->cancels_seen = cancels;
	for (struct rmi_lane *lane = atomic_load(&w->process->lanes); lane != NULL; lane = lane->next) {
		calls += atomic_load_explicit(&lane->calls, memory_order_relaxed);
		int64_t lane_next = look_at_lane(lane, now, any_canceled);
		next = lane_next < next ? lane_next : next;
	}
	next = next == INT64_MAX ? linger(w, calls, now) : next;
	w->calls_seen = calls;
	atomic_store(&w->next_look_ns, next);
	if (now - w->handlers_checked_ns > CHECK_NS) {
		w->handlers_checked_ns = now;
		rmi_fault_guard_check(true);
	}
	return next;
}

/*
 * The runaway guest that this thread is to stop may have the processor. The scheduler lets a thread that asks for short
 * slices go first when it wakes up (Linux 6.12 and later; without effect before).
 */
static void
ask_for_short_slices(void)
{
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t slice_ns, deadline_ns, period_ns;
	} how = {.size = sizeof(how), .policy = SCHED_OTHER, .slice_ns = SLICE_NS};
	how.nice = getpriority(PRIO_PROCESS, 0);
	(void)syscall(SYS_sched_setattr, 0, &how, 0);
}

static void *
watch(void *arg)
{
	struct rmi_watchdog *w = arg;
	(void)prctl(PR_SET_NAME, "rme-watchdog");
	ask_for_short_slices();
	sem_post(&w->ready);
	for (;;) {
		uint32_t seen = atomic_load(&w->told);
		wait_until(w, seen, look(w));
	}
	return NULL;
}

enum rme_err
rmi_watchdog_start(struct rmi_watchdog **out, struct rmi_wasm_process *p, struct rme_error *err)
{
	struct rmi_watchdog *w = calloc(1, sizeof(*w));
	pthread_t thread;
	if (w == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	w->process = p;
	atomic_init(&w->next_look_ns, INT64_MAX);
	(void)sem_init(&w->ready, 0, 0); /* it cannot fail with these arguments */
	int e = rmi_quiet_thread(&thread, watch, w, STACK_BYTES);
	if (e != 0) {
		free(w);
		return rme_error_set(err, RME_ENOMEM, NULL, "no thread for the watchdog: %s", strerror(e));
	}
	(void)pthread_detach(thread);
	/* A guest process soon gives up the system calls that it begins with. */
	while (sem_wait(&w->ready) != 0) {
	}
	*out = w;
	return RME_OK;
}
