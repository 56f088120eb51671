#include "serve/health.h"

#include "serve/pb.h"

#include "health.pb-c.h"

#include <stdlib.h>
#include <string.h>

struct rmi_health_watch {
	struct rmi_call *call; /* a reference */
	struct rmi_health *health;
	bool known;
	struct rmi_health_watch *next, **link; /* link is NULL while it is in no list */
};

enum { SERVING = 1, NOT_SERVING = 2, SERVICE_UNKNOWN = 3, TOLD_AT_ONCE = 64 };

static struct rmi_buf *
response(int status)
{
	const uint8_t bytes[] = {1 << 3, (uint8_t)status};
	return rmi_buf_copy(bytes, sizeof bytes);
}

void
rmi_health_init(struct rmi_health *h, const char *const *services)
{
	*h = (struct rmi_health){.services = services, .serving = true};
	pthread_mutex_init(&h->mu, NULL);
}

void
rmi_health_done(struct rmi_health *h)
{
	pthread_mutex_destroy(&h->mu);
}

/* Does the request name a service that is here? -1 = it is no request. */
static int
knows(const struct rmi_health *h, const struct rmi_buf *msg)
{
	struct rmi_pb_arena arena = {0};
	ProtobufCMessage *m = NULL;
	int known = -1;
	if (rmi_pb_read(&arena, &grpc__health__v1__health_check_request__descriptor, msg, &m) == RME_OK) {
		const char *name = ((const Grpc__Health__V1__HealthCheckRequest *)m)->service;
		known = name[0] == '\0' ? 1 : 0;
		for (const char *const *s = h->services; *s != NULL && known == 0; s++) {
			known = strcmp(*s, name) == 0 ? 1 : 0;
		}
	}
	rmi_pb_done(&arena);
	return known;
}

static bool
is_serving(struct rmi_health *h)
{
	pthread_mutex_lock(&h->mu);
	bool serving = h->serving;
	pthread_mutex_unlock(&h->mu);
	return serving;
}

static void
write_status(struct rmi_call *c, int status)
{
	struct rmi_buf *b = response(status);
	if (b == NULL || rmi_call_write(c, b) == RME_EAGAIN) {
		/* It does not read what it asked for. */
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "the watcher does not read");
	}
}

/* Check */

static void
check_open(struct rmi_call *c, void *service)
{
	rmi_call_set_user(c, service);
}

static void
check_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct rmi_health *h = rmi_call_user(c);
	if (msg == NULL) {
		return;
	}
	int known = knows(h, msg);
	rmi_buf_unref(msg);
	if (known < 0) {
		(void)rmi_call_finish(c, RMI_STATUS_INVALID_ARGUMENT, "not a HealthCheckRequest");
	} else if (known == 0) {
		(void)rmi_call_finish(c, RMI_STATUS_NOT_FOUND, "no service of this name");
	} else {
		struct rmi_buf *b = response(is_serving(h) ? SERVING : NOT_SERVING);
		if (b != NULL) {
			(void)rmi_call_reply(c, b);
		} else {
			(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
		}
	}
}

static void
check_end(struct rmi_call *c, const struct rmi_end *end)
{
	(void)c;
	(void)end;
}

/* Watch */

static void
watch_open(struct rmi_call *c, void *service)
{
	struct rmi_health_watch *w = calloc(1, sizeof *w);
	if (w == NULL) {
		(void)rmi_call_finish(c, RMI_STATUS_RESOURCE_EXHAUSTED, "out of memory");
		return;
	}
	w->call = rmi_call_ref(c);
	w->health = service;
	rmi_call_set_user(c, w);
}

static bool
enlist(struct rmi_health_watch *w)
{
	struct rmi_health *h = w->health;
	pthread_mutex_lock(&h->mu);
	bool serving = h->serving;
	if (serving) {
		w->next = h->watches;
		w->link = &h->watches;
		if (w->next != NULL) {
			w->next->link = &w->next;
		}
		h->watches = w;
	}
	pthread_mutex_unlock(&h->mu);
	return serving;
}

static void
watch_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct rmi_health_watch *w = rmi_call_user(c);
	if (msg == NULL || w == NULL) {
		rmi_buf_unref(msg);
		return;
	}
	int known = knows(w->health, msg);
	rmi_buf_unref(msg);
	if (known < 0) {
		(void)rmi_call_finish(c, RMI_STATUS_INVALID_ARGUMENT, "not a HealthCheckRequest");
		return;
	}
	w->known = known == 1;
	bool serving = enlist(w);
	write_status(c, !w->known ? SERVICE_UNKNOWN : serving ? SERVING : NOT_SERVING);
	if (!serving) {
		(void)rmi_call_finish(c, RMI_STATUS_UNAVAILABLE, "the server is going away");
	}
}

static void
watch_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct rmi_health_watch *w = rmi_call_user(c);
	(void)end;
	if (w == NULL) {
		return;
	}
	pthread_mutex_lock(&w->health->mu);
	if (w->link != NULL) {
		*w->link = w->next;
		if (w->next != NULL) {
			w->next->link = w->link;
		}
	}
	pthread_mutex_unlock(&w->health->mu);
	rmi_call_unref(w->call);
	free(w);
}

/* Take up to n watchers off the list, with a reference to their calls. */
static size_t
take_watches(struct rmi_health *h, struct rmi_call *calls[], bool known[], size_t n)
{
	size_t taken = 0;
	pthread_mutex_lock(&h->mu);
	while (h->watches != NULL && taken < n) {
		struct rmi_health_watch *w = h->watches;
		h->watches = w->next;
		if (w->next != NULL) {
			w->next->link = &h->watches;
		}
		w->link = NULL;
		known[taken] = w->known;
		calls[taken++] = rmi_call_ref(w->call);
	}
	pthread_mutex_unlock(&h->mu);
	return taken;
}

void
rmi_health_stop(struct rmi_health *h)
{
	struct rmi_call *calls[TOLD_AT_ONCE];
	bool known[TOLD_AT_ONCE];
	size_t n;
	pthread_mutex_lock(&h->mu);
	h->serving = false;
	pthread_mutex_unlock(&h->mu);
	while ((n = take_watches(h, calls, known, TOLD_AT_ONCE)) > 0) {
		for (size_t i = 0; i < n; i++) {
			if (known[i]) {
				write_status(calls[i], NOT_SERVING);
			}
			(void)rmi_call_finish(calls[i], RMI_STATUS_UNAVAILABLE, "the server is going away");
			rmi_call_unref(calls[i]);
		}
	}
}

static const struct rmi_call_ops check_ops = {.on_open = check_open, .on_message = check_message, .on_end = check_end};
static const struct rmi_call_ops watch_ops = {.on_open = watch_open, .on_message = watch_message, .on_end = watch_end};

void
rmi_health_methods(struct rmi_method out[static RMI_HEALTH_METHODS], struct rmi_health *h)
{
	out[0] = (struct rmi_method){.path = "/grpc.health.v1.Health/Check",
	    .ops = &check_ops,
	    .service = h,
	    .unary = true,
	    .open_to_all = true};
	/* One request, then answers for as long as it likes: "unary" says how the request is read. */
	out[1] = (struct rmi_method){.path = "/grpc.health.v1.Health/Watch",
	    .ops = &watch_ops,
	    .service = h,
	    .unary = true,
	    .open_to_all = true};
}
