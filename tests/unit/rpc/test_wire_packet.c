#include "rpc/wire_packet.h"

#include "pieces.h"
#include "rme.pb-c.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <string.h>

static struct rme_packet *
make_packet(size_t n, const struct rme_packet_meta *meta)
{
	struct rme_packet *p = NULL;
	uint8_t *data;
	assert_int_equal(rme_packet_alloc(&p, meta, n, &data), RME_OK);
	for (size_t i = 0; i < n; i++) {
		data[i] = (uint8_t)(i * 7);
	}
	return p;
}

static struct rme_packet_meta
audio_meta(void)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	m.pts_ns = 20000000;
	m.duration_ns = 20000000;
	m.confidence = 0.25F;
	memset(m.trace.trace_id, 1, 16);
	return m;
}

static void
assert_same_payload(const struct rme_packet *a, const struct rme_packet *b)
{
	size_t na;
	size_t nb;
	const uint8_t *pa = rme_packet_data(a, &na);
	const uint8_t *pb = rme_packet_data(b, &nb);
	assert_int_equal(na, nb);
	assert_memory_equal(pa, pb, na);
}

/* Encode, let it arrive in pieces, decode. */
static struct rme_packet *
through_the_wire(struct rme_packet *pkt, const struct rmi_wire_out *out, struct rmi_wire_format *seen, unsigned step)
{
	struct rmi_buf *b = NULL;
	size_t n;
	assert_int_equal(rmi_wire_encode(&b, pkt, out), RME_OK);
	uint8_t *flat = flatten(b, &n);
	rmi_buf_unref(b);
	b = step ? in_pieces(flat, n, step) : rmi_buf_copy(flat, n);
	free(flat);
	struct rmi_frame f;
	struct rme_packet *got = NULL;
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rmi_wire_in in = {.meta = &meta, .seen = seen};
	assert_int_equal(rmi_frame_decode(&f, b, NULL), RME_OK);
	assert_int_equal(f.kind, out->kind);
	assert_int_equal(f.packet.seq, out->seq);
	assert_int_equal(f.packet.remaining_ns, out->remaining_ns);
	assert_int_equal(rmi_wire_packet(&got, b, &f.packet, &in), RME_OK);
	rmi_buf_unref(b);
	return got;
}

static void
packets_survive(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 22, 255, 640, 2047, 2048, 70000};
	struct rme_packet_meta meta = audio_meta();
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		for (unsigned step = 0; step < 20; step++) {
			struct rmi_wire_format sent = {0};
			struct rmi_wire_format seen = {0};
			struct rmi_wire_out out = {.kind = RMI_FRAME_ITEM, .seq = 77, .remaining_ns = 5, .sent = &sent};
			struct rme_packet *p = make_packet(sizes[i], &meta);
			struct rme_packet *q = through_the_wire(p, &out, &seen, step);
			const struct rme_packet_meta *m = rme_packet_meta(q);
			assert_same_payload(p, q);
			assert_true(m->pts_ns == meta.pts_ns && m->duration_ns == meta.duration_ns);
			assert_true(m->confidence == 0.25F);
			assert_true(rme_format_equal(&m->format, &meta.format));
			assert_memory_equal(m->trace.trace_id, meta.trace.trace_id, 16);
			rme_packet_unref(p);
			rme_packet_unref(q);
		}
	}
}

static void
nothing_known_stays_nothing(void **state)
{
	(void)state;
	struct rme_packet_meta meta = rme_packet_meta_init();
	struct rmi_wire_format seen = {0};
	struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = 1};
	struct rme_packet *p = make_packet(3, &meta);
	struct rme_packet *q = through_the_wire(p, &out, &seen, 0);
	assert_true(rme_packet_meta(q)->pts_ns == -1);
	assert_true(isnan(rme_packet_meta(q)->confidence));
	assert_int_equal(rme_packet_meta(q)->format.media, RME_MEDIA_OCTETS);
	rme_packet_unref(p);
	rme_packet_unref(q);
}

static void
format_is_said_when_it_changes(void **state)
{
	(void)state;
	struct rmi_wire_format sent = {0};
	struct rmi_wire_format seen = {0};
	struct rme_packet_meta meta = audio_meta();
	struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = 1, .sent = &sent};
	struct rme_packet *p = make_packet(10, &meta);
	struct rmi_buf *first = NULL;
	struct rmi_buf *second = NULL;
	assert_int_equal(rmi_wire_encode(&first, p, &out), RME_OK);
	assert_int_equal(rmi_wire_encode(&second, p, &out), RME_OK);
	assert_int_equal(rmi_buf_size(first), rmi_buf_size(second) + 2 + 44);
	rmi_buf_unref(first);
	rmi_buf_unref(second);
	sent.known = false;
	rme_packet_unref(through_the_wire(p, &out, &seen, 0));
	struct rme_packet *q = through_the_wire(p, &out, &seen, 0); /* without saying it */
	assert_true(rme_format_equal(&rme_packet_meta(q)->format, &meta.format));
	rme_packet_unref(q);
	rme_packet_unref(p);
	meta.format = rme_format_of(RME_MEDIA_JSON);
	p = make_packet(10, &meta);
	q = through_the_wire(p, &out, &seen, 0);
	assert_int_equal(rme_packet_meta(q)->format.media, RME_MEDIA_JSON);
	rme_packet_unref(q);
	rme_packet_unref(p);
}

static void
payloads_are_not_copied(void **state)
{
	(void)state;
	struct rme_packet_meta meta = audio_meta();
	struct rme_packet *p = make_packet(100000, &meta);
	struct rmi_wire_out out = {.kind = RMI_FRAME_ITEM, .seq = 1};
	struct rmi_buf *b = NULL;
	struct rmi_frame f;
	size_t n;
	const uint8_t *data = rme_packet_data(p, &n);
	assert_int_equal(rmi_wire_encode(&b, p, &out), RME_OK);
	assert_int_equal(rmi_frame_decode(&f, b, NULL), RME_OK);
	assert_ptr_equal(rmi_buf_view(b, f.packet.payload.off, n), data);
	struct rmi_wire_format seen = {0};
	struct rmi_wire_in in = {.meta = &meta, .seen = &seen};
	struct rme_packet *q = NULL;
	assert_int_equal(rmi_wire_packet(&q, b, &f.packet, &in), RME_OK);
	rmi_buf_unref(b);
	rme_packet_unref(p); /* the new packet keeps the bytes alive */
	assert_ptr_equal(rme_packet_data(q, &n), data);
	assert_int_equal(data[99999], (uint8_t)(99999 * 7));
	rme_packet_unref(q);
}

static void
annotation_travels(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 12, 5000};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct rme_packet_meta meta = audio_meta();
		struct rme_packet *p = make_packet(640, &meta);
		meta.format = rme_format_of(RME_MEDIA_JSON);
		meta.confidence = 0.75F;
		struct rme_packet *note = make_packet(sizes[i], &meta);
		rme_packet_annotate(p, rme_packet_ref(note));
		for (unsigned step = 0; step < 12; step++) {
			struct rmi_wire_format seen = {0};
			struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = 5, .index = 3};
			struct rme_packet *q = through_the_wire(p, &out, &seen, step);
			const struct rme_packet *got = rme_packet_annotation(q);
			assert_non_null(got);
			assert_same_payload(p, q);
			assert_same_payload(note, got);
			assert_int_equal(rme_packet_meta(got)->format.media, RME_MEDIA_JSON);
			assert_true(rme_packet_meta(got)->confidence == 0.75F);
			assert_true(rme_packet_meta(q)->confidence == 0.25F);
			rme_packet_unref(q);
		}
		rme_packet_unref(note);
		rme_packet_unref(p);
	}
}

static void
whole_packets_stay_whole(void **state)
{
	(void)state;
	for (unsigned whole = 0; whole < 2; whole++) {
		struct rme_packet_meta meta = audio_meta();
		meta.flags = whole != 0 ? (uint32_t)RME_PACKET_WHOLE : 0;
		struct rme_packet *p = make_packet(640, &meta);
		struct rmi_wire_format seen = {0};
		struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = 5};
		struct rme_packet *q = through_the_wire(p, &out, &seen, 0);
		assert_int_equal(rme_packet_meta(q)->flags & RME_PACKET_WHOLE, meta.flags);
		rme_packet_unref(q);
		rme_packet_unref(p);
	}
}

static void
same_payload_is_left_out(void **state)
{
	(void)state;
	struct rme_packet_meta meta = audio_meta();
	struct rme_packet *item = make_packet(5000, &meta);
	struct rme_packet_meta result_meta = meta;
	result_meta.confidence = 1.0F;
	struct rme_packet *result = NULL;
	assert_int_equal(rme_packet_derive(&result, item, &result_meta), RME_OK);
	struct rmi_wire_out out = {.kind = RMI_FRAME_DATA, .seq = 1, .flags = RMI_WIRE_SAME_PAYLOAD};
	struct rmi_buf *b = NULL;
	struct rmi_frame f;
	assert_int_equal(rmi_wire_encode(&b, result, &out), RME_OK);
	assert_true(rmi_buf_size(b) < 200);
	assert_int_equal(rmi_frame_decode(&f, b, NULL), RME_OK);
	struct rmi_wire_format seen = {0};
	struct rmi_wire_in in = {.meta = &meta, .seen = &seen};
	struct rme_packet *got = NULL;
	assert_int_equal(rmi_wire_packet(&got, b, &f.packet, &in), RME_EPROTO); /* of which item? */
	in.item = item;
	assert_int_equal(rmi_wire_packet(&got, b, &f.packet, &in), RME_OK);
	assert_same_payload(got, item);
	assert_true(rme_packet_meta(got)->confidence == 1.0F);
	rme_packet_unref(got);
	rmi_buf_unref(b);
	rme_packet_unref(result);
	rme_packet_unref(item);
}

static void
limits_of_packets(void **state)
{
	(void)state;
	struct rme_packet_meta meta = audio_meta();
	struct rmi_wire_out out = {.kind = RMI_FRAME_ITEM, .seq = 1};
	struct rmi_buf *b = NULL;
	struct rme_packet *p = make_packet(RMI_WIRE_PAYLOAD_MAX + 1, &meta);
	assert_int_equal(rmi_wire_encode(&b, p, &out), RME_ELIMIT);
	rme_packet_unref(p);
	p = make_packet(1, &meta);
	rme_packet_annotate(p, make_packet(RMI_WIRE_ANNOTATION_MAX + 1, &meta));
	assert_int_equal(rmi_wire_encode(&b, p, &out), RME_ELIMIT);
	rme_packet_unref(p);
}

static void
protobuf_c_reads_the_same(void **state)
{
	(void)state;
	struct rme_packet_meta meta = audio_meta();
	struct rme_packet *p = make_packet(640, &meta);
	meta.format = rme_format_of(RME_MEDIA_TEXT);
	rme_packet_annotate(p, make_packet(300, &meta));
	struct rmi_wire_out out = {.kind = RMI_FRAME_ITEM, .seq = 3, .remaining_ns = 4, .flags = RMI_WIRE_NO_RESULTS};
	struct rmi_buf *b = NULL;
	size_t n;
	assert_int_equal(rmi_wire_encode(&b, p, &out), RME_OK);
	uint8_t *flat = flatten(b, &n);
	Rme__V1__Frame *m = rme__v1__frame__unpack(NULL, n, flat);
	assert_non_null(m);
	assert_int_equal(m->kind_case, RME__V1__FRAME__KIND_ITEM);
	assert_int_equal(m->item->seq, 3);
	assert_int_equal(m->item->remaining_ns, 4);
	assert_int_equal(m->item->pts_ns, 20000000);
	assert_int_equal(m->item->flags, RME__V1__PACKET_FLAGS__PACKET_HAS_PTS |
	                                     RME__V1__PACKET_FLAGS__PACKET_HAS_CONFIDENCE |
	                                     RME__V1__PACKET_FLAGS__PACKET_NO_RESULTS);
	assert_string_equal(m->item->format, "audio/pcm;format=s16le;rate=16000;channels=1");
	assert_int_equal(m->item->payload.len, 640);
	assert_memory_equal(m->item->payload.data, rme_packet_data(p, &n), 640);
	assert_string_equal(m->item->annotation->format, "text/plain");
	assert_int_equal(m->item->annotation->payload.len, 300);
	rme__v1__frame__free_unpacked(m, NULL);
	free(flat);
	rmi_buf_unref(b);
	rme_packet_unref(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packets_survive),
	    cmocka_unit_test(nothing_known_stays_nothing),
	    cmocka_unit_test(format_is_said_when_it_changes),
	    cmocka_unit_test(payloads_are_not_copied),
	    cmocka_unit_test(annotation_travels),
	    cmocka_unit_test(whole_packets_stay_whole),
	    cmocka_unit_test(same_payload_is_left_out),
	    cmocka_unit_test(limits_of_packets),
	    cmocka_unit_test(protobuf_c_reads_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
