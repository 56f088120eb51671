#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "node_fixture.h"
#include "nodes/catalog.h"

enum { FRAMES = 22050 };

static void
open_node(struct node_fixture *f, const char *rate, const char *channels, const char *sample, const char *continuous)
{
	const char *const params[] = {"output_sample_rate", rate, "output_channels", channels, "output_format", sample,
	    "continuous", continuous, NULL};
	assert_int_equal(node_open(f, &rmi_audio_transform_type, params, NULL), RME_OK);
}

static struct rme_packet_meta
audio(enum rme_sample sample, uint32_t rate, uint32_t channels, int64_t pts_ns)
{
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(sample, rate, channels);
	m.pts_ns = pts_ns;
	return m;
}

static int16_t *
tone(void)
{
	int16_t *pcm = calloc(2 * FRAMES, sizeof(*pcm));
	assert_non_null(pcm);
	for (int i = 0; i < FRAMES; i++) {
		pcm[2 * i] = (int16_t)lrint(8000 * sin(i * 0.05));
		pcm[2 * i + 1] = (int16_t)lrint(6000 * sin(i * 0.11 + 1));
	}
	return pcm;
}

/* All that came out, one after the other; checks that times follow each other. @return bytes */
static size_t
collect(const struct harness *h, uint8_t *out, size_t cap)
{
	size_t total = 0;
	int64_t next_ns = -1;
	for (size_t i = 0; i < harness_n_data(h); i++) {
		size_t len = 0;
		const struct rme_packet *p = harness_data(h, i);
		const struct rme_packet_meta *m = rme_packet_meta(p);
		const uint8_t *data = rme_packet_data(p, &len);
		assert_true(total + len <= cap);
		memcpy(out + total, data, len);
		total += len;
		assert_true(m->duration_ns > 0);
		if (next_ns >= 0) {
			assert_true(llabs(m->pts_ns - next_ns) <= 1);
		}
		next_ns = m->pts_ns + m->duration_ns;
	}
	return total;
}

/* Feed the tone in pieces; pts from @p start_ns. */
static void
feed(struct harness *h, const int16_t *pcm, size_t piece, int64_t start_ns)
{
	for (size_t done = 0; done < FRAMES;) {
		size_t n = piece < FRAMES - done ? piece : FRAMES - done;
		struct rme_packet_meta m =
		    audio(RME_SAMPLE_S16LE, 44100, 2, start_ns + (int64_t)(done * 1000000000 / 44100));
		assert_int_equal(harness_item(h, &m, pcm + 2 * done, n * 4), RME_OK);
		done += n;
	}
	harness_flush(h);
}

static void
pieces_do_not_change_the_result(void **state)
{
	(void)state;
	static const size_t pieces[] = {FRAMES, 882, 441, 100, 5000};
	int16_t *pcm = tone();
	size_t cap = FRAMES * 8;
	uint8_t *whole = calloc(1, cap);
	uint8_t *cut = calloc(1, cap);
	size_t expected = 0;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct node_fixture f;
		open_node(&f, "16000", "1", "s16le", "true");
		feed(&f.h, pcm, pieces[i], 5000);
		assert_int_equal(rme_packet_meta(harness_data(&f.h, 0))->pts_ns, 5000);
		size_t n = collect(&f.h, i == 0 ? whole : cut, cap);
		expected = i == 0 ? n : expected;
		assert_int_equal(n, expected);
		assert_memory_equal(i == 0 ? whole : cut, whole, n);
		/* A second stream through the same node: the flush left nothing behind. */
		harness_clear(&f.h);
		feed(&f.h, pcm, pieces[i], 0);
		assert_int_equal(collect(&f.h, cut, cap), expected);
		assert_memory_equal(cut, whole, expected);
		node_close(&f);
	}
	assert_int_equal(expected, 2 * (FRAMES * 160 / 441));
	free(pcm);
	free(whole);
	free(cut);
}

static void
same_format_goes_through_untouched(void **state)
{
	(void)state;
	struct node_fixture f;
	open_node(&f, "0", "0", "auto", "true");
	struct rme_packet_meta m = audio(RME_SAMPLE_F32LE, 8000, 3, 77);
	static const float in[6] = {NAN, 2, 3, 4, 5, 6};
	assert_int_equal(harness_item(&f.h, &m, in, sizeof(in)), RME_OK);
	size_t len = 0;
	const uint8_t *out = rme_packet_data(harness_data(&f.h, 0), &len);
	assert_int_equal(len, sizeof(in));
	assert_memory_equal(out, in, sizeof(in));
	assert_int_equal(rme_packet_meta(harness_data(&f.h, 0))->pts_ns, 77);
	node_close(&f);
}

static void
channels_and_samples_are_converted_packet_by_packet(void **state)
{
	(void)state;
	struct node_fixture f;
	open_node(&f, "0", "1", "f32le", "true");
	static const int16_t stereo[] = {16384, 0, -16384, -16384};
	static const float mono[] = {0.25F, -0.5F};
	for (int i = 0; i < 3; i++) {
		struct rme_packet_meta m = audio(RME_SAMPLE_S16LE, 16000, 2, 1000 * i * i);
		m.flags = RME_PACKET_LOCAL;
		m.deadline_ns = 99;
		assert_int_equal(harness_item(&f.h, &m, stereo, sizeof(stereo)), RME_OK);
		const struct rme_packet *p = harness_data(&f.h, (size_t)i);
		size_t len = 0;
		assert_memory_equal(rme_packet_data(p, &len), mono, sizeof(mono));
		assert_int_equal(len, sizeof(mono));
		assert_int_equal(rme_packet_meta(p)->pts_ns, 1000 * i * i);
		assert_int_equal(rme_packet_meta(p)->deadline_ns, 99);
		assert_int_equal(rme_packet_meta(p)->flags, RME_PACKET_LOCAL);
		assert_int_equal(rme_packet_meta(p)->seq, f.h.seq);
	}
	harness_flush(&f.h);
	assert_int_equal(harness_n_data(&f.h), 3);
	node_close(&f);
}

static void
mono_is_repeated_after_resampling(void **state)
{
	(void)state;
	struct node_fixture f;
	open_node(&f, "48000", "2", "auto", "false");
	int16_t in[1600];
	for (int i = 0; i < 1600; i++) {
		in[i] = (int16_t)(1000 + i % 50);
	}
	struct rme_packet_meta m = audio(RME_SAMPLE_S16LE, 16000, 1, -1);
	assert_int_equal(harness_item(&f.h, &m, in, sizeof(in)), RME_OK);
	size_t len = 0;
	const uint8_t *bytes = rme_packet_data(harness_data(&f.h, 0), &len);
	assert_int_equal(len, 4800 * 4); /* alone: with its tail, in one packet */
	assert_int_equal(rme_packet_meta(harness_data(&f.h, 0))->pts_ns, -1);
	for (size_t i = 0; i < 4800; i++) {
		assert_memory_equal(bytes + 4 * i, bytes + 4 * i + 2, 2);
	}
	node_close(&f);
}

static size_t
frames_out(const struct harness *h, uint32_t unit)
{
	size_t total = 0;
	for (size_t i = 0; i < harness_n_data(h); i++) {
		size_t len = 0;
		(void)rme_packet_data(harness_data(h, i), &len);
		total += len / unit;
	}
	return total;
}

/* A jump in time, a new format, a packet that is whole: each ends the stream, and no frame is lost. */
static void
streams_end_where_the_input_says(void **state)
{
	(void)state;
	struct node_fixture f;
	open_node(&f, "8000", "1", "s16le", "true");
	static const int16_t zeros[3200];
	struct rme_packet_meta m = audio(RME_SAMPLE_S16LE, 16000, 1, 0);
	assert_int_equal(harness_item(&f.h, &m, zeros, 3200), RME_OK);
	m.pts_ns = INT64_C(3000000000);
	assert_int_equal(harness_item(&f.h, &m, zeros, 3200), RME_OK);
	assert_true(frames_out(&f.h, 2) >= 800);
	assert_int_equal(rme_packet_meta(harness_data(&f.h, 0))->pts_ns, 0);
	m = audio(RME_SAMPLE_F32LE, 48000, 1, INT64_C(3100000000));
	assert_int_equal(harness_item(&f.h, &m, zeros, 4800), RME_OK);
	assert_true(frames_out(&f.h, 2) >= 1600);
	m.flags = RME_PACKET_WHOLE;
	m.pts_ns += 25000000;
	assert_int_equal(harness_item(&f.h, &m, zeros, 4800), RME_OK);
	assert_int_equal(frames_out(&f.h, 2), 1600 + 2 * 200);
	size_t before = harness_n_data(&f.h);
	harness_flush(&f.h);
	assert_int_equal(harness_n_data(&f.h), before);
	node_close(&f);
}

static void
reset_forgets_the_stream(void **state)
{
	(void)state;
	struct node_fixture f;
	open_node(&f, "8000", "1", "s16le", "true");
	static const int16_t zeros[160];
	struct rme_packet_meta m = audio(RME_SAMPLE_S16LE, 16000, 1, 0);
	assert_int_equal(harness_item(&f.h, &m, zeros, sizeof(zeros)), RME_OK);
	harness_clear(&f.h);
	rmi_node_reset(f.h.node);
	harness_flush(&f.h);
	assert_int_equal(harness_n_data(&f.h), 0);
	node_close(&f);
}

static void
bad_input_fails_the_item_only(void **state)
{
	(void)state;
	struct node_fixture f;
	open_node(&f, "16000", "1", "s16le", "true");
	static const uint8_t bytes[64];
	struct rme_packet_meta text = rme_packet_meta_init();
	text.format = rme_format_of(RME_MEDIA_TEXT);
	assert_int_equal(harness_item(&f.h, &text, bytes, 5), RME_EFORMAT);
	struct rme_packet_meta m = audio(RME_SAMPLE_S16LE, 44100, 2, 0);
	assert_int_equal(harness_item(&f.h, &m, bytes, 6), RME_EFORMAT);
	assert_non_null(strstr(f.h.failed[f.h.seq].text, "no whole number of 4-byte frames"));
	m.format.audio.rate_hz = 0;
	assert_int_equal(harness_item(&f.h, &m, bytes, 8), RME_EFORMAT);
	m.format = rme_format_audio(RME_SAMPLE_S16LE, RME_AUDIO_RATE_MAX + 1, 1);
	assert_int_equal(harness_item(&f.h, &m, bytes, 8), RME_EFORMAT);
	m = audio(RME_SAMPLE_S16LE, 44100, 2, 0);
	assert_int_equal(harness_item(&f.h, &m, bytes, 0), RME_OK);
	assert_int_equal(harness_item(&f.h, &m, bytes, 64), RME_OK);
	harness_flush(&f.h);
	assert_int_equal(frames_out(&f.h, 2), 6); /* 16 frames */
	node_close(&f);
}

/* 1 Hz to 384 kHz: 384000 times the bytes. */
static void
what_would_be_too_large_is_refused(void **state)
{
	(void)state;
	struct node_fixture f;
	open_node(&f, "384000", "32", "f32le", "true");
	static const uint8_t bytes[100000];
	struct rme_packet_meta m = audio(RME_SAMPLE_S16LE, 1, 1, 0);
	assert_int_equal(harness_item(&f.h, &m, bytes, sizeof(bytes)), RME_ELIMIT);
	node_close(&f);
}

static void
tells_its_formats(void **state)
{
	(void)state;
	const struct rme_node_type *t = &rmi_audio_transform_type;
	struct rme_format in = rme_format_audio(RME_SAMPLE_F32LE, 48000, 6), want = in, gives = {0};
	assert_int_equal(t->formats(t, NULL, &in, &want, &gives), RME_OK);
	struct rme_format expected = rme_format_audio(RME_SAMPLE_F32LE, 44100, 2);
	assert_true(rme_format_equal(&gives, &expected) && rme_format_equal(&want, &in));
	in = rme_format_of(RME_MEDIA_TEXT);
	assert_int_equal(t->formats(t, NULL, &in, &want, &gives), RME_EFORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_do_not_change_the_result),
	    cmocka_unit_test(same_format_goes_through_untouched),
	    cmocka_unit_test(channels_and_samples_are_converted_packet_by_packet),
	    cmocka_unit_test(mono_is_repeated_after_resampling),
	    cmocka_unit_test(streams_end_where_the_input_says),
	    cmocka_unit_test(reset_forgets_the_stream),
	    cmocka_unit_test(bad_input_fails_the_item_only),
	    cmocka_unit_test(what_would_be_too_large_is_refused),
	    cmocka_unit_test(tells_its_formats),
	};
	return cmocka_run_group_tests_name("audio_transform", tests, NULL, NULL);
}
