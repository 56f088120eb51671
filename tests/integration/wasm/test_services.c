/* What guests reach of the world: services that were granted, with checked pointers, deadline, trace. */
#include "wasm_fixture.h"

#include <rme/packet.h>
#include "base/cancel.h"
#include "base/clock.h"
#include "core/service.h"

/* A service that echoes, or does what `result` says. */
struct fake_services {
	struct rmi_services services;
	enum rme_err result;
	unsigned calls, sends;
	size_t answer_bytes; /* 0 = as many as came */
	int64_t takes_ns;
	struct rme_packet_meta meta; /* of the last packet */
	char session[64], payload[64];
};

static void
note(struct fake_services *f, const struct rmi_service_call *call)
{
	(void)snprintf(f->session, sizeof(f->session), "%s", call->session_id);
	if (call->in != NULL) {
		size_t len;
		const uint8_t *data = rme_packet_data(call->in, &len);
		f->meta = *rme_packet_meta(call->in);
		(void)snprintf(f->payload, sizeof(f->payload), "%.*s", (int)len, (const char *)data);
	}
}

static void
wait_ns(int64_t ns)
{
	for (int64_t end = rmi_monotonic_ns() + ns; rmi_monotonic_ns() < end;) {
	}
}

static void
answer(struct fake_services *f, struct rmi_service_call *call)
{
	size_t len;
	const uint8_t *data = rme_packet_data(call->in, &len);
	uint8_t *to;
	const struct rme_packet_meta meta = rme_packet_meta_init();
	size_t n = f->answer_bytes > 0 ? f->answer_bytes : len;
	call->bytes_up = 10;
	call->bytes_down = 20;
	call->remote_ns = 30;
	call->error.code = f->result;
	if (f->result == RME_OK) {
		call->error.code = rme_packet_alloc(&call->answer, &meta, n, &to);
		for (size_t i = 0; call->answer != NULL && i < n; i++) {
			to[i] = f->answer_bytes > 0 ? 'a' : data[i];
		}
	}
}

static bool
fake_begin(struct rmi_services *self, struct rmi_service_call *call)
{
	struct fake_services *f = (struct fake_services *)self;
	volatile uint8_t deep[200 << 10]; /* more than a guest stack would have */
	deep[0] = deep[sizeof(deep) - 1] = 1;
	note(f, call);
	call->error = (struct rme_error){.code = f->result};
	if (call->kind == RMI_SERVICE_CALL) {
		f->calls++;
		wait_ns(f->takes_ns);
		answer(f, call);
	} else if (call->kind == RMI_SERVICE_SEND) {
		f->sends++;
	} else {
		(void)snprintf(call->far_session, sizeof(call->far_session), "far-77");
	}
	rme_packet_unref(call->in);
	call->in = NULL;
	return true;
}

static const struct rmi_services_ops fake_ops = {.begin = fake_begin};

static struct fake_services fake;
static struct rmi_wasm_module *moody;
static const char *const granted[] = {"echo", "other"};
static struct rmi_guest_env env = {
    .session_id = "session-9", .services = &fake.services, .granted = granted, .n_granted = 2};

static int
open_all(void **state)
{
	if (fixture_setup(state) != 0) {
		return -1;
	}
	moody = fixture_open_limited("moody", (struct rme_module_limits){.timeout_ns = 500 * RMI_NS_PER_MS});
	return 0;
}

static int
close_all(void **state)
{
	rmi_wasm_module_unref(moody);
	return fixture_teardown(state);
}

static struct rmi_wasm_instance *
begin(enum rme_err result)
{
	fake = (struct fake_services){.services = {&fake_ops}, .result = result};
	return fixture_instance(moody, &env);
}

static void
a_granted_service_is_called(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = begin(RME_OK);
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.seq = 5;
	meta.pts_ns = 77;
	meta.trace.trace_id[3] = 9;
	meta.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	struct rmi_guest_item item = {.deadline_ns = rmi_monotonic_ns() + 60 * RMI_NS_PER_S, .meta = &meta};
	struct rme_bytes out;
	static const uint8_t text[] = "call echo hi";
	assert_int_equal(
	    rmi_wasm_instance_process(in, &item, (struct rme_bytes){text, sizeof(text) - 1}, &out, &fixture_err),
	    RME_OK);
	assert_int_equal(out.len, 2);
	assert_memory_equal(out.data, "hi", 2);
	assert_int_equal(fake.calls, 1);
	assert_string_equal(fake.session, "session-9");
	assert_string_equal(fake.payload, "hi");
	assert_true(fake.meta.deadline_ns == item.deadline_ns && fake.meta.pts_ns == 77 && fake.meta.seq == 5);
	assert_memory_equal(&fake.meta.trace, &meta.trace, sizeof(meta.trace));
	assert_true(rme_format_equal(&fake.meta.format, &meta.format));
	const struct rmi_guest_usage *u = rmi_wasm_instance_usage(in);
	assert_true(u->service_calls == 1 && u->bytes_up == 10 && u->bytes_down == 20 && u->remote_ns == 30);
	fixture_expect(in, "echo x", "x");
	assert_int_equal(rmi_wasm_instance_usage(in)->service_calls, 0);
	rmi_wasm_instance_free(in);
}

static void
an_answer_that_does_not_fit_is_kept_for_the_second_try(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = begin(RME_OK);
	fake.answer_bytes = 100; /* the guest has room for 8 at first */
	struct rme_bytes out;
	static const uint8_t text[] = "call echo hi";
	assert_int_equal(
	    rmi_wasm_instance_process(in, NULL, (struct rme_bytes){text, sizeof(text) - 1}, &out, &fixture_err),
	    RME_OK);
	assert_int_equal(out.len, 100);
	assert_int_equal(out.data[99], 'a');
	assert_int_equal(fake.calls, 1);
	fixture_expect(in, "call echo hi",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaa");
	assert_int_equal(fake.calls, 2); /* another item is another call */
	rmi_wasm_instance_free(in);
}

static void
errors_become_statuses(void **state)
{
	(void)state;
	static const struct {
		enum rme_err e;
		const char *digit;
	} cases[] = {{RME_ETRANSPORT, "1"}, {RME_EUNAVAILABLE, "2"}, {RME_ENOTFOUND, "2"}, {RME_ETIMEDOUT, "7"},
	    {RME_ECANCELED, "7"}, {RME_EDENIED, "6"}, {RME_EPROTO, "1"}, {RME_EMODULE, "1"}, {RME_EFORMAT, "8"},
	    {RME_EEMPTY, ""}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rmi_wasm_instance *in = begin(cases[i].e);
		fixture_expect(in, "call echo hi", cases[i].digit);
		rmi_wasm_instance_free(in);
	}
}

static void
what_is_not_granted_is_not_called(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = begin(RME_OK);
	fixture_expect(in, "call third hi", "6");
	fixture_expect(in, "call  hi", "8"); /* no name */
	struct rme_packet_meta meta = rme_packet_meta_init();
	meta.flags = RME_PACKET_LOCAL;
	struct rmi_guest_item item = {.meta = &meta};
	struct rme_bytes out, text = {(const uint8_t *)"call echo hi", 12};
	assert_int_equal(rmi_wasm_instance_process(in, &item, text, &out, &fixture_err), RME_OK);
	assert_int_equal(out.data[0], '6'); /* private data stays here */
	assert_int_equal(fake.calls, 0);
	rmi_wasm_instance_free(in);
	struct rmi_guest_env alone = env;
	alone.services = NULL;
	in = fixture_instance(moody, &alone);
	fixture_expect(in, "call echo hi", "2");
	rmi_wasm_instance_free(in);
	in = fixture_instance(moody, NULL);
	fixture_expect(in, "call echo hi", "6");
	rmi_wasm_instance_free(in);
}

static void
pointers_out_of_range_are_bad_arguments(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = begin(RME_OK);
	fixture_expect(in, "bad-pointers", "888888888");
	assert_int_equal(fake.calls, 0);
	assert_int_equal(fake.sends, 0);
	fixture_expect(in, "echo x", "x");
	rmi_wasm_instance_free(in);
}

static void
time_that_a_service_takes_is_not_the_guests(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = begin(RME_OK);
	fake.takes_ns = 700 * RMI_NS_PER_MS; /* more than the module's limit */
	fixture_expect(in, "call echo hi", "hi");
	fake.takes_ns = 0;
	fixture_expect_error(in, "loop plain", RME_ETIMEDOUT, "stopped after 500 ms (limit)");
	rmi_wasm_instance_free(in);
}

static void
a_canceled_session_ends_after_its_call(void **state)
{
	(void)state;
	struct rmi_cancel cancel;
	rmi_cancel_init(&cancel);
	struct rmi_guest_env with_cancel = env;
	with_cancel.cancel = &cancel;
	fake = (struct fake_services){.services = {&fake_ops}};
	struct rmi_wasm_instance *in = fixture_instance(moody, &with_cancel);
	rmi_cancel_fire(&cancel);
	fixture_expect_error(in, "call echo hi", RME_ECANCELED, "canceled");
	rmi_wasm_instance_free(in);
	rmi_cancel_done(&cancel);
}

static void
one_way_items_and_far_sessions(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = begin(RME_OK);
	fixture_expect(in, "send echo", "0");
	assert_int_equal(fake.sends, 1);
	assert_string_equal(fake.payload, "send echo");
	fixture_expect(in, "far-session", "far-77");
	rmi_wasm_instance_free(in);
}

static int32_t
count_answers(struct rmi_wasm_instance *in, unsigned n)
{
	int32_t good = 0;
	for (unsigned i = 0; i < n; i++) {
		struct rme_bytes out;
		if (rmi_wasm_instance_process(in, NULL, (struct rme_bytes){(const uint8_t *)"call echo hi", 12}, &out,
		        &fixture_err) == RME_OK) {
			good += out.len == 2;
		}
	}
	return good;
}

static void
many_items_with_calls(void **state)
{
	(void)state;
	struct rmi_wasm_instance *in = begin(RME_OK);
	assert_int_equal(count_answers(in, 1000), 1000);
	assert_int_equal(fake.calls, 1000);
	rmi_wasm_instance_free(in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_granted_service_is_called),
	    cmocka_unit_test(an_answer_that_does_not_fit_is_kept_for_the_second_try),
	    cmocka_unit_test(errors_become_statuses),
	    cmocka_unit_test(what_is_not_granted_is_not_called),
	    cmocka_unit_test(pointers_out_of_range_are_bad_arguments),
	    cmocka_unit_test(time_that_a_service_takes_is_not_the_guests),
	    cmocka_unit_test(a_canceled_session_ends_after_its_call),
	    cmocka_unit_test(one_way_items_and_far_sessions),
	    cmocka_unit_test(many_items_with_calls),
	};
	return cmocka_run_group_tests_name("services", tests, open_all, close_all);
}
