#include "remote/remote.h"

#include "core/runtime.h"
#include "remote/services.h"
#include "rpc/channel.h"
#include "rpc/loop.h"
#include "rpc/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct endpoint {
	struct rmi_remote_endpoint e; /* texts are owned */
	struct rmi_tls tls;
	struct rmi_channel *channel; /* guarded by mu of the hub; never changes again once set */
};

struct rmi_remote {
	struct rmi_guest_services *guests;
	struct endpoint *endpoints[RMI_REMOTE_ENDPOINTS_MAX];
	size_t n_endpoints;
	struct rmi_remote_service *services[RMI_REMOTE_SERVICES_MAX]; /* texts are owned */
	size_t n_services;
	pthread_mutex_t mu; /* guards loop and channels */
	struct rmi_loop *loop;
};

enum rme_err
rmi_remote_new(struct rmi_remote **out)
{
	struct rmi_remote *r = calloc(1, sizeof *r);
	if (!r) {
		return RME_ENOMEM;
	}
	(void)pthread_mutex_init(&r->mu, NULL);
	if (rmi_guest_services_new(&r->guests, r) != RME_OK) {
		rmi_remote_free(r);
		return RME_ENOMEM;
	}
	*out = r;
	return RME_OK;
}

/* Copies text into *out, also where it is NULL. */
static bool
copy(const char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return !text || *out;
}

static void
drop(const char *text)
{
	free((void *)(uintptr_t)text); /* made by copy() */
}

static void
free_endpoint(struct endpoint *n)
{
	if (!n) {
		return;
	}
	rmi_channel_free(n->channel);
	drop(n->e.name);
	drop(n->e.address);
	drop(n->e.tls_name);
	if (n->e.token) {
		explicit_bzero((void *)(uintptr_t)n->e.token, strlen(n->e.token));
	}
	drop(n->e.token);
	drop(n->tls.ca_file);
	drop(n->tls.cert_file);
	drop(n->tls.key_file);
	free(n);
}

static bool
copy_endpoint(struct endpoint *n, const struct rmi_remote_endpoint *from)
{
	const struct rmi_tls *tls = from->tls;
	n->e.timeout_ns = from->timeout_ns ? from->timeout_ns : RMI_REMOTE_TIMEOUT_NS;
	n->e.allow_plain_token = from->allow_plain_token;
	n->e.tls = tls ? &n->tls : NULL;
	bool ok = copy(&n->e.name, from->name) && copy(&n->e.address, from->address) &&
	          copy(&n->e.tls_name, from->tls_name) && copy(&n->e.token, from->token);
	return ok && (!tls || (copy(&n->tls.ca_file, tls->ca_file) && copy(&n->tls.cert_file, tls->cert_file) &&
	                          copy(&n->tls.key_file, tls->key_file)));
}

static struct endpoint *
find_endpoint(const struct rmi_remote *r, const char *name)
{
	for (size_t i = 0; i < r->n_endpoints; i++) {
		if (strcmp(r->endpoints[i]->e.name, name) == 0) {
			return r->endpoints[i];
		}
	}
	return NULL;
}

enum rme_err
rmi_remote_add_endpoint(struct rmi_remote *r, const struct rmi_remote_endpoint *endpoint, struct rme_error *err)
{
	if (find_endpoint(r, endpoint->name)) {
		return rme_error_set(err, RME_ECONFIG, endpoint->name, "there are two endpoints of this name");
	}
	if (!rmi_address_has_port(endpoint->address)) {
		return rme_error_set(err, RME_ECONFIG, endpoint->name,
		    "'%s' is no address with a port from 1 to 65535, such as host:50052", endpoint->address);
	}
	if (r->n_endpoints == RMI_REMOTE_ENDPOINTS_MAX) {
		return rme_error_set(
		    err, RME_ELIMIT, endpoint->name, "more than %d endpoints", RMI_REMOTE_ENDPOINTS_MAX);
	}
	struct endpoint *n = calloc(1, sizeof *n);
	if (!n || !copy_endpoint(n, endpoint)) {
		free_endpoint(n);
		return rme_error_set(err, RME_ENOMEM, endpoint->name, "out of memory");
	}
	r->endpoints[r->n_endpoints++] = n;
	return RME_OK;
}

static void
free_service(struct rmi_remote_service *s)
{
	if (s) {
		drop(s->name);
		drop(s->endpoint);
		drop(s->far_name);
		drop(s->params_json);
	}
	free(s);
}

enum rme_err
rmi_remote_add_service(struct rmi_remote *r, const struct rmi_remote_service *service, struct rme_error *err)
{
	const struct endpoint *at = find_endpoint(r, service->endpoint);
	if (!at) {
		return rme_error_set(err, RME_ECONFIG, service->name, "there is no endpoint '%s'", service->endpoint);
	}
	if (rmi_remote_find_service(r, service->name)) {
		return rme_error_set(err, RME_ECONFIG, service->name, "there are two services of this name");
	}
	if (r->n_services == RMI_REMOTE_SERVICES_MAX) {
		return rme_error_set(err, RME_ELIMIT, service->name, "more than %d services", RMI_REMOTE_SERVICES_MAX);
	}
	struct rmi_remote_service *s = calloc(1, sizeof *s);
	if (!s || !copy(&s->name, service->name) || !copy(&s->endpoint, service->endpoint) ||
	    !copy(&s->far_name, service->far_name ? service->far_name : service->name) ||
	    !copy(&s->params_json, service->params_json)) {
		free_service(s);
		return rme_error_set(err, RME_ENOMEM, service->name, "out of memory");
	}
	s->timeout_ns = service->timeout_ns ? service->timeout_ns : at->e.timeout_ns;
	s->protocol = service->protocol;
	r->services[r->n_services++] = s;
	return RME_OK;
}

const struct rmi_remote_service *
rmi_remote_find_service(const struct rmi_remote *r, const char *name)
{
	for (size_t i = 0; i < r->n_services; i++) {
		if (strcmp(r->services[i]->name, name) == 0) {
			return r->services[i];
		}
	}
	return NULL;
}

const struct rmi_remote_endpoint *
rmi_remote_find_endpoint(const struct rmi_remote *r, const char *name)
{
	const struct endpoint *n = find_endpoint(r, name);
	return n ? &n->e : NULL;
}

static enum rme_err
make_channel(struct rmi_remote *r, struct endpoint *n, struct rme_error *err)
{
	enum rme_err e = r->loop ? RME_OK : rmi_loop_new(&r->loop, NULL, err);
	if (e != RME_OK) {
		return e;
	}
	const struct rmi_channel_config config = {.address = n->e.address,
	    .tls = n->e.tls,
	    .tls_name = n->e.tls_name,
	    .token = n->e.token,
	    .allow_plain_token = n->e.allow_plain_token,
	    .keepalive_ns = INT64_C(10000000000),
	    .keepalive_timeout_ns = INT64_C(5000000000)};
	return rmi_channel_new(&n->channel, r->loop, &config, err);
}

enum rme_err
rmi_remote_channel(struct rmi_channel **out, struct rmi_remote *r, const char *endpoint, struct rme_error *err)
{
	struct endpoint *n = find_endpoint(r, endpoint);
	if (!n) {
		return rme_error_set(err, RME_ENOTFOUND, endpoint, "there is no endpoint of this name");
	}
	(void)pthread_mutex_lock(&r->mu);
	enum rme_err e = n->channel ? RME_OK : make_channel(r, n, err);
	if (e == RME_OK) {
		*out = n->channel;
	}
	(void)pthread_mutex_unlock(&r->mu);
	return e;
}

struct rmi_services *
rmi_remote_services(struct rmi_remote *r)
{
	return rmi_guest_services(r->guests);
}

struct rmi_remote *
rmi_remote_of(struct rme_runtime *rt)
{
	struct rmi_services *services = rmi_runtime_services(rt);
	return services ? rmi_guest_services_remote(services) : NULL;
}

void
rmi_remote_free(struct rmi_remote *r)
{
	if (!r) {
		return;
	}
	rmi_guest_services_free(r->guests);
	for (size_t i = 0; i < r->n_services; i++) {
		free_service(r->services[i]);
	}
	for (size_t i = 0; i < r->n_endpoints; i++) {
		free_endpoint(r->endpoints[i]);
	}
	rmi_loop_free(r->loop);
	(void)pthread_mutex_destroy(&r->mu);
	free(r);
}
