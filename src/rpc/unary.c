/* The blocking helper: one mutex and one condition that the loop signals. */

#include "rpc/channel.h"

#include <pthread.h>

struct waiter {
	pthread_mutex_t mu;
	pthread_cond_t ended;
	bool done;
	enum rmi_status status;
	struct rmi_buf *reply;
	struct rme_error error;
};

static void
waiter_message(struct rmi_call *c, struct rmi_buf *msg)
{
	struct waiter *w = rmi_call_user(c);
	if (!msg) {
		return;
	}
	if (w->reply) {
		rmi_buf_unref(msg);
		rmi_call_cancel(c, RMI_STATUS_INTERNAL, "more than one reply");
		return;
	}
	w->reply = msg;
	(void)rmi_call_read(c); /* the end is reported after the last message only */
}

static void
waiter_end(struct rmi_call *c, const struct rmi_end *end)
{
	struct waiter *w = rmi_call_user(c);
	(void)pthread_mutex_lock(&w->mu);
	w->status = end->status;
	/* We cancel only what was never sent; else the server did, for example because it is shutting down. */
	enum rme_err e = end->status == RMI_STATUS_CANCELLED ? RME_ETRANSPORT : rmi_status_to_err(end->status);
	(void)rme_error_set(&w->error, e, "rpc", "%s: %s", rmi_status_name(end->status), end->text);
	w->done = true;
	(void)pthread_cond_signal(&w->ended);
	(void)pthread_mutex_unlock(&w->mu);
}

static const struct rmi_call_ops waiter_ops = {.on_message = waiter_message, .on_end = waiter_end};

static enum rme_err
wait_reply(struct waiter *w, struct rmi_call *c, struct rmi_buf *request)
{
	enum rme_err e = rmi_call_write(c, request);
	if (e != RME_OK && e != RME_ECLOSED) {
		rmi_call_cancel(c, RMI_STATUS_CANCELLED, "request not sent");
	}
	(void)rmi_call_close_send(c);
	(void)rmi_call_read(c);
	(void)pthread_mutex_lock(&w->mu);
	while (!w->done) {
		(void)pthread_cond_wait(&w->ended, &w->mu);
	}
	(void)pthread_mutex_unlock(&w->mu);
	return e == RME_ECLOSED ? RME_OK : e;
}

enum rme_err
rmi_unary(struct rmi_buf **out, struct rmi_channel *ch, struct rmi_buf *request, const struct rmi_call_options *options,
    struct rme_error *err)
{
	struct waiter w = {.mu = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
	struct rmi_call_options o = *options;
	o.ops = &waiter_ops;
	o.user = &w;
	struct rmi_call *c = NULL;
	enum rme_err e = rmi_call_start(&c, ch, &o);
	if (e != RME_OK) {
		rmi_buf_unref(request);
		return rme_error_set(err, e, "rpc", "cannot start the call to %s", o.path ? o.path : "(no path)");
	}
	e = wait_reply(&w, c, request);
	rmi_call_unref(c);
	(void)pthread_cond_destroy(&w.ended);
	(void)pthread_mutex_destroy(&w.mu);
	if (e != RME_OK) {
		(void)rme_error_set(err, e, "rpc", "request to %s not sent: %s", o.path, rme_err_text(e));
	} else if (w.status != RMI_STATUS_OK) {
		e = w.error.code;
		if (err) {
			*err = w.error;
		}
	} else if (!w.reply) {
		e = rme_error_set(err, RME_EPROTO, "rpc", "%s ended without a reply", o.path);
	}
	if (e != RME_OK) {
		rmi_buf_unref(w.reply);
		return e;
	}
	*out = w.reply;
	return RME_OK;
}
