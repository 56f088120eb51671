#include "core/runtime.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rme/node.h>

#include "base/clock.h"
#include "core/task.h"

enum { LOG_LINE_MAX = 1024 };

struct rme_runtime {
	struct rme_runtime_config config;
	const struct rmi_clock *clock;
	struct rmi_services *services;
	_Atomic uint64_t last_session;
	pthread_mutex_t mu; /* guards the making of executor, and the list of attachments */
	struct rmi_executor *executor;
	struct rmi_attachment *attached, **attached_end;
	size_t n_attached;
	size_t n_types;
	const struct rme_node_type *types[RME_RUNTIME_TYPES_MAX];
};

enum rme_err
rme_runtime_new(struct rme_runtime **out, const struct rme_runtime_config *config, struct rme_error *err)
{
	struct rme_runtime *rt = calloc(1, sizeof(*rt));
	if (rt == NULL) {
		return rme_error_set(err, RME_ENOMEM, "runtime", "out of memory");
	}
	if (config != NULL) {
		rt->config = *config;
	}
	if (rt->config.workers == 0) {
		long cores = sysconf(_SC_NPROCESSORS_ONLN);
		rt->config.workers = cores > 0 ? (unsigned)cores : 1;
	}
	if (rt->config.workers > RME_RUNTIME_WORKERS_MAX) {
		rt->config.workers = RME_RUNTIME_WORKERS_MAX;
	}
	rt->clock = rmi_clock_monotonic();
	pthread_mutex_init(&rt->mu, NULL);
	rt->attached_end = &rt->attached;
	*out = rt;
	return RME_OK;
}

void
rme_runtime_free(struct rme_runtime *rt)
{
	if (rt == NULL) {
		return;
	}
	rmi_executor_free(rt->executor);
	while (rt->attached != NULL) {
		struct rmi_attachment *a = rt->attached;
		rt->attached = a->next;
		a->free(a);
	}
	pthread_mutex_destroy(&rt->mu);
	free(rt);
}

enum rme_err
rme_runtime_register(struct rme_runtime *rt, const struct rme_node_type *type)
{
	if (type->name == NULL || type->process == NULL || rme_runtime_find(rt, type->name) != NULL) {
		return RME_EINVAL;
	}
	if (rt->n_types == RME_RUNTIME_TYPES_MAX) {
		return RME_ELIMIT;
	}
	rt->types[rt->n_types++] = type;
	return RME_OK;
}

const struct rme_node_type *
rme_runtime_find(const struct rme_runtime *rt, const char *name)
{
	for (size_t i = 0; i < rt->n_types; i++) {
		if (strcmp(rt->types[i]->name, name) == 0) {
			return rt->types[i];
		}
	}
	return NULL;
}

const struct rme_node_type *
rme_runtime_type(const struct rme_runtime *rt, size_t index)
{
	return index < rt->n_types ? rt->types[index] : NULL;
}

void
rme_log(struct rme_runtime *rt, enum rme_log_level level, const char *topic, const char *fmt, ...)
{
	if (rt->config.log == NULL || level > rt->config.log_level) {
		return;
	}
	char line[LOG_LINE_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	rt->config.log(rt->config.log_ctx, level, topic, line);
}

void
rmi_runtime_set_services(struct rme_runtime *rt, struct rmi_services *services)
{
	rt->services = services;
}

struct rmi_services *
rmi_runtime_services(const struct rme_runtime *rt)
{
	return rt->services;
}

void
rmi_runtime_set_clock(struct rme_runtime *rt, const struct rmi_clock *clock)
{
	rt->clock = clock;
}

const struct rmi_clock *
rmi_runtime_clock(const struct rme_runtime *rt)
{
	return rt->clock;
}

struct rmi_executor *
rmi_runtime_executor(struct rme_runtime *rt)
{
	pthread_mutex_lock(&rt->mu);
	if (rt->executor == NULL && rmi_executor_new(&rt->executor, rt->config.workers) != RME_OK) {
		rt->executor = NULL;
	}
	struct rmi_executor *ex = rt->executor;
	pthread_mutex_unlock(&rt->mu);
	return ex;
}

static struct rmi_attachment *
attached(const struct rme_runtime *rt, const char *key)
{
	struct rmi_attachment *a = rt->attached;
	while (a != NULL && strcmp(a->key, key) != 0) {
		a = a->next;
	}
	return a;
}

struct rmi_attachment *
rmi_runtime_attached(struct rme_runtime *rt, const char *key)
{
	pthread_mutex_lock(&rt->mu);
	struct rmi_attachment *a = attached(rt, key);
	pthread_mutex_unlock(&rt->mu);
	return a;
}

struct rmi_attachment *
rmi_runtime_attach(struct rme_runtime *rt, struct rmi_attachment *a)
{
	pthread_mutex_lock(&rt->mu);
	struct rmi_attachment *there = attached(rt, a->key);
	if (there == NULL && rt->n_attached < RMI_RUNTIME_ATTACHMENTS_MAX) {
		a->next = NULL;
		*rt->attached_end = a;
		rt->attached_end = &a->next;
		rt->n_attached++;
		there = a;
	}
	pthread_mutex_unlock(&rt->mu);
	return there;
}

struct rmi_attachment *
rmi_runtime_attachment(struct rme_runtime *rt, const char *prefix, size_t index)
{
	pthread_mutex_lock(&rt->mu);
	struct rmi_attachment *a = rt->attached;
	for (; a != NULL; a = a->next) {
		if (strncmp(a->key, prefix, strlen(prefix)) == 0 && index-- == 0) {
			break;
		}
	}
	pthread_mutex_unlock(&rt->mu);
	return a;
}

uint64_t
rmi_runtime_next_session(struct rme_runtime *rt)
{
	return atomic_fetch_add_explicit(&rt->last_session, 1, memory_order_relaxed) + 1;
}
