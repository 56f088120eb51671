#include "rpc/wire_packet.h"

#include "pieces.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static struct rme_packet *
text_packet(const char *text)
{
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rme_packet *p = NULL;
	meta.format = rme_format_of(RME_MEDIA_TEXT);
	assert_int_equal(rme_packet_new(&p, &meta, text, strlen(text)), RME_OK);
	return p;
}

static void
request_there_and_back(void **state)
{
	(void)state;
	struct rmi_frame_open open = {.version = 1, .service = "Echo", .params_json = "{}"};
	struct rme_packet *item = text_packet("hello");
	struct rmi_buf *b = NULL;
	assert_int_equal(rmi_wire_call_request(&b, &open, item, 1000), RME_OK);
	struct rmi_frame_open got_open;
	struct rmi_frame_packet got;
	assert_int_equal(rmi_wire_read_call(&got_open, &got, b, NULL), RME_OK);
	assert_string_equal(got_open.service, "Echo");
	assert_int_equal(got_open.params.len, 2);
	assert_int_equal(got.remaining_ns, 1000);
	assert_int_equal(got.payload.len, 5);
	rmi_buf_unref(b);
	rme_packet_unref(item);
	b = rmi_buf_new();
	assert_int_equal(rmi_wire_read_call(&got_open, &got, b, NULL), RME_EPROTO);
	rmi_buf_unref(b);
}

struct seen {
	unsigned n;
	size_t bytes;
	enum rme_err answer;
};

static enum rme_err
see(void *ctx, const struct rmi_frame_packet *frame)
{
	struct seen *s = ctx;
	assert_int_equal(frame->index, s->n);
	s->n++;
	s->bytes += frame->payload.len;
	return s->answer;
}

static void
reply_there_and_back(void **state)
{
	(void)state;
	struct rmi_buf *b = rmi_buf_new();
	for (unsigned i = 0; i < 3; i++) {
		struct rme_packet *p = text_packet("result");
		struct rmi_wire_out how = {.seq = 1, .index = i};
		assert_int_equal(rmi_wire_reply_add(b, p, &how), RME_OK);
		rme_packet_unref(p);
	}
	struct rmi_frame_item_end got = {0};
	struct seen seen = {0};
	assert_int_equal(rmi_wire_read_reply(&got, b, see, &seen, NULL), RME_EPROTO); /* no end yet */
	struct rmi_frame_item_end end = {.seq = 1, .results = 3, .service_ns = 7};
	assert_int_equal(rmi_wire_reply_end(b, &end), RME_OK);
	seen = (struct seen){0};
	assert_int_equal(rmi_wire_read_reply(&got, b, see, &seen, NULL), RME_OK);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.bytes, 18);
	assert_int_equal(got.service_ns, 7);
	seen = (struct seen){.answer = RME_ECANCELED};
	assert_int_equal(rmi_wire_read_reply(&got, b, see, &seen, NULL), RME_ECANCELED);
	assert_int_equal(seen.n, 1);
	rmi_buf_unref(b);
}

static enum rme_err
ignore(void *ctx, const struct rmi_frame_packet *frame)
{
	(void)ctx, (void)frame;
	return RME_OK;
}

static void
results_are_limited(void **state)
{
	(void)state;
	struct rmi_buf *b = rmi_buf_new();
	for (unsigned i = 0; i <= RMI_WIRE_RESULTS_MAX; i++) {
		assert_int_equal(rmi_buf_add(b, "\x0a\x02\x08\x01", 4), RME_OK); /* data {seq 1} */
	}
	struct rmi_frame_item_end end;
	assert_int_equal(rmi_wire_read_reply(&end, b, ignore, NULL, NULL), RME_ELIMIT);
	rmi_buf_unref(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(request_there_and_back),
	    cmocka_unit_test(reply_there_and_back),
	    cmocka_unit_test(results_are_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
