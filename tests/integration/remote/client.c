#include "client.h"

#include "base/clock.h"
#include "core/runtime.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

void
client_start(struct client *c, struct rmi_remote_endpoint *endpoint)
{
	struct rme_error err = {0};
	memset(c, 0, sizeof *c);
	endpoint->name = "far";
	assert_int_equal(rme_runtime_new(&c->rt, NULL, NULL), RME_OK);
	assert_int_equal(rmi_remote_new(&c->remote), RME_OK);
	assert_int_equal(rmi_remote_add_endpoint(c->remote, endpoint, &err), RME_OK);
	rmi_runtime_set_services(c->rt, rmi_remote_services(c->remote));
}

void
client_open(struct client *c, const char *service, const struct rme_session_config *config)
{
	struct rme_error err = {0};
	c->config = (struct rmi_remote_node_config){
	    .service = (char *)(uintptr_t)service, .endpoint = (char *)(uintptr_t)"far"};
	const struct rme_node_spec spec = {.type = &rmi_remote_node_type, .config = &c->config, .name = "cloud"};
	const struct rme_plan_in in = {.specs = &spec, .n = 1};
	assert_int_equal(rme_plan_new(&c->plan, c->rt, &in, &err), RME_OK);
	enum rme_err e = rme_session_open(&c->session, c->rt, c->plan, config, &err);
	if (e != RME_OK) {
		fail_msg("session: %s", err.text);
	}
}

void
client_close(struct client *c)
{
	rme_session_free(c->session);
	rme_plan_free(c->plan);
	c->session = NULL;
	c->plan = NULL;
}

void
client_stop(struct client *c)
{
	client_close(c);
	rmi_remote_free(c->remote);
	rme_runtime_free(c->rt);
}

uint64_t
client_submit(struct client *c, const void *data, size_t n, int64_t timeout_ns)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p = NULL;
	uint64_t seq = 0;
	meta.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	meta.pts_ns = 7;
	meta.deadline_ns = timeout_ns ? rmi_monotonic_ns() + timeout_ns : 0;
	assert_int_equal(rme_packet_new(&p, &meta, data, n), RME_OK);
	assert_int_equal(rme_session_submit(c->session, p, &seq), RME_OK);
	return seq;
}

void
client_outcome(struct client *c, struct outcome *out)
{
	rme_packet_unref(out->last);
	memset(out, 0, sizeof *out);
	for (;;) {
		struct rme_packet *p = NULL;
		size_t n;
		assert_int_equal(rme_session_recv(c->session, &p, 0), RME_OK);
		const struct rme_packet_meta *m = rme_packet_meta(p);
		assert_true(out->seq == 0 || out->seq == m->seq);
		out->seq = m->seq;
		if (m->kind == RME_PACKET_ITEM_END) {
			const struct rme_verdict *v = rme_packet_verdict(p);
			out->code = v->error.code;
			(void)snprintf(out->where, sizeof out->where, "%s", v->error.where);
			(void)snprintf(out->text, sizeof out->text, "%s", v->error.text);
			assert_int_equal(v->n_stages, 1);
			out->report = v->stage[0];
			rme_packet_unref(p);
			return;
		}
		assert_int_equal(m->kind, RME_PACKET_DATA);
		(void)rme_packet_data(p, &n);
		out->results++;
		out->bytes += n;
		rme_packet_unref(out->last);
		out->last = p;
	}
}

enum rme_err
client_try(struct client *c, const void *data, size_t n, int64_t timeout_ns, struct outcome *out)
{
	uint64_t seq = client_submit(c, data, n, timeout_ns);
	client_outcome(c, out);
	assert_int_equal(out->seq, seq);
	return out->code;
}
