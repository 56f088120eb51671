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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_task_never_runs_twice_at_once_and_no_wake_is_lost),
	    cmocka_unit_test(a_task_runs_again_when_its_time_comes),
	    cmocka_unit_test(a_stopped_task_does_not_run),
	};
	return cmocka_run_group_tests_name("task", tests, NULL, NULL);
}
