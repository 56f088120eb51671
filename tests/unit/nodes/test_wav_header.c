#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/wav_header.h"

/* A source that gives one byte at a time, as a slow pipe may. */
struct bytes {
	const uint8_t *at;
	size_t left;
	size_t fail_after; /* SIZE_MAX = never */
};

static int64_t
read_one(void *ctx, uint8_t *to, size_t n)
{
	struct bytes *b = ctx;
	if (b->fail_after-- == 0) {
		return -1;
	}
	if (b->left == 0 || n == 0) {
		return 0;
	}
	*to = *b->at++;
	b->left--;
	return 1;
}

static enum rme_err
parse(const uint8_t *data, size_t len, struct rmi_wav_header *h, struct rme_error *err)
{
	struct bytes b = {data, len, SIZE_MAX};
	const struct rmi_wav_source source = {read_one, &b};
	*err = (struct rme_error){0};
	return rmi_wav_header_read(h, &source, err);
}

static void
make(uint8_t header[RMI_WAV_HEADER_BYTES])
{
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 16000, 2);
	rmi_wav_header_write(header, &f, 1000);
}

static void
what_is_written_is_read(void **state)
{
	(void)state;
	static const struct {
		enum rme_sample sample;
		uint32_t rate, channels;
		uint64_t bytes, read;
	} cases[] = {
	    {RME_SAMPLE_S16LE, 8000, 1, 2, 2},
	    {RME_SAMPLE_F32LE, 384000, 32, 1280, 1280},
	    {RME_SAMPLE_S16LE, 16000, 2, UINT64_MAX, UINT64_MAX},
	    {RME_SAMPLE_S16LE, 16000, 2, UINT64_C(1) << 40, UINT64_MAX},
	    {RME_SAMPLE_S16LE, 16000, 2, 0, UINT64_MAX},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rme_format f = rme_format_audio(cases[i].sample, cases[i].rate, cases[i].channels);
		uint8_t header[RMI_WAV_HEADER_BYTES];
		struct rmi_wav_header h;
		struct rme_error err;
		rmi_wav_header_write(header, &f, cases[i].bytes);
		assert_int_equal(parse(header, sizeof(header), &h, &err), RME_OK);
		assert_int_equal(h.tag, cases[i].sample == RME_SAMPLE_F32LE ? 3 : 1);
		assert_int_equal(h.bits, cases[i].sample == RME_SAMPLE_F32LE ? 32 : 16);
		assert_int_equal(h.rate_hz, cases[i].rate);
		assert_int_equal(h.channels, cases[i].channels);
		assert_int_equal(h.data_bytes, cases[i].read);
		assert_int_equal(h.bytes_before, RMI_WAV_HEADER_BYTES);
	}
}

static void
other_chunks_are_skipped(void **state)
{
	(void)state;
	uint8_t header[RMI_WAV_HEADER_BYTES];
	make(header);
	struct rmi_wav_header h;
	struct rme_error err;
	uint8_t good[RMI_WAV_HEADER_BYTES + 12];
	memcpy(good, header, 12);
	memcpy(good + 12, "LIST\x03\0\0\0abc\0", 12); /* an odd size has a byte of padding */
	memcpy(good + 24, header + 12, 32);
	assert_int_equal(parse(good, sizeof(good), &h, &err), RME_OK);
	assert_int_equal(h.bytes_before, sizeof(good));
	memcpy(good + 16, "\xff\xff\xff\x7f", 4);
	assert_int_equal(parse(good, sizeof(good), &h, &err), RME_ELIMIT);
}

static void
extensible_names_its_samples(void **state)
{
	(void)state;
	uint8_t header[RMI_WAV_HEADER_BYTES];
	uint8_t longer[RMI_WAV_HEADER_BYTES + 24] = {0};
	make(header);
	memcpy(longer, header, 36);
	longer[16] = 40;
	memcpy(longer + 20, "\xfe\xff", 2);
	longer[20 + 24] = 3;
	memcpy(longer + 60, header + 36, 8);
	struct rmi_wav_header h;
	struct rme_error err;
	assert_int_equal(parse(longer, sizeof(longer), &h, &err), RME_OK);
	assert_int_equal(h.tag, 3);
}

static void
lies_are_told(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		const char *bytes;
		size_t n;
		const char *text;
	} lies[] = {
	    {0, "RIFX", 4, "no WAV"},
	    {8, "AVI ", 4, "no WAV"},
	    {16, "\x0f\0\0\0", 4, "fmt chunk of 15 bytes"},
	    {16, "\xff\xff\xff\xff", 4, "fmt chunk of 4294967295 bytes"},
	    {22, "\0\0", 2, "0 channels"},
	    {22, "\xff\xff", 2, "65535 channels"},
	    {24, "\0\0\0\0", 4, "0 samples per second"},
	    {24, "\xff\xff\xff\xff", 4, "4294967295 samples per second"},
	    {12, "tmf ", 4, "without a fmt chunk"},
	};
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		uint8_t header[RMI_WAV_HEADER_BYTES];
		struct rmi_wav_header h;
		struct rme_error err;
		make(header);
		memcpy(header + lies[i].at, lies[i].bytes, lies[i].n);
		assert_int_equal(parse(header, sizeof(header), &h, &err), RME_EFORMAT);
		if (strstr(err.text, lies[i].text) == NULL) {
			fail_msg("\"%s\" does not say \"%s\"", err.text, lies[i].text);
		}
	}
}

static void
every_cut_is_told(void **state)
{
	(void)state;
	uint8_t header[RMI_WAV_HEADER_BYTES];
	make(header);
	for (size_t n = 0; n < sizeof(header); n++) {
		struct rmi_wav_header h;
		struct rme_error err;
		assert_int_equal(parse(header, n, &h, &err), RME_EFORMAT);
		assert_non_null(strstr(err.text, "ends in the"));
		struct bytes b = {header, sizeof(header), n};
		const struct rmi_wav_source source = {read_one, &b};
		assert_int_equal(rmi_wav_header_read(&h, &source, &err), RME_EIO);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(other_chunks_are_skipped),
	    cmocka_unit_test(extensible_names_its_samples),
	    cmocka_unit_test(lies_are_told),
	    cmocka_unit_test(every_cut_is_told),
	};
	return cmocka_run_group_tests_name("wav_header", tests, NULL, NULL);
}
