#include "rpc/channel.h"

#include "rpc/internal.h"

#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <grpc/support/alloc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOKAHEAD_BYTES = 1024 * 1024,
	CONNECT_TIMEOUT_MS = 5000,
	TOKEN_MAX = 4096,
};

struct rmi_channel {
	struct rmi_loop *loop;
	grpc_channel *grpc;
	size_t max_message;
	char *bearer; /* "Bearer TOKEN", or NULL */
};

static int
ms_or(int64_t ns, int64_t fallback_ms)
{
	int64_t ms = ns == 0 ? fallback_ms : ns / 1000000;
	return ms < 1 ? 1 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

static grpc_channel *
make_grpc_channel(
    const struct rmi_channel *ch, const struct rmi_channel_config *config, grpc_channel_credentials *creds)
{
	const struct {
		const char *key;
		int value;
	} set[] = {
	    {GRPC_ARG_ENABLE_HTTP_PROXY, 0}, /* gRPC would send even loopback addresses to a proxy of the environment */
	    {GRPC_ARG_ENABLE_RETRIES, 0},    /* there is one retry loop, and the router owns it */
	    {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, (int)ch->max_message},
	    {GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1},
	    {GRPC_ARG_HTTP2_BDP_PROBE, 0},
	    {GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, LOOKAHEAD_BYTES},
	    {GRPC_ARG_KEEPALIVE_TIME_MS, config->keepalive_ns < 0 ? INT32_MAX : ms_or(config->keepalive_ns, 30000)},
	    {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms_or(config->keepalive_timeout_ns, 10000)},
	    {GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0},
	    {GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, ms_or(config->backoff_min_ns, 200)},
	    {GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, ms_or(config->backoff_max_ns, 5000)},
	    {GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, CONNECT_TIMEOUT_MS},
	};
	enum { N = sizeof set / sizeof set[0] };
	grpc_arg args[N + 1];
	for (size_t i = 0; i < N; i++) {
		args[i].type = GRPC_ARG_INTEGER;
		args[i].key = (char *)(uintptr_t)set[i].key; /* not written to, like those below */
		args[i].value.integer = set[i].value;
	}
	grpc_channel_args all = {N, args};
	if (config->tls && config->tls_name) {
		args[N].type = GRPC_ARG_STRING;
		args[N].key = (char *)(uintptr_t)GRPC_SSL_TARGET_NAME_OVERRIDE_ARG;
		args[N].value.string = (char *)(uintptr_t)config->tls_name;
		all.num_args = N + 1;
	}
	return grpc_channel_create(config->address, creds, &all);
}

static enum rme_err
set_token(struct rmi_channel *ch, const struct rmi_channel_config *config, struct rme_error *err)
{
	if (!config->token) {
		return RME_OK;
	}
	if (!config->tls && !config->allow_plain_token && !rmi_address_is_local(config->address)) {
		return rme_error_set(err, RME_ECONFIG, "rpc",
		    "a token for %s would travel in plain text: use TLS, or allow it explicitly", config->address);
	}
	size_t n = strnlen(config->token, TOKEN_MAX + 1);
	if (n == 0 || n > TOKEN_MAX || !rmi_meta_ok("authorization", config->token)) {
		return rme_error_set(err, RME_ECONFIG, "rpc", "the token is empty, too long, or not plain ASCII");
	}
	ch->bearer = malloc(n + 8);
	if (!ch->bearer) {
		return rme_error_set(err, RME_ENOMEM, "rpc", "out of memory");
	}
	(void)snprintf(ch->bearer, n + 8, "Bearer %s", config->token);
	return RME_OK;
}

enum rme_err
rmi_channel_new(
    struct rmi_channel **out, struct rmi_loop *loop, const struct rmi_channel_config *config, struct rme_error *err)
{
	if (!config->address || !*config->address || config->max_message_bytes > INT32_MAX) {
		return rme_error_set(err, RME_EINVAL, "rpc", "no address, or limit out of range");
	}
	struct rmi_channel *ch = calloc(1, sizeof *ch);
	if (!ch) {
		return rme_error_set(err, RME_ENOMEM, "rpc", "out of memory");
	}
	ch->loop = loop;
	ch->max_message = config->max_message_bytes ? config->max_message_bytes : RMI_RPC_MAX_MESSAGE;
	grpc_channel_credentials *creds = NULL;
	enum rme_err e = set_token(ch, config, err);
	e = e == RME_OK ? rmi_tls_client(&creds, config->tls, err) : e;
	if (e != RME_OK) {
		rmi_channel_free(ch);
		return e;
	}
	ch->grpc = make_grpc_channel(ch, config, creds);
	grpc_channel_credentials_release(creds);
	*out = ch;
	return RME_OK;
}

void
rmi_channel_free(struct rmi_channel *ch)
{
	if (!ch) {
		return;
	}
	if (ch->grpc) {
		grpc_channel_destroy(ch->grpc);
	}
	if (ch->bearer) {
		explicit_bzero(ch->bearer, strlen(ch->bearer));
	}
	free(ch->bearer);
	free(ch);
}

void
rmi_channel_connect(struct rmi_channel *ch)
{
	(void)grpc_channel_check_connectivity_state(ch->grpc, 1);
}

void
rmi_channel_reset_backoff(struct rmi_channel *ch)
{
	grpc_channel_reset_connect_backoff(ch->grpc);
}

static void
client_ended(struct rmi_tag *tag, bool ok)
{
	struct rmi_call *c = RMI_CONTAINER(tag, struct rmi_call, t_start);
	(void)ok;
	c->status = (enum rmi_status)c->end_status;
	rmi_call_over(c);
	rmi_call_settle(c);
}

static bool
options_ok(const struct rmi_call_options *o)
{
	if (o->metadata_count > RMI_CALL_META_MAX) {
		return false;
	}
	for (size_t i = 0; i < o->metadata_count; i++) {
		if (!rmi_meta_ok(o->metadata[i].key, o->metadata[i].value)) {
			return false;
		}
	}
	return true;
}

static void
add_meta(grpc_metadata *md, size_t *n, const char *key, const char *value)
{
	md[*n].key = grpc_slice_from_copied_string(key);
	md[*n].value = grpc_slice_from_copied_string(value);
	++*n;
}

/*
 * One batch for the headers both ways and the final status: it comes back when the call is over. The peer's headers are
 * asked for, since without that the status of a finished call never comes, but not waited for, since servers may send
 * them with their first message only.
 */
static void
start_batch(struct rmi_call *c, const struct rmi_channel *ch, const struct rmi_call_options *o)
{
	grpc_metadata md[RMI_CALL_META_MAX + 1];
	memset(md, 0, sizeof md);
	size_t n = 0;
	for (size_t i = 0; i < o->metadata_count; i++) {
		add_meta(md, &n, o->metadata[i].key, o->metadata[i].value);
	}
	if (ch->bearer) {
		add_meta(md, &n, "authorization", ch->bearer);
	}
	grpc_op ops[3];
	memset(ops, 0, sizeof ops);
	ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
	ops[0].flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET |
	               (o->wait_for_ready ? GRPC_INITIAL_METADATA_WAIT_FOR_READY : 0);
	ops[0].data.send_initial_metadata.count = n;
	ops[0].data.send_initial_metadata.metadata = md;
	ops[1].op = GRPC_OP_RECV_INITIAL_METADATA;
	ops[1].data.recv_initial_metadata.recv_initial_metadata = &c->initial;
	ops[2].op = GRPC_OP_RECV_STATUS_ON_CLIENT;
	ops[2].data.recv_status_on_client.trailing_metadata = &c->trailing;
	ops[2].data.recv_status_on_client.status = &c->end_status;
	ops[2].data.recv_status_on_client.status_details = &c->status_text;
	rmi_call_batch(c, ops, 3, &c->t_start);
	for (size_t i = 0; i < n; i++) {
		grpc_slice_unref(md[i].key);
		grpc_slice_unref(md[i].value);
	}
}

enum rme_err
rmi_call_start(struct rmi_call **out, struct rmi_channel *ch, const struct rmi_call_options *o)
{
	if (!o->path || !o->ops || !options_ok(o)) {
		return RME_EINVAL;
	}
	struct rmi_call *c = rmi_call_new(ch->loop);
	if (!c) {
		return RME_ENOMEM;
	}
	c->is_client = true;
	c->ops = o->ops;
	c->user = o->user;
	c->max_message = ch->max_message;
	c->max_queued_bytes = o->max_queued_bytes ? o->max_queued_bytes : c->max_queued_bytes;
	c->max_queued = o->max_queued ? o->max_queued : c->max_queued;
	c->deadline_ns = o->deadline_ns;
	c->t_start.fn = client_ended;
	grpc_slice method = grpc_slice_from_copied_string(o->path);
	c->grpc = grpc_channel_create_call(ch->grpc, NULL, GRPC_PROPAGATE_DEFAULTS, rmi_loop_pick(ch->loop)->cq, method,
	    NULL, rmi_grpc_time(o->deadline_ns), NULL);
	grpc_slice_unref(method);
	c->pending = 1;
	*out = rmi_call_ref(c);
	rmi_loop_enlist(c);
	start_batch(c, ch, o);
	return RME_OK;
}
