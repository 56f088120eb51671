#include "wasm/lane.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wasm/wasm_process.h"

enum { SIGNAL_STACK_BYTES = 64 << 10, SIGNAL_STACK_ENOUGH = 16 << 10 };

/* What this thread has. Only the fault handler reads `running` while the thread is somewhere else. */
struct thread_part {
	struct rmi_lane *lane;
	struct rmi_lane *running;
	void *signal_stack; /* ours to free */
};

/* initial-exec: reading it in a signal handler must not allocate. */
static _Thread_local struct thread_part thread_part __attribute__((tls_model("initial-exec")));

struct rmi_lane *
rmi_lane_running(void)
{
	return thread_part.running;
}

/* The kernel kills a thread that blocks the signal of its own fault, and a blocked kick would never arrive. */
static void
unblock_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	sigaddset(&set, SIGBUS);
	sigaddset(&set, SIGFPE);
	sigaddset(&set, SIGURG);
	sigaddset(&set, SIGTRAP);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* A thread may have a signal stack already: sanitizers and other runtimes make one. */
static enum rme_err
provide_signal_stack(struct thread_part *part)
{
	stack_t now;
	if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE) == 0 && now.ss_size >= SIGNAL_STACK_ENOUGH) {
		return RME_OK;
	}
	part->signal_stack = malloc(SIGNAL_STACK_BYTES);
	if (part->signal_stack == NULL) {
		return RME_ENOMEM;
	}
	const stack_t ours = {.ss_sp = part->signal_stack, .ss_size = SIGNAL_STACK_BYTES};
	if (sigaltstack(&ours, NULL) != 0) {
		free(part->signal_stack);
		part->signal_stack = NULL;
		return RME_ENOMEM;
	}
	return RME_OK;
}

static void
remove_signal_stack(struct thread_part *part)
{
	if (part->signal_stack != NULL) {
		const stack_t off = {.ss_flags = SS_DISABLE};
		(void)sigaltstack(&off, NULL);
		free(part->signal_stack);
		part->signal_stack = NULL;
	}
}

/* Runs when the thread ends. */
static void
return_lane(void *arg)
{
	struct rmi_lane *lane = arg;
	struct rmi_wasm_process *p = lane->process;
	remove_signal_stack(&thread_part);
	thread_part.lane = NULL;
	rmi_stack_pool_empty(&lane->spare);
	pthread_mutex_lock(&p->lane_lock);
	lane->free_for_reuse = true;
	pthread_mutex_unlock(&p->lane_lock);
}

bool
rmi_lane_key_init(struct rmi_wasm_process *p)
{
	return pthread_key_create(&p->lane_key, return_lane) == 0;
}

static struct rmi_lane *
reuse_lane(struct rmi_wasm_process *p)
{
	struct rmi_lane *lane;
	pthread_mutex_lock(&p->lane_lock);
	for (lane = atomic_load(&p->lanes); lane != NULL && !lane->free_for_reuse;) {
		lane = lane->next;
	}
	if (lane != NULL) {
		lane->free_for_reuse = false;
	}
	pthread_mutex_unlock(&p->lane_lock);
	return lane;
}

/* An asynchronous call that has ended can still stop later, synchronous calls of its executor. */
enum rme_err
rmi_lane_need_stop_handle(struct rmi_lane *lane, struct rme_error *err)
{
	const struct rmi_wasm_process *p = lane->process;
	if (lane->stop_handle == NULL) {
		lane->stop_handle = p->we.ExecutorAsyncInvoke(lane->executor, p->no_op, NULL, 0);
		if (lane->stop_handle == NULL) {
			return rme_error_set(err, RME_ENOMEM, NULL, "out of memory for a guest's stop handle");
		}
		p->we.AsyncWait(lane->stop_handle);
	}
	return RME_OK;
}

static struct rmi_lane *
make_lane(struct rmi_wasm_process *p)
{
	struct rmi_lane *lane = calloc(1, sizeof(*lane));
	if (lane == NULL) {
		return NULL;
	}
	lane->process = p;
	lane->executor = p->we.ExecutorCreate(p->conf, NULL);
	lane->stack = rmi_stack_pool_take(&lane->spare);
	if (lane->executor == NULL || lane->stack == NULL) {
		if (lane->executor != NULL) {
			p->we.ExecutorDelete(lane->executor);
		}
		if (lane->stack != NULL) {
			rmi_stack_pool_give(&lane->spare, lane->stack);
		}
		rmi_stack_pool_empty(&lane->spare);
		free(lane);
		return NULL;
	}
	pthread_mutex_lock(&p->lane_lock);
	lane->next = atomic_load(&p->lanes);
	atomic_store(&p->lanes, lane);
	pthread_mutex_unlock(&p->lane_lock);
	return lane;
}

static enum rme_err
bind_thread(struct rmi_lane **out, struct rmi_wasm_process *p, struct rme_error *err)
{
	struct rmi_lane *lane = reuse_lane(p);
	lane = lane != NULL ? lane : make_lane(p);
	if (lane == NULL || provide_signal_stack(&thread_part) != RME_OK ||
	    pthread_setspecific(p->lane_key, lane) != 0) {
		if (lane != NULL) {
			return_lane(lane);
		}
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory for a guest stack");
	}
	lane->tid = (pid_t)syscall(SYS_gettid);
	lane->engine_state = NULL; /* that of another thread */
	unblock_signals();
	thread_part.lane = lane;
	*out = lane;
	return RME_OK;
}

enum rme_err
rmi_lane_of_thread(struct rmi_lane **out, struct rmi_wasm_process *p, struct rme_error *err)
{
	if (thread_part.lane != NULL) {
		*out = thread_part.lane;
		return RME_OK;
	}
	return bind_thread(out, p, err);
}

bool
rmi_lane_hold(struct rmi_lane *lane)
{
	uint32_t running = RMI_LANE_RUNNING;
	return atomic_compare_exchange_strong(&lane->state, &running, RMI_LANE_HELD);
}

void
rmi_lane_release(struct rmi_lane *lane)
{
	atomic_store(&lane->state, RMI_LANE_RUNNING);
}

void
rmi_lane_enter(struct rmi_lane *lane, int64_t deadline_ns)
{
	atomic_store_explicit(&lane->stop, RMI_STOP_NONE, memory_order_relaxed);
	atomic_store_explicit(&lane->deadline_ns, deadline_ns, memory_order_relaxed);
	uint64_t calls = atomic_load_explicit(&lane->calls, memory_order_relaxed);
	atomic_store_explicit(&lane->calls, calls + 1, memory_order_relaxed);
	atomic_store_explicit(&lane->stepping, 0, memory_order_relaxed);
	atomic_store_explicit(&lane->kicks, 0, memory_order_relaxed);
	lane->fenced = false;
	thread_part.running = lane;
	atomic_store(&lane->state, RMI_LANE_RUNNING); /* sequentially consistent: before the watchdog's alarm is read */
}

void
rmi_lane_leave(struct rmi_lane *lane)
{
	uint32_t running = RMI_LANE_RUNNING;
	while (!atomic_compare_exchange_weak(&lane->state, &running, RMI_LANE_IDLE)) {
		running = RMI_LANE_RUNNING;
		(void)sched_yield(); /* the watchdog holds it for some microseconds */
	}
	thread_part.running = NULL; /* also ends stepping, where it has not ended yet */
}
