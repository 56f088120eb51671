#ifndef RMI_SERVE_JOBS_H
#define RMI_SERVE_JOBS_H

/**
 * @file
 * A few threads for what may wait: opening sessions (models are loaded) and freeing them (nodes finish their call).
 * Neither may happen on a gRPC thread. Jobs live in their owners; each is queued at most once, so the queue is bounded
 * by the number of calls.
 */

#include <rme/err.h>

struct rmi_jobs;

struct rmi_job {
	void (*run)(struct rmi_job *self); /**< may free the job */
	struct rmi_job *next;              /**< belongs to jobs.c */
};

RME_NODISCARD enum rme_err rmi_jobs_new(struct rmi_jobs **out, unsigned threads);
/** Runs what is queued, then joins the threads. NULL is a no-op. */
void rmi_jobs_free(struct rmi_jobs *jobs);
/** Any thread, jobs included. The job must not be queued already. */
void rmi_jobs_add(struct rmi_jobs *jobs, struct rmi_job *job);

#endif
