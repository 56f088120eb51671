#include "core/task.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"

struct run_queue {
	struct rmi_task *first, *last;
};

struct rmi_worker {
	struct rmi_executor *ex;
	pthread_t thread;
	pthread_cond_t work;  /* a task was queued that it may run, a timer moved to the front, or stopping */
	struct run_queue own; /* tasks that are pinned to it */
	bool own_turn;        /* both queues get their turn */
	bool idle;            /* in the list of those who wait */
	struct rmi_worker *next_idle;
};

/*
 * One lock guards the run queues, the timers and every task's state; it is never held while a task runs. With a handful
 * of workers it is not contended enough to be worth more machinery (bench/core shows the cost of a wake-up).
 */
struct rmi_executor {
	pthread_mutex_t mu;
	pthread_cond_t stopped; /* a task finished its last run while somebody waits for that */
	struct run_queue any;   /* tasks for whichever worker comes first */
	struct rmi_task **heap; /* timers, earliest first */
	size_t n_timers, heap_cap, n_tasks;
	struct rmi_worker *idle; /* the one that began to wait last comes first: its caches are the warmest */
	bool stopping;
	unsigned n_workers;
	struct rmi_worker worker[];
};

static _Thread_local struct rmi_worker *this_worker; /* NULL: the thread is none */

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

static struct run_queue *
queue_of(struct rmi_executor *ex, const struct rmi_task *t)
{
	return t->pinned != NULL ? &t->pinned->own : &ex->any;
}

static void
run_queue_add(struct rmi_executor *ex, struct rmi_task *t)
{
	struct run_queue *q = queue_of(ex, t);
	t->state = RMI_TASK_QUEUED;
	t->next = NULL;
	if (q->last != NULL) {
		q->last->next = t;
	} else {
		q->first = t;
	}
	q->last = t;
}

static void
run_queue_remove(struct run_queue *q, struct rmi_task *t)
{
	struct rmi_task **at = &q->first;
	struct rmi_task *before = NULL;
	while (*at != t) {
		before = *at;
		at = &before->next;
	}
	*at = t->next;
	if (q->last == t) {
		q->last = before;
	}
}

static void
not_idle(struct rmi_executor *ex, struct rmi_worker *w)
{
	struct rmi_worker **at = &ex->idle;
	while (*at != w) {
		at = &(*at)->next_idle;
	}
	*at = w->next_idle;
	w->idle = false;
}

/* Have a worker that waits look again: @p w, or any where that is NULL. Those who run look when they are done. */
static void
rouse(struct rmi_executor *ex, struct rmi_worker *w)
{
	w = w != NULL ? w : ex->idle;
	if (w != NULL && w->idle) {
		not_idle(ex, w);
		pthread_cond_signal(&w->work);
	}
}

static void
run_queue_due(struct rmi_executor *ex, const struct rmi_worker *self)
{
	if (ex->n_timers == 0) {
		return;
	}
	int64_t now = rmi_monotonic_ns();
	while (ex->n_timers > 0 && ex->heap[0]->when_ns <= now) {
		struct rmi_task *t = ex->heap[0];
		timer_clear(ex, t);
		run_queue_add(ex, t);
		if (t->pinned != NULL && t->pinned != self) {
			rouse(ex, t->pinned);
		}
	}
}

static void
worker_wait(struct rmi_worker *w)
{
	struct rmi_executor *ex = w->ex;
	w->idle = true;
	w->next_idle = ex->idle;
	ex->idle = w;
	if (ex->n_timers == 0) {
		pthread_cond_wait(&w->work, &ex->mu);
	} else {
		int64_t at = ex->heap[0]->when_ns;
		struct timespec ts = {.tv_sec = at / RMI_NS_PER_S, .tv_nsec = at % RMI_NS_PER_S};
		(void)pthread_cond_clockwait(&w->work, &ex->mu, CLOCK_MONOTONIC, &ts);
	}
	if (w->idle) {
		not_idle(ex, w);
	}
}

/* Run a task that is in no list. Called with the lock, which is not held meanwhile. @return it was woken again */
static bool
task_run(struct rmi_executor *ex, struct rmi_task *t)
{
	t->state = RMI_TASK_RUNNING;
	pthread_mutex_unlock(&ex->mu);
	int64_t when_ns = t->run(t);
	pthread_mutex_lock(&ex->mu);
	if (t->stopping && t->pins == 0) {
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
	if (t->heap_index == 1) {
		rouse(ex, NULL);
	}
	return false;
}

static struct rmi_task *
next_task(struct rmi_worker *w)
{
	struct run_queue *own = &w->own, *any = &w->ex->any;
	w->own_turn = !w->own_turn;
	struct run_queue *q = own->first != NULL && (w->own_turn || any->first == NULL) ? own : any;
	struct rmi_task *t = q->first;
	if (t != NULL) {
		q->first = t->next;
		if (q->first == NULL) {
			q->last = NULL;
		}
	}
	return t;
}

static void *
worker_main(void *arg)
{
	struct rmi_worker *w = arg;
	struct rmi_executor *ex = w->ex;
	this_worker = w;
	pthread_mutex_lock(&ex->mu);
	for (;;) {
		run_queue_due(ex, w);
		struct rmi_task *t = next_task(w);
		if (t != NULL) {
			(void)task_run(ex, t); /* woken again, it is this worker's turn again */
		} else if (ex->stopping) {
			break;
		} else {
			worker_wait(w);
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
	pthread_cond_init(&ex->stopped, NULL);
	for (unsigned i = 0; i < n_workers; i++) {
		struct rmi_worker *w = &ex->worker[i];
		w->ex = ex;
		pthread_cond_init(&w->work, NULL);
		if (pthread_create(&w->thread, NULL, worker_main, w) != 0) {
			pthread_cond_destroy(&w->work);
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
	while (ex->idle != NULL) {
		rouse(ex, NULL);
	}
	pthread_mutex_unlock(&ex->mu);
	for (unsigned i = 0; i < ex->n_workers; i++) {
		pthread_join(ex->worker[i].thread, NULL);
		pthread_cond_destroy(&ex->worker[i].work);
	}
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
	rouse(ex, t->pinned);
	if (t->stopping) {
		pthread_cond_broadcast(&ex->stopped); /* who stops it may be its worker */
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
	if (t->state != RMI_TASK_IDLE || t->pinned != NULL) {
		pthread_mutex_unlock(&ex->mu);
		rmi_task_wake(t);
		return;
	}
	timer_clear(ex, t);
	if (task_run(ex, t)) {
		rouse(ex, NULL);
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
	t->stopping = true;
	bool running = t->state == RMI_TASK_RUNNING || t->state == RMI_TASK_RERUN;
	if (running) {
		t->state = RMI_TASK_RERUN; /* where it is pinned when it returns, it has to go on */
	} else if (t->pinned == NULL) {
		if (t->state == RMI_TASK_QUEUED) {
			run_queue_remove(&ex->any, t);
		}
		timer_clear(ex, t);
		t->state = RMI_TASK_STOPPED;
	} else if (t->state == RMI_TASK_IDLE) {
		task_queue(ex, t);
	}
	while (t->state != RMI_TASK_STOPPED) {
		if (t->state == RMI_TASK_QUEUED && t->pinned == this_worker) {
			run_queue_remove(&t->pinned->own, t); /* nobody else can do it */
			(void)task_run(ex, t);
		} else {
			pthread_cond_wait(&ex->stopped, &ex->mu);
		}
	}
	ex->n_tasks--;
	pthread_mutex_unlock(&ex->mu);
}

/* No lock: others look at these two only while the task does not run. */
bool
rmi_task_pin(struct rmi_task *t)
{
	if (this_worker == NULL || this_worker->ex != t->ex) {
		return false;
	}
	t->pinned = this_worker;
	t->pins++;
	return true;
}

void
rmi_task_unpin(struct rmi_task *t)
{
	t->pins--;
	if (t->pins == 0) {
		t->pinned = NULL;
	}
}
