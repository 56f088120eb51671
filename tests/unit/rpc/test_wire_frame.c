/* Frames there and back, and against protobuf-c as an independent reading of rme.proto. */

#include "rpc/wire_frame.h"

#include "pieces.h"
#include "rme.pb-c.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

static Rme__V1__Frame *
by_protobuf_c(const struct rmi_frame *f)
{
	struct rmi_buf *b = NULL;
	size_t n;
	assert_int_equal(rmi_frame_encode(&b, f), RME_OK);
	uint8_t *flat = flatten(b, &n);
	Rme__V1__Frame *m = rme__v1__frame__unpack(NULL, n, flat);
	assert_non_null(m);
	assert_int_equal(m->kind_case, f->kind);
	free(flat);
	rmi_buf_unref(b);
	return m;
}

static enum rme_err
decode_message(struct rmi_frame *out, const Rme__V1__Frame *m, struct rmi_buf **keep)
{
	size_t n = rme__v1__frame__get_packed_size(m);
	uint8_t *flat = malloc(n + 1);
	assert_non_null(flat);
	(void)rme__v1__frame__pack(m, flat);
	*keep = in_pieces(flat, n, (unsigned)n);
	free(flat);
	return rmi_frame_decode(out, *keep, NULL);
}

static void
round_trip(struct rmi_frame *out, const struct rmi_frame *in)
{
	struct rmi_buf *b = NULL;
	assert_int_equal(rmi_frame_encode(&b, in), RME_OK);
	struct rme_error err = {0};
	assert_int_equal(rmi_frame_decode(out, b, &err), RME_OK);
	assert_int_equal(out->kind, in->kind);
	rmi_buf_unref(b);
}

static void
open_frame(void **state)
{
	(void)state;
	struct rmi_frame f = {.kind = RMI_FRAME_OPEN};
	f.open = (struct rmi_frame_open){.version = 1,
	    .service = "SpeechRecognizer",
	    .session = "s-1",
	    .resume = "far-7",
	    .params_json = "{\"a\":1}",
	    .format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1)};
	memset(f.open.trace.trace_id, 0xab, 16);
	f.open.trace.flags = 1;
	Rme__V1__Frame *m = by_protobuf_c(&f);
	assert_string_equal(m->open->service, "SpeechRecognizer");
	assert_string_equal(m->open->params_json, "{\"a\":1}");
	assert_string_equal(m->open->format, "audio/pcm;format=s16le;rate=16000;channels=1");
	assert_string_equal(m->open->resume, "far-7");
	assert_int_equal(m->open->trace.len, 25);
	struct rmi_buf *b = NULL;
	struct rmi_frame g;
	assert_int_equal(decode_message(&g, m, &b), RME_OK);
	assert_string_equal(g.open.service, "SpeechRecognizer");
	assert_string_equal(g.open.session, "s-1");
	assert_memory_equal(g.open.trace.trace_id, f.open.trace.trace_id, 16);
	assert_int_equal(g.open.trace.flags, 1);
	assert_true(rme_format_equal(&g.open.format, &f.open.format));
	char params[16] = "";
	assert_int_equal(rmi_buf_gather(b, g.open.params.off, params, g.open.params.len), 7);
	assert_string_equal(params, "{\"a\":1}");
	rmi_buf_unref(b);
	rme__v1__frame__free_unpacked(m, NULL);
}

static void
opened_frame(void **state)
{
	(void)state;
	struct rmi_frame f = {.kind = RMI_FRAME_OPENED};
	f.opened = (struct rmi_frame_opened){.session = "far",
	    .server = "rme 0.1.0",
	    .window_items = 8,
	    .window_bytes = UINT64_MAX,
	    .max_payload = 1 << 24,
	    .format = rme_format_of(RME_MEDIA_JSON)};
	struct rmi_frame g;
	round_trip(&g, &f);
	assert_string_equal(g.opened.session, "far");
	assert_string_equal(g.opened.server, "rme 0.1.0");
	assert_int_equal(g.opened.window_items, 8);
	assert_true(g.opened.window_bytes == UINT64_MAX && g.opened.max_payload == 1 << 24);
	assert_int_equal(g.opened.format.media, RME_MEDIA_JSON);
	Rme__V1__Frame *m = by_protobuf_c(&f);
	assert_string_equal(m->opened->format, "application/json");
	rme__v1__frame__free_unpacked(m, NULL);
}

static void
item_end_frame(void **state)
{
	(void)state;
	struct rmi_frame f = {.kind = RMI_FRAME_ITEM_END};
	f.item_end = (struct rmi_frame_item_end){.seq = 9,
	    .error = {.code = RME_EMODULE, .where = "vad", .text = "trapped"},
	    .queue_ns = 5,
	    .service_ns = 7,
	    .results = 2};
	Rme__V1__Frame *m = by_protobuf_c(&f);
	assert_int_equal(m->item_end->status, RME_EMODULE);
	assert_string_equal(m->item_end->text, "trapped");
	struct rmi_buf *b = NULL;
	struct rmi_frame g;
	assert_int_equal(decode_message(&g, m, &b), RME_OK);
	assert_memory_equal(&g.item_end, &f.item_end, sizeof f.item_end);
	m->item_end->status = 4711; /* a code of a later version */
	rmi_buf_unref(b);
	assert_int_equal(decode_message(&g, m, &b), RME_OK);
	assert_int_equal(g.item_end.error.code, RME_EMODULE);
	rmi_buf_unref(b);
	rme__v1__frame__free_unpacked(m, NULL);
}

static void
small_frames(void **state)
{
	(void)state;
	struct rmi_frame g;
	struct rmi_frame flush = {.kind = RMI_FRAME_FLUSH, .flush = {.seq = 3, .last = true, .remaining_ns = 99}};
	round_trip(&g, &flush);
	assert_true(g.flush.seq == 3 && g.flush.last && g.flush.remaining_ns == 99);
	struct rmi_frame credit = {.kind = RMI_FRAME_CREDIT, .credit = {.window_items = 4, .window_bytes = 5}};
	round_trip(&g, &credit);
	assert_true(g.credit.window_items == 4 && g.credit.window_bytes == 5);
	struct rmi_frame control = {.kind = RMI_FRAME_CONTROL, .control = {.op = RMI_CONTROL_CANCEL, .seq = 6}};
	round_trip(&g, &control);
	assert_true(g.control.op == RMI_CONTROL_CANCEL && g.control.seq == 6);
	struct rmi_frame close = {.kind = RMI_FRAME_CLOSE};
	round_trip(&g, &close);
	struct rmi_frame error = {.kind = RMI_FRAME_ERROR, .error = {RME_ENOTFOUND, "serve", "no such service"}};
	round_trip(&g, &error);
	assert_int_equal(g.error.code, RME_ENOTFOUND);
	assert_string_equal(g.error.text, "no such service");
}

static enum rme_err
decode_bytes(const void *data, size_t n)
{
	struct rmi_buf *b = rmi_buf_copy(data, n);
	struct rmi_frame f;
	enum rme_err e = rmi_frame_decode(&f, b, NULL);
	rmi_buf_unref(b);
	return e;
}

static void
nonsense_is_refused(void **state)
{
	(void)state;
	assert_int_equal(decode_bytes("", 0), RME_EPROTO);
	assert_int_equal(decode_bytes("\x42\x00\x42\x00", 4), RME_EPROTO); /* two Close */
	assert_int_equal(decode_bytes("\x42\x00\xba\x06\x00", 5), RME_OK); /* Close and an unknown field */
	assert_int_equal(decode_bytes("\xba\x06\x00", 3), RME_EPROTO);     /* only an unknown field */
	assert_int_equal(decode_bytes("\x12\x00", 2), RME_EPROTO);         /* Item without a number */
	assert_int_equal(decode_bytes("\x2a\x00", 2), RME_EPROTO);         /* Flush without a number */
	assert_int_equal(decode_bytes("\x3a\x02\x08\x07", 4), RME_EPROTO); /* Control of unknown kind */
	assert_int_equal(decode_bytes("\x12\x07\x08\x01\x42\x03"
	                              "x/y",
	                     9),
	    RME_EFORMAT);
	assert_int_equal(decode_bytes("\x12\x05\x08\x01\x4a\x01"
	                              "x",
	                     7),
	    RME_EPROTO); /* trace of one byte */
	assert_int_equal(decode_bytes("\x12\x0d\x08\x01\x30\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 15), RME_EPROTO);
	assert_int_equal(decode_bytes("\x12\x09\x08\x01\x18\x02\x3d\0\0\0\x40", 11), RME_EPROTO); /* confidence 2.0 */
}

static void
limits_are_kept(void **state)
{
	(void)state;
	struct rmi_frame f = {.kind = RMI_FRAME_OPEN};
	struct rmi_buf *b = NULL;
	char *params = malloc(RMI_WIRE_PARAMS_MAX + 2);
	assert_non_null(params);
	memset(params, ' ', RMI_WIRE_PARAMS_MAX + 1);
	params[RMI_WIRE_PARAMS_MAX + 1] = '\0';
	f.open.params_json = params;
	assert_int_equal(rmi_frame_encode(&b, &f), RME_ELIMIT);
	params[RMI_WIRE_PARAMS_MAX] = '\0';
	assert_int_equal(rmi_frame_encode(&b, &f), RME_OK);
	rmi_buf_unref(b);
	free(params);
	struct rmi_frame packet = {.kind = RMI_FRAME_ITEM};
	assert_int_equal(rmi_frame_encode(&b, &packet), RME_EINVAL);
	uint8_t long_service[6 + 128] = {0x0a, 0x83, 1, 0x12, 0x80, 1}; /* Open of 131 bytes, service of 128 */
	memset(long_service + 6, 'a', 128);
	assert_int_equal(RMI_WIRE_NAME_MAX, 128);
	assert_int_equal(decode_bytes(long_service, sizeof long_service), RME_ELIMIT);
}

/* Every cut of a good frame is refused or understood, never read beyond. */
static void
truncated_anywhere(void **state)
{
	(void)state;
	struct rmi_frame f = {.kind = RMI_FRAME_OPENED};
	f.opened = (struct rmi_frame_opened){.session = "far session", .server = "rme", .window_items = 300};
	struct rmi_buf *b = NULL;
	size_t n;
	assert_int_equal(rmi_frame_encode(&b, &f), RME_OK);
	uint8_t *flat = flatten(b, &n);
	for (size_t cut = 0; cut < n; cut++) {
		assert_int_equal(decode_bytes(flat, cut), RME_EPROTO);
	}
	assert_int_equal(decode_bytes(flat, n), RME_OK);
	free(flat);
	rmi_buf_unref(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(open_frame),
	    cmocka_unit_test(opened_frame),
	    cmocka_unit_test(item_end_frame),
	    cmocka_unit_test(small_frames),
	    cmocka_unit_test(nonsense_is_refused),
	    cmocka_unit_test(limits_are_kept),
	    cmocka_unit_test(truncated_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
