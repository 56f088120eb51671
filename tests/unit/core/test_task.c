#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "core/task.h"

struct job {
	struct rmi_task task;
	atomic_int inside, runs;
	atomic_bool overlapped;
	_Atomic int64_t next_in_ns; /* asked for at the end of a run */
};

static int64_t
job_run(struct rmi_task *t)
{
	struct job *j = (struct job *)t;
	if (atomic_fetch_add(&j->inside, 1) != 0) {
		atomic_store(&j->overlapped, true);
	}
	atomic_fetch_add(&j->runs, 1);
	int64_t in = atomic_exchange(&j->next_in_ns, 0);
	atomic_fetch_sub(&j->inside, 1);
	return in != 0 ? rmi_monotonic_ns() + in : 0;
}

static void *
wake_often(void *arg)
{
	struct job *jobs = arg;
	for (int i = 0; i < 20000; i++) {
		if (i % 5 == 0) {
			rmi_task_run_here(&jobs[i % 4].task);
		} else {
			rmi_task_wake(&jobs[i % 4].task);
		}
	}
	return NULL;
}

static void
a_task_never_runs_twice_at_once_and_no_wake_is_lost(void **state)
{
	(void)state;
	struct rmi_executor *ex;
	assert_int_equal(rmi_executor_new(&ex, 3), RME_OK);
	struct job jobs[4];
	memset(jobs, 0, sizeof(jobs));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rmi_task_start(&jobs[i].task, ex, job_run), RME_OK);
		rmi_task_release(&jobs[i].task);
	}
	pthread_t threads[3];
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, wake_often, jobs), 0);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
	}
	for (int i = 0; i < 4; i++) {
		int before = atomic_load(&jobs[i].runs);
		rmi_task_wake(&jobs[i].task);
		while (atomic_load(&jobs[i].runs) == before) {
			sched_yield();
		}
		rmi_task_stop(&jobs[i].task);
		assert_false(atomic_load(&jobs[i].overlapped));
	}
	rmi_executor_free(ex);
}

static void
a_task_runs_again_when_its_time_comes(void **state)
{
	(void)state;
	struct rmi_executor *ex;
	assert_int_equal(rmi_executor_new(&ex, 2), RME_OK);
	struct job jobs[20];
	memset(jobs, 0, sizeof(jobs));
	for (int i = 0; i < 20; i++) {
		atomic_store(&jobs[i].next_in_ns, (20 - i) * RMI_NS_PER_MS / 4);
		assert_int_equal(rmi_task_start(&jobs[i].task, ex, job_run), RME_OK);
		rmi_task_wake(&jobs[i].task);
		rmi_task_release(&jobs[i].task);
	}
	for (int i = 0; i < 20; i++) {
		while (atomic_load(&jobs[i].runs) < 2) {
			sched_yield();
		}
		rmi_task_stop(&jobs[i].task);
	}
	rmi_executor_free(ex);
}

static void
a_stopped_task_does_not_run(void **state)
{
	(void)state;
	struct rmi_executor *ex;
	assert_int_equal(rmi_executor_new(&ex, 1), RME_OK);
	struct job j;
	memset(&j, 0, sizeof(j));
	rmi_task_stop(&j.task); /* never started */
	assert_int_equal(rmi_task_start(&j.task, ex, job_run), RME_OK);
	rmi_task_wake(&j.task); /* held: not before release */
	rmi_task_stop(&j.task);
	rmi_task_wake(&j.task);
	rmi_executor_free(ex);
	assert_int_equal(atomic_load(&j.runs), 0);
}

/* A task that stays where it is for some runs, now and then, and says when it was run elsewhere. */
struct stayer {
	struct job job;
	unsigned stays; /* runs until it is let go */
	pthread_t where;
	_Atomic unsigned kept, strayed;
	atomic_bool canceled; /* ends a stay at the next run */
	bool for_ever;
	_Atomic unsigned pinned;
};

static int64_t
stayer_run(struct rmi_task *t)
{
	struct stayer *s = (struct stayer *)t;
	(void)job_run(t);
	if (s->stays > 0) {
		if (pthread_equal(s->where, pthread_self())) {
			atomic_fetch_add(&s->kept, 1);
		} else {
			atomic_fetch_add(&s->strayed, 1);
		}
		s->stays = atomic_load(&s->canceled) ? 0 : s->stays - (s->for_ever ? 0 : 1);
		if (s->stays == 0) {
			rmi_task_unpin(t);
			atomic_store(&s->pinned, 0);
		}
	} else if (!atomic_load(&s->canceled) && rmi_task_pin(t)) {
		s->where = pthread_self();
		s->stays = 5;
		atomic_store(&s->pinned, 1);
	}
	return atomic_load(&s->job.runs) % 3 == 0 ? rmi_monotonic_ns() + 1000 : 0;
}

static void *
wake_stayers(void *arg)
{
	struct stayer *s = arg;
	for (int i = 0; i < 20000; i++) {
		if (i % 7 == 0) {
			rmi_task_run_here(&s[i % 4].job.task); /* cannot be pinned here */
		} else {
			rmi_task_wake(&s[i % 4].job.task);
		}
	}
	return NULL;
}

static void
a_pinned_task_stays_with_its_worker(void **state)
{
	(void)state;
	struct rmi_executor *ex;
	assert_int_equal(rmi_executor_new(&ex, 3), RME_OK);
	struct stayer s[4];
	memset(s, 0, sizeof(s));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(rmi_task_start(&s[i].job.task, ex, stayer_run), RME_OK);
		rmi_task_release(&s[i].job.task);
	}
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, wake_stayers, s), 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
	}
	for (int i = 0; i < 4; i++) {
		while (atomic_load(&s[i].kept) < 10) {
			rmi_task_wake(&s[i].job.task);
			sched_yield();
		}
		atomic_store(&s[i].canceled, true);
		rmi_task_stop(&s[i].job.task);
		assert_int_equal(atomic_load(&s[i].strayed), 0);
		assert_int_equal(atomic_load(&s[i].pinned), 0);
		assert_false(atomic_load(&s[i].job.overlapped));
	}
	rmi_executor_free(ex);
}

static void
a_pinned_task_is_run_until_it_lets_go_before_it_stops(void **state)
{
	(void)state;
	struct rmi_executor *ex;
	assert_int_equal(rmi_executor_new(&ex, 2), RME_OK);
	for (int i = 0; i < 200; i++) {
		struct stayer s;
		memset(&s, 0, sizeof(s));
		s.for_ever = true;
		assert_int_equal(rmi_task_start(&s.job.task, ex, stayer_run), RME_OK);
		rmi_task_wake(&s.job.task);
		rmi_task_release(&s.job.task);
		while (i % 4 != 0 && atomic_load(&s.pinned) == 0) {
			sched_yield();
		}
		atomic_store(&s.canceled, true);
		rmi_task_stop(&s.job.task);
		assert_int_equal(atomic_load(&s.pinned), 0);
		assert_int_equal(atomic_load(&s.strayed), 0);
	}
	rmi_executor_free(ex);
}

/* Holds its worker until it is told. */
static int64_t
holder_run(struct rmi_task *t)
{
	struct job *j = (struct job *)t;
	atomic_fetch_add(&j->runs, 1);
	while (atomic_load(&j->inside) == 0) {
		sched_yield();
	}
	return 0;
}

static void
what_is_pinned_to_a_busy_worker_holds_up_nobody(void **state)
{
	(void)state;
	struct rmi_executor *ex;
	assert_int_equal(rmi_executor_new(&ex, 2), RME_OK);
	struct stayer s;
	struct job holder, other;
	memset(&s, 0, sizeof(s));
	memset(&holder, 0, sizeof(holder));
	memset(&other, 0, sizeof(other));
	s.for_ever = true;
	assert_int_equal(rmi_task_start(&s.job.task, ex, stayer_run), RME_OK);
	assert_int_equal(rmi_task_start(&holder.task, ex, holder_run), RME_OK);
	assert_int_equal(rmi_task_start(&other.task, ex, job_run), RME_OK);
	rmi_task_release(&s.job.task);
	rmi_task_release(&holder.task);
	rmi_task_release(&other.task);
	rmi_task_wake(&s.job.task);
	while (atomic_load(&s.pinned) == 0) {
		sched_yield();
	}
	rmi_task_wake(&holder.task); /* on one of the workers, maybe that of the pinned one */
	while (atomic_load(&holder.runs) == 0) {
		sched_yield();
	}
	for (int i = 0; i < 1000; i++) {
		int before = atomic_load(&other.runs);
		rmi_task_wake(&s.job.task);
		rmi_task_wake(&other.task);
		while (atomic_load(&other.runs) == before) {
			sched_yield();
		}
	}
	atomic_store(&holder.inside, 1);
	atomic_store(&s.canceled, true);
	rmi_task_stop(&s.job.task);
	rmi_task_stop(&holder.task);
	rmi_task_stop(&other.task);
	assert_int_equal(atomic_load(&s.strayed), 0);
	rmi_executor_free(ex);
}

/* Stops another task from its run. */
struct stopper {
	struct job job;
	struct stayer *other;
};

static int64_t
stopper_run(struct rmi_task *t)
{
	struct stopper *s = (struct stopper *)t;
	atomic_store(&s->other->canceled, true);
	rmi_task_stop(&s->other->job.task);
	atomic_fetch_add(&s->job.runs, 1);
	return 0;
}

static void
a_task_can_stop_another_that_is_pinned_to_its_worker(void **state)
{
	(void)state;
	for (unsigned workers = 1; workers <= 2; workers++) {
		struct rmi_executor *ex;
		struct stayer s;
		struct stopper stopper;
		memset(&s, 0, sizeof(s));
		memset(&stopper, 0, sizeof(stopper));
		s.for_ever = true;
		stopper.other = &s;
		assert_int_equal(rmi_executor_new(&ex, workers), RME_OK);
		assert_int_equal(rmi_task_start(&s.job.task, ex, stayer_run), RME_OK);
		assert_int_equal(rmi_task_start(&stopper.job.task, ex, stopper_run), RME_OK);
		rmi_task_release(&s.job.task);
		rmi_task_release(&stopper.job.task);
		rmi_task_wake(&s.job.task);
		while (atomic_load(&s.pinned) == 0) {
			sched_yield();
		}
		rmi_task_wake(&stopper.job.task);
		while (atomic_load(&stopper.job.runs) == 0) {
			sched_yield();
		}
		rmi_task_stop(&stopper.job.task);
		assert_int_equal(atomic_load(&s.pinned), 0);
		assert_int_equal(atomic_load(&s.strayed), 0);
		rmi_executor_free(ex);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_task_never_runs_twice_at_once_and_no_wake_is_lost),
	    cmocka_unit_test(a_task_runs_again_when_its_time_comes),
	    cmocka_unit_test(a_stopped_task_does_not_run),
	    cmocka_unit_test(a_pinned_task_stays_with_its_worker),
	    cmocka_unit_test(a_pinned_task_is_run_until_it_lets_go_before_it_stops),
	    cmocka_unit_test(a_task_can_stop_another_that_is_pinned_to_its_worker),
	    cmocka_unit_test(what_is_pinned_to_a_busy_worker_holds_up_nobody),
	};
	return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
