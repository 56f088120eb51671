#include "rpc/wire_read.h"

#include "pieces.h"
#include "rpc/wire_write.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

/* Read everything; the tags seen and whether the end was clean. */
static int
read_all(const void *data, size_t n, uint32_t tags[8])
{
	struct rmi_buf *b = rmi_buf_copy(data, n);
	struct rmi_reader r;
	struct rmi_field f;
	int more;
	unsigned i = 0;
	rmi_reader_init(&r, b, rmi_span_all(b));
	while ((more = rmi_reader_next(&r, &f)) > 0) {
		if (i < 8) {
			tags[i++] = f.tag;
		}
		if ((f.tag & 7) == RMI_WIRE_LEN) {
			assert_true(f.span.off <= n && f.span.len <= n - f.span.off);
		}
	}
	rmi_buf_unref(b);
	return more;
}

static void
malformed_bytes_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {
	    {"\x08", 1},                                              /* value missing */
	    {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11},     /* 65 bits */
	    {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12}, /* 11 bytes */
	    {"\x0a\x05"
	     "abc",
	        5},                                               /* longer than what is there */
	    {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* SIZE_MAX */
	    {"\x09\x01\x02\x03", 4},                              /* fixed64 cut */
	    {"\x0d\x01\x02", 3},                                  /* fixed32 cut */
	    {"\x0b", 1},                                          /* group */
	    {"\x0f", 1},                                          /* type 7 */
	    {"\x00\x01", 2},                                      /* field 0 */
	    {"\x80\x80\x80\x80\x80\x01\x00", 7},                  /* field number too large */
	    {"\x80", 1},
	};
	uint32_t tags[8];
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(read_all(bad[i].bytes, bad[i].n, tags), -1);
	}
}

static void
all_types_pass(void **state)
{
	(void)state;
	uint32_t tags[8] = {0};
	static const char bytes[] = "\x08\x96\x01\x11\1\2\3\4\5\6\7\x08\x1a\x03"
	                            "abc\x25\1\2\3\4\x0a\x00";
	assert_int_equal(read_all(bytes, sizeof bytes - 1, tags), 0);
	assert_int_equal(tags[0], RMI_WIRE_TAG(1, RMI_WIRE_VARINT));
	assert_int_equal(tags[1], RMI_WIRE_TAG(2, RMI_WIRE_FIXED64));
	assert_int_equal(tags[2], RMI_WIRE_TAG(3, RMI_WIRE_LEN));
	assert_int_equal(tags[3], RMI_WIRE_TAG(4, RMI_WIRE_FIXED32));
	assert_int_equal(tags[4], RMI_WIRE_TAG(1, RMI_WIRE_LEN));
	assert_int_equal(read_all("", 0, tags), 0);
}

/* Write a message, read it in pieces that break it anywhere. */
static void
what_was_written_is_read(void **state)
{
	(void)state;
	struct rmi_writer w;
	char long_text[300];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	rmi_writer_init(&w);
	rmi_put_varint(&w, 1, UINT64_MAX);
	rmi_put_text(&w, 2, long_text);
	rmi_put_float(&w, 3, 0.5F);
	rmi_put_varint(&w, 4, 0); /* left out */
	rmi_put_text(&w, 5, NULL);
	rmi_put_varint(&w, 6, 127);
	struct rmi_buf *b = rmi_buf_new();
	assert_int_equal(rmi_writer_flush(&w, b), RME_OK);
	size_t n;
	uint8_t *flat = flatten(b, &n);
	rmi_buf_unref(b);
	for (unsigned step = 0; step < 63; step++) {
		b = in_pieces(flat, n, step);
		struct rmi_reader r;
		struct rmi_field f;
		char text[400];
		rmi_reader_init(&r, b, rmi_span_all(b));
		assert_int_equal(rmi_reader_next(&r, &f), 1);
		assert_true(f.tag == RMI_WIRE_TAG(1, RMI_WIRE_VARINT) && f.value == UINT64_MAX);
		assert_int_equal(rmi_reader_next(&r, &f), 1);
		assert_true(rmi_span_text(b, f.span, text, sizeof text));
		assert_string_equal(text, long_text);
		assert_int_equal(rmi_reader_next(&r, &f), 1);
		assert_true(f.tag == RMI_WIRE_TAG(3, RMI_WIRE_FIXED32) && f.value == 0x3f000000);
		assert_int_equal(rmi_reader_next(&r, &f), 1);
		assert_true(f.tag == RMI_WIRE_TAG(6, RMI_WIRE_VARINT) && f.value == 127);
		assert_int_equal(rmi_reader_next(&r, &f), 0);
		rmi_buf_unref(b);
	}
	free(flat);
}

static void
text_is_cut_and_cleaned(void **state)
{
	(void)state;
	struct rmi_buf *b = rmi_buf_copy("ab\n\x7f"
	                                 "cd",
	    6);
	char text[6];
	assert_false(rmi_span_text(b, rmi_span_all(b), text, sizeof text));
	assert_string_equal(text, "ab??c");
	assert_true(rmi_span_text(b, (struct rmi_span){0, 5}, text, sizeof text));
	assert_true(rmi_span_text(b, (struct rmi_span){6, 0}, text, sizeof text));
	assert_string_equal(text, "");
	rmi_buf_unref(b);
}

static void
writer_never_overflows(void **state)
{
	(void)state;
	struct rmi_writer w;
	char text[600];
	memset(text, 'y', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	struct rmi_buf *b = rmi_buf_new();
	rmi_writer_init(&w);
	rmi_put_text(&w, 1, text);
	rmi_put_text(&w, 2, text);
	assert_int_equal(rmi_writer_close(&w, b, 1, 0), RME_ELIMIT);
	assert_int_equal(rmi_buf_size(b), 0);
	rmi_put_text(&w, 1, text);
	assert_int_equal(rmi_writer_close(&w, b, 1, 0), RME_OK); /* usable again */
	assert_int_equal(rmi_buf_size(b), 3 + 3 + 599);
	rmi_buf_unref(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(malformed_bytes_are_refused),
	    cmocka_unit_test(all_types_pass),
	    cmocka_unit_test(what_was_written_is_read),
	    cmocka_unit_test(text_is_cut_and_cleaned),
	    cmocka_unit_test(writer_never_overflows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
