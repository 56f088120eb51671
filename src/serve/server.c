#include "serve/server.h"

#include "serve/health.h"
#include "serve/host.h"
#include "serve/legacy.h"
#include "serve/reflection.h"
#include "serve/tokens.h"
#include "serve/v1.h"

#include "rpc/server.h"

#include <rme/runtime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	JOB_THREADS = 4,
	METHODS = RMI_LEGACY_METHODS + RMI_V1_METHODS + RMI_HEALTH_METHODS + RMI_REFLECTION_METHODS,
	SPARE_CALLS = 256, /* beside the sessions: status, health, reflection, and those that are told to come later */
};

struct rmi_serve {
	struct rmi_host host;
	struct rmi_health health;
	struct rmi_descriptors descriptors;
	struct rmi_tokens tokens;
	struct rmi_loop *loop;
	struct rmi_server *rpc;
};

static const char *const SERVICES[] = {"remotemedia.execution.RemoteExecutionService", "rme.v1.Rme", NULL};

static enum rmi_status
check_token(void *ctx, const struct rmi_call *c, char *text, size_t text_size)
{
	const struct rmi_tokens *t = ctx;
	if (rmi_call_has_token(c, t->token, t->n)) {
		return RMI_STATUS_OK;
	}
	size_t n;
	(void)snprintf(text, text_size, "%s",
	    rmi_call_meta(c, "authorization", &n) ? "the token that was sent is none of those accepted here"
	                                          : "a token is needed: send \"authorization: Bearer TOKEN\"");
	return RMI_STATUS_UNAUTHENTICATED;
}

static enum rme_err
start_host(struct rmi_serve *s, struct rme_runtime *rt, const struct rmi_serve_config *config, struct rme_error *err)
{
	struct rmi_host *h = &s->host;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	const struct rmi_catalog_in in = {
	    .rt = rt, .nodes = config->nodes, .pipelines = config->pipelines, .n_pipelines = config->n_pipelines};
	h->rt = rt;
	h->max_sessions = config->max_sessions > 0 ? config->max_sessions : RMI_HOST_SESSIONS_DEFAULT;
	h->max_sessions = h->max_sessions < RMI_HOST_SESSIONS_MAX ? h->max_sessions : RMI_HOST_SESSIONS_MAX;
	(void)snprintf(h->version, sizeof h->version, "%s", config->version != NULL ? config->version : "");
	(void)snprintf(h->server, sizeof h->server, "rme %.32s", h->version);
	pthread_mutex_init(&h->mu, NULL);
	rmi_stats_init(&h->stats, config->workers > 0 ? config->workers : cores > 0 ? (unsigned)cores : 1);
	enum rme_err e = rmi_catalog_open(&h->catalog, &in, err);
	if (e != RME_OK) {
		return e;
	}
	if (rmi_descriptors_open(&s->descriptors, rmi_descriptor_set, rmi_descriptor_set_len) != RME_OK) {
		return rme_error_set(err, RME_EPROTO, NULL, "the embedded descriptions cannot be read");
	}
	if (rmi_jobs_new(&h->jobs, JOB_THREADS) != RME_OK) {
		return rme_error_set(err, RME_ENOMEM, NULL, "no thread can be made");
	}
	return RME_OK;
}

static enum rme_err
listen_on(struct rmi_serve *s, const struct rmi_serve_config *config, struct rme_error *err)
{
	struct rmi_method methods[METHODS];
	struct rmi_method *m = methods;
	rmi_legacy_methods(m, &s->host);
	m += RMI_LEGACY_METHODS;
	rmi_v1_methods(m, &s->host);
	m += RMI_V1_METHODS;
	rmi_health_methods(m, &s->health);
	m += RMI_HEALTH_METHODS;
	rmi_reflection_methods(m, &s->descriptors);
	const struct rmi_server_config rpc = {
	    .address = config->address,
	    .tls = config->tls,
	    .allow_plain = config->insecure_listen,
	    .max_calls = s->host.max_sessions + SPARE_CALLS,
	    .methods = methods,
	    .method_count = METHODS,
	    .auth = s->tokens.n > 0 ? check_token : NULL,
	    .auth_ctx = &s->tokens,
	};
	if (config->tls == NULL && !config->insecure_listen && !rmi_address_is_local(config->address)) {
		return rme_error_set(err, RME_ECONFIG, config->address,
		    "others can reach this address, and read plain text: give --tls-cert and --tls-key, or "
		    "--insecure-listen");
	}
	enum rme_err e = rmi_loop_new(&s->loop, NULL, err);
	return e == RME_OK ? rmi_server_new(&s->rpc, s->loop, &rpc, err) : e;
}

enum rme_err
rmi_serve_new(
    struct rmi_serve **out, struct rme_runtime *rt, const struct rmi_serve_config *config, struct rme_error *err)
{
	struct rmi_serve *s = calloc(1, sizeof *s);
	if (s == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	rmi_health_init(&s->health, SERVICES);
	enum rme_err e = start_host(s, rt, config, err);
	if (e == RME_OK && config->token_file != NULL) {
		e = rmi_tokens_load(&s->tokens, config->token_file, err);
	}
	if (e == RME_OK) {
		e = listen_on(s, config, err);
	}
	if (e != RME_OK) {
		rmi_serve_free(s);
		return e;
	}
	*out = s;
	return RME_OK;
}

uint16_t
rmi_serve_port(const struct rmi_serve *s)
{
	return rmi_server_port(s->rpc);
}

size_t
rmi_serve_services(const struct rmi_serve *s)
{
	return s->host.catalog.n;
}

unsigned
rmi_serve_sessions(struct rmi_serve *s)
{
	return atomic_load(&s->host.stats.sessions);
}

uint64_t
rmi_serve_requests(struct rmi_serve *s)
{
	return atomic_load(&s->host.stats.requests);
}

enum rme_err
rmi_serve_drain(struct rmi_serve *s, int64_t deadline_ns)
{
	atomic_store(&s->host.draining, true);
	rmi_health_stop(&s->health);
	return rmi_server_drain(s->rpc, deadline_ns);
}

void
rmi_serve_free(struct rmi_serve *s)
{
	if (s == NULL) {
		return;
	}
	atomic_store(&s->host.draining, true);
	rmi_health_stop(&s->health);
	rmi_server_free(s->rpc);
	rmi_loop_free(s->loop);
	rmi_jobs_free(s->host.jobs); /* the last of them free the sessions */
	rmi_tokens_done(&s->tokens);
	rmi_health_done(&s->health);
	if (s->host.rt != NULL) {
		pthread_mutex_destroy(&s->host.mu);
	}
	free(s);
}
