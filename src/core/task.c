#include "core/task.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"

/*
 * One lock guards the run queue, the timers and every task's state; it is never held while a task runs. With a handful of
 * workers it is not contended enough to be worth more machinery (bench/core shows the cost of a wake-up).
 */
struct rmi_executor {
	pthread_mutex_t mu;
	pthread_cond_t work;    /* a task was queued, a timer moved to the front, or stopping */
	pthread_cond_t stopped; /* a task finished a run while somebody waits for that */
	struct rmi_task *first, *last;
	struct rmi_task **heap; /* timers, earliest first */
	size_t n_timers, heap_cap, n_tasks;
	size_t idle; /* workers waiting */
	bool stopping;
	unsigned n_workers;
	pthread_t worker[];
};

static void
heap_put(struct rmi_executor *ex, size_t i, struct rmi_task *t)
{
	ex->heap[i] = t;
	t->heap_index = i + 1;
}

static void
heap_sift(struct rmi_executor *ex, size_t i)
{
	struct rmi_task *t = ex->heap[i];
	while (i > 0 && t->when_ns < ex->heap[(i - 1) / 2]->when_ns) {
		heap_put(ex, i, ex->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t c = 2 * i + 1;
		if (c + 1 < ex->n_timers && ex->heap[c + 1]->when_ns < ex->heap[c]->when_ns) {
			c++;
		}
		if (c >= ex->n_timers || ex->heap[c]->when_ns >= t->when_ns) {
			break;
		}
		heap_put(ex, i, ex->heap[c]);
		i = c;
	}
	heap_put(ex, i, t);
}

static void
timer_clear(struct rmi_executor *ex, struct rmi_task *t)
{
	if (t->heap_index == 0) {
		return;
	}
	size_t i = t->heap_index - 1;
	t->heap_index = 0;
	ex->n_timers--;
	if (i < ex->n_timers) {
		heap_put(ex, i, ex->heap[ex->n_timers]);
		heap_sift(ex, i);
	}
}

/* Room in the heap was made when the task was started. */
static void
timer_set(struct rmi_executor *ex, struct rmi_task *t, int64_t when_ns)
{
	timer_clear(ex, t);
	t->when_ns = when_ns;
	if (when_ns != 0) {
		heap_put(ex, ex->n_timers, t);
		ex->n_timers++;
		heap_sift(ex, t->heap_index - 1);
	}
}

static void
run_queue_add(struct rmi_executor *ex, struct rmi_task *t)
{
	t->state = RMI_TASK_QUEUED;
	t->next = NULL;
	if (ex->last != NULL) {
		ex->last->next = t;
	} else {
		ex->first = t;
	}
	ex->last = t;
}

static void
run_queue_remove(struct rmi_executor *ex, struct rmi_task *t)
{
	struct rmi_task **at = &ex->first;
	struct rmi_task *before = NULL;
	while (*at != t) {
		before = *at;
		at = &before->next;
	}
	*at = t->next;
	if (ex->last == t) {
		ex->last = before;
	}
}

static void
run_queue_due(struct rmi_executor *ex)
{
	if (ex->n_timers == 0) {
		return;
	}
	int64_t now = rmi_monotonic_ns();
	while (ex->n_timers > 0 && ex->heap[0]->when_ns <= now) {
		struct rmi_task *t = ex->heap[0];
		timer_clear(ex, t);
		run_queue_add(ex, t);
	}
}

static void
worker_wait(struct rmi_executor *ex)
{
	ex->idle++;
	if (ex->n_timers == 0) {
		pthread_cond_wait(&ex->work, &ex->mu);
	} else {
		int64_t at = ex->heap[0]->when_ns;
		struct timespec ts = {.tv_sec = at / RMI_NS_PER_S, .tv_nsec = at % RMI_NS_PER_S};
		(void)pthread_cond_clockwait(&ex->work, &ex->mu, CLOCK_MONOTONIC, &ts);
	}
	ex->idle--;
}

/* Run a task that is in no list. Called with the lock, which is not held meanwhile. @return it was woken again */
static bool
task_run(struct rmi_executor *ex, struct rmi_task *t)
{
	t->state = RMI_TASK_RUNNING;
	pthread_mutex_unlock(&ex->mu);
	int64_t when_ns = t->run(t);
	pthread_mutex_lock(&ex->mu);
	if (t->state == RMI_TASK_STOPPING) {
		t->state = RMI_TASK_STOPPED;
		pthread_cond_broadcast(&ex->stopped);
		return false;
	}
	bool again = t->state == RMI_TASK_RERUN;
	t->state = RMI_TASK_IDLE;
	if (again) {
		run_queue_add(ex, t);
		return true;
	}
	timer_set(ex, t, when_ns);
	/* This thread may be busy when the time comes; a worker that waits must know the new earliest. */
	if (t->heap_index == 1 && ex->idle > 0) {
		pthread_cond_signal(&ex->work);
	}
	return false;
}

static void
worker_run(struct rmi_executor *ex, struct rmi_task *t)
{
	ex->first = t->next;
	if (ex->first == NULL) {
		ex->last = NULL;
	}
	(void)task_run(ex, t); /* woken again, it is this worker's turn again */
}

static void *
worker_main(void *arg)
{
	struct rmi_executor *ex = arg;
	pthread_mutex_lock(&ex->mu);
	for (;;) {
		run_queue_due(ex);
		if (ex->first != NULL) {
			worker_run(ex, ex->first);
		} else if (ex->stopping) {
			break;
		} else {
			worker_wait(ex);
		}
	}
	pthread_mutex_unlock(&ex->mu);
	return NULL;
}

enum rme_err
rmi_executor_new(struct rmi_executor **out, unsigned n_workers)
{
	struct rmi_executor *ex = calloc(1, sizeof(*ex) + n_workers * sizeof(ex->worker[0]));
	if (ex == NULL) {
		return RME_ENOMEM;
	}
	pthread_mutex_init(&ex->mu, NULL);
	pthread_cond_init(&ex->work, NULL);
	pthread_cond_init(&ex->stopped, NULL);
	for (unsigned i = 0; i < n_workers; i++) {
		if (pthread_create(&ex->worker[i], NULL, worker_main, ex) != 0) {
			rmi_executor_free(ex);
			return RME_ENOMEM;
		}
		ex->n_workers++;
	}
	*out = ex;
	return RME_OK;
}

void
rmi_executor_free(struct rmi_executor *ex)
{
	if (ex == NULL) {
		return;
	}
	pthread_mutex_lock(&ex->mu);
	ex->stopping = true;
	pthread_cond_broadcast(&ex->work);
	pthread_mutex_unlock(&ex->mu);
	for (unsigned i = 0; i < ex->n_workers; i++) {
		pthread_join(ex->worker[i], NULL);
	}
	pthread_cond_destroy(&ex->work);
	pthread_cond_destroy(&ex->stopped);
	pthread_mutex_destroy(&ex->mu);
	free(ex->heap);
	free(ex);
}

enum rme_err
rmi_task_start(struct rmi_task *t, struct rmi_executor *ex, int64_t (*run)(struct rmi_task *self))
{
	enum rme_err e = RME_OK;
	pthread_mutex_lock(&ex->mu);
	if (ex->n_tasks == ex->heap_cap) {
		size_t cap = ex->heap_cap != 0 ? 2 * ex->heap_cap : 16;
		struct rmi_task **heap = realloc(ex->heap, cap * sizeof(struct rmi_task *));
		if (heap == NULL) {
			e = RME_ENOMEM;
		} else {
			ex->heap = heap;
			ex->heap_cap = cap;
		}
	}
	if (e == RME_OK) {
		ex->n_tasks++;
		*t = (struct rmi_task){.ex = ex, .run = run, .state = RMI_TASK_HELD};
	}
	pthread_mutex_unlock(&ex->mu);
	return e;
}

static void
task_queue(struct rmi_executor *ex, struct rmi_task *t)
{
	timer_clear(ex, t);
	run_queue_add(ex, t);
	if (ex->idle > 0) {
		pthread_cond_signal(&ex->work);
	}
}

void
rmi_task_release(struct rmi_task *t)
{
	struct rmi_executor *ex = t->ex;
	pthread_mutex_lock(&ex->mu);
	if (t->state == RMI_TASK_HELD_WOKEN) {
		task_queue(ex, t);
	} else {
		t->state = RMI_TASK_IDLE;
	}
	pthread_mutex_unlock(&ex->mu);
}

void
rmi_task_wake(struct rmi_task *t)
{
	struct rmi_executor *ex = t->ex;
	pthread_mutex_lock(&ex->mu);
	if (t->state == RMI_TASK_RUNNING) {
		t->state = RMI_TASK_RERUN;
	} else if (t->state == RMI_TASK_HELD) {
		t->state = RMI_TASK_HELD_WOKEN;
	} else if (t->state == RMI_TASK_IDLE) {
		task_queue(ex, t);
	}
	pthread_mutex_unlock(&ex->mu);
}

void
rmi_task_run_here(struct rmi_task *t)
{
	struct rmi_executor *ex = t->ex;
	pthread_mutex_lock(&ex->mu);
	if (t->state != RMI_TASK_IDLE) {
		pthread_mutex_unlock(&ex->mu);
		rmi_task_wake(t);
		return;
	}
	timer_clear(ex, t);
	if (task_run(ex, t) && ex->idle > 0) {
		pthread_cond_signal(&ex->work);
	}
	pthread_mutex_unlock(&ex->mu);
}

void
rmi_task_stop(struct rmi_task *t)
{
	struct rmi_executor *ex = t->ex;
	if (ex == NULL) {
		return;
	}
	pthread_mutex_lock(&ex->mu);
	bool running = t->state == RMI_TASK_RUNNING || t->state == RMI_TASK_RERUN;
	if (t->state == RMI_TASK_QUEUED) {
		run_queue_remove(ex, t);
	}
	timer_clear(ex, t);
	t->state = running ? RMI_TASK_STOPPING : RMI_TASK_STOPPED;
	while (t->state != RMI_TASK_STOPPED) {
		pthread_cond_wait(&ex->stopped, &ex->mu);
	}
	ex->n_tasks--;
	pthread_mutex_unlock(&ex->mu);
}
