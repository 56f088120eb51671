#include "serve/jobs.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { THREADS_MAX = 16 };

struct rmi_jobs {
	pthread_mutex_t mu; /* guards all below; not held while a job runs */
	pthread_cond_t ready;
	struct rmi_job *first, **last;
	bool ending;
	unsigned threads;
	pthread_t thread[THREADS_MAX];
};

static void *
jobs_thread(void *arg)
{
	struct rmi_jobs *jobs = arg;
	pthread_mutex_lock(&jobs->mu);
	for (;;) {
		while (jobs->first == NULL && !jobs->ending) {
			pthread_cond_wait(&jobs->ready, &jobs->mu);
		}
		struct rmi_job *job = jobs->first;
		if (job == NULL) {
			break;
		}
		jobs->first = job->next;
		if (jobs->first == NULL) {
			jobs->last = &jobs->first;
		}
		pthread_mutex_unlock(&jobs->mu);
		job->run(job);
		pthread_mutex_lock(&jobs->mu);
	}
	pthread_mutex_unlock(&jobs->mu);
	return NULL;
}

enum rme_err
rmi_jobs_new(struct rmi_jobs **out, unsigned threads)
{
	struct rmi_jobs *jobs = calloc(1, sizeof(*jobs));
	if (jobs == NULL) {
		return RME_ENOMEM;
	}
	pthread_mutex_init(&jobs->mu, NULL);
	pthread_cond_init(&jobs->ready, NULL);
	jobs->last = &jobs->first;
	threads = threads < THREADS_MAX ? threads : THREADS_MAX;
	while (jobs->threads < threads) {
		if (pthread_create(&jobs->thread[jobs->threads], NULL, jobs_thread, jobs) != 0) {
			rmi_jobs_free(jobs);
			return RME_ENOMEM;
		}
		jobs->threads++;
	}
	*out = jobs;
	return RME_OK;
}

void
rmi_jobs_free(struct rmi_jobs *jobs)
{
	if (jobs == NULL) {
		return;
	}
	pthread_mutex_lock(&jobs->mu);
	jobs->ending = true;
	pthread_cond_broadcast(&jobs->ready);
	pthread_mutex_unlock(&jobs->mu);
	for (unsigned i = 0; i < jobs->threads; i++) {
		pthread_join(jobs->thread[i], NULL);
	}
	pthread_cond_destroy(&jobs->ready);
	pthread_mutex_destroy(&jobs->mu);
	free(jobs);
}

void
rmi_jobs_add(struct rmi_jobs *jobs, struct rmi_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&jobs->mu);
	*jobs->last = job;
	jobs->last = &job->next;
	pthread_cond_signal(&jobs->ready);
	pthread_mutex_unlock(&jobs->mu);
}
