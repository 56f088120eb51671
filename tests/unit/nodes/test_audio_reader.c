#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>
#include "nodes/audio_reader.h"
#include "nodes/wav_header.h"
#include "speech_data.h"

enum { FRAMES = 1000, WAV_BYTES = RMI_WAV_HEADER_BYTES + FRAMES * 2 };

static uint8_t wav[WAV_BYTES];

static int
make_wav(void **state)
{
	(void)state;
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	rmi_wav_header_write(wav, &f, FRAMES * 2);
	for (int i = 0; i < FRAMES; i++) {
		int16_t s = (int16_t)(i * 7);
		memcpy(wav + RMI_WAV_HEADER_BYTES + 2 * i, &s, sizeof(s));
	}
	return 0;
}

/* These bytes as an open file, or as a pipe. */
static int
fd_with(const void *data, size_t len, bool pipe_instead)
{
	int fds[2];
	if (pipe_instead) {
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		assert_int_equal(fcntl(fds[1], F_SETPIPE_SZ, 1 << 17) > 0, true);
	} else {
		fds[0] = memfd_create("wav", MFD_CLOEXEC);
		assert_true(fds[0] >= 0);
		fds[1] = fds[0];
	}
	assert_int_equal(write(fds[1], data, len), len);
	if (pipe_instead) {
		(void)close(fds[1]);
	} else {
		assert_int_equal(lseek(fds[0], 0, SEEK_SET), 0);
	}
	return fds[0];
}

/* Read it all. @return frames; how it ended is in @p end */
static size_t
drain(struct rmi_audio_reader *r, uint8_t *to, enum rme_err *end, struct rme_error *err)
{
	size_t bytes = 0;
	struct rme_packet *p = NULL;
	int64_t next_ns = 0;
	while ((*end = rmi_audio_reader_next(r, &p, err)) == RME_OK) {
		size_t len = 0;
		const uint8_t *data = rme_packet_data(p, &len);
		const struct rme_packet_meta *m = rme_packet_meta(p);
		assert_true(llabs(m->pts_ns - next_ns) <= 1);
		assert_true(m->duration_ns > 0);
		assert_true(rme_format_equal(&m->format, rmi_audio_reader_format(r)));
		next_ns = m->pts_ns + m->duration_ns;
		if (to != NULL) {
			memcpy(to + bytes, data, len);
		}
		bytes += len;
		rme_packet_unref(p);
	}
	return bytes / rme_format_unit_bytes(rmi_audio_reader_format(r));
}

static void
files_and_pipes_give_the_same(void **state)
{
	(void)state;
	static const int64_t packet_ns[] = {0, 1, 1000000, 10000000, INT64_C(60000000000)};
	for (int pipe_instead = 0; pipe_instead < 2; pipe_instead++) {
		for (size_t i = 0; i < 5; i++) {
			const struct rmi_audio_reader_config c = {.packet_ns = packet_ns[i]};
			struct rmi_audio_reader *r = NULL;
			uint8_t got[FRAMES * 2];
			enum rme_err end;
			assert_int_equal(rmi_audio_reader_open_fd(
			                     &r, fd_with(wav, sizeof(wav), pipe_instead != 0), "t.wav", &c, NULL),
			    RME_OK);
			assert_int_equal(rmi_audio_reader_frames(r), FRAMES);
			assert_int_equal(drain(r, got, &end, NULL), FRAMES);
			assert_int_equal(end, RME_ECLOSED);
			assert_memory_equal(got, wav + RMI_WAV_HEADER_BYTES, sizeof(got));
			rmi_audio_reader_close(r);
		}
	}
}

static void
a_chunk_behind_the_audio_is_none(void **state)
{
	(void)state;
	uint8_t longer[WAV_BYTES + 12];
	memcpy(longer, wav, sizeof(wav));
	memcpy(longer + WAV_BYTES, "LIST\x04\0\0\0note", 12);
	struct rmi_audio_reader *r = NULL;
	enum rme_err end;
	assert_int_equal(
	    rmi_audio_reader_open_fd(&r, fd_with(longer, sizeof(longer), false), "t.wav", NULL, NULL), RME_OK);
	assert_int_equal(drain(r, NULL, &end, NULL), FRAMES);
	assert_int_equal(end, RME_ECLOSED);
	rmi_audio_reader_close(r);
}

static void
what_is_cut_short_is_told(void **state)
{
	(void)state;
	struct rme_error err = {0};
	struct rmi_audio_reader *r = NULL;
	size_t cut = RMI_WAV_HEADER_BYTES + 501;
	assert_int_equal(rmi_audio_reader_open_fd(&r, fd_with(wav, cut, false), "cut.wav", NULL, &err), RME_EFORMAT);
	assert_string_equal(err.where, "cut.wav");
	assert_string_equal(err.text, "is cut short: the header promises 0.06 s of audio, 0.02 s are there");
	/* Of a pipe it is known at the end only. */
	enum rme_err end;
	assert_int_equal(rmi_audio_reader_open_fd(&r, fd_with(wav, cut, true), "cut.wav", NULL, &err), RME_OK);
	assert_int_equal(drain(r, NULL, &end, &err), 250);
	assert_int_equal(end, RME_EFORMAT);
	rmi_audio_reader_close(r);
	const struct rmi_audio_reader_config lenient = {.allow_truncated = true};
	for (int pipe_instead = 0; pipe_instead < 2; pipe_instead++) {
		int fd = fd_with(wav, cut, pipe_instead != 0);
		assert_int_equal(rmi_audio_reader_open_fd(&r, fd, "cut.wav", &lenient, &err), RME_OK);
		assert_int_equal(drain(r, NULL, &end, &err), 250);
		assert_int_equal(end, RME_ECLOSED);
		rmi_audio_reader_close(r);
	}
}

static void
a_stream_of_unknown_length_is_read_to_its_end(void **state)
{
	(void)state;
	static const uint32_t sizes[] = {0, 0xFFFFFFFF, 0x7FFFFFFF};
	for (size_t i = 0; i < 3; i++) {
		uint8_t stream[WAV_BYTES];
		memcpy(stream, wav, sizeof(wav));
		memcpy(stream + 40, &sizes[i], 4);
		struct rmi_audio_reader *r = NULL;
		enum rme_err end;
		assert_int_equal(
		    rmi_audio_reader_open_fd(&r, fd_with(stream, sizeof(stream), i == 0), "-", NULL, NULL), RME_OK);
		assert_int_equal(rmi_audio_reader_frames(r), UINT64_MAX);
		assert_int_equal(drain(r, NULL, &end, NULL), FRAMES);
		assert_int_equal(end, RME_ECLOSED);
		rmi_audio_reader_close(r);
	}
}

static void
headerless_audio_needs_its_format(void **state)
{
	(void)state;
	struct rmi_audio_reader *r = NULL;
	struct rme_error err = {0};
	enum rme_err end;
	struct rmi_audio_reader_config c = {.raw = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1)};
	assert_int_equal(rmi_audio_reader_open(&r, SPEECH_DIR "goforward.raw", NULL, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "has no header"));
	assert_int_equal(rmi_audio_reader_open(&r, SPEECH_DIR "goforward.raw", &c, &err), RME_OK);
	assert_int_equal(drain(r, NULL, &end, &err), 44580);
	assert_int_equal(end, RME_ECLOSED);
	rmi_audio_reader_close(r);
	c.raw.audio.channels = 2;
	c.raw.audio.sample = RME_SAMPLE_F32LE; /* 89160 bytes are 11145 frames of 8 */
	assert_int_equal(rmi_audio_reader_open_fd(&r, fd_with(wav, 1003, false), "odd.raw", &c, &err), RME_OK);
	(void)drain(r, NULL, &end, &err);
	assert_int_equal(end, RME_EFORMAT);
	assert_non_null(strstr(err.text, "in the middle of a frame"));
	rmi_audio_reader_close(r);
	c.raw.audio.rate_hz = 0;
	assert_int_equal(rmi_audio_reader_open(&r, SPEECH_DIR "goforward.raw", &c, &err), RME_EFORMAT);
	c.raw.audio.sample = RME_SAMPLE_ANY;
	assert_int_equal(rmi_audio_reader_open(&r, SPEECH_DIR "goforward.raw", &c, &err), RME_ECONFIG);
}

static void
recordings_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		uint32_t rate;
		size_t frames;
	} files[] = {
	    {SPEECH_DIR "cards/001.wav", 16000, 17526},
	    {SPEECH_DIR "librivox/sense_and_sensibility_01_austen_64kb-0880.wav", 16000, 47840},
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct rmi_audio_reader *r = NULL;
		struct rme_error err = {0};
		enum rme_err end;
		if (rmi_audio_reader_open(&r, files[i].path, NULL, &err) != RME_OK) {
			fail_msg("%s: %s", err.where, err.text);
		}
		assert_int_equal(rmi_audio_reader_format(r)->audio.rate_hz, files[i].rate);
		assert_int_equal(drain(r, NULL, &end, &err), files[i].frames);
		assert_int_equal(end, RME_ECLOSED);
		rmi_audio_reader_close(r);
	}
}

/* 24 bits: libsndfile reads the file, a pipe is refused. */
static void
other_samples_are_left_to_libsndfile(void **state)
{
	(void)state;
	uint8_t wide[RMI_WAV_HEADER_BYTES + 30];
	memcpy(wide, wav, RMI_WAV_HEADER_BYTES);
	memset(wide + RMI_WAV_HEADER_BYTES, 0x40, 30);
	static const uint32_t bytes = 30;
	memcpy(wide + 40, &bytes, 4);
	wide[32] = 3;
	wide[34] = 24;
	struct rmi_audio_reader *r = NULL;
	struct rme_error err = {0};
	enum rme_err end;
	float got[10];
	assert_int_equal(rmi_audio_reader_open_fd(&r, fd_with(wide, sizeof(wide), false), "w.wav", NULL, &err), RME_OK);
	assert_int_equal(rmi_audio_reader_format(r)->audio.sample, RME_SAMPLE_F32LE);
	assert_int_equal(drain(r, (uint8_t *)got, &end, &err), 10);
	assert_int_equal(end, RME_ECLOSED);
	assert_true(got[0] > 0.5F && got[0] < 0.51F);
	rmi_audio_reader_close(r);
	assert_int_equal(
	    rmi_audio_reader_open_fd(&r, fd_with(wide, sizeof(wide), true), "-", NULL, &err), RME_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "24-bit"));
}

static size_t
open_files(void)
{
	size_t n = 0;
	for (int fd = 0; fd < 256; fd++) {
		n += fcntl(fd, F_GETFD) >= 0;
	}
	return n;
}

static void
what_is_no_audio_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *data;
		size_t len;
		enum rme_err code;
	} bad[] = {
	    {"", 0, RME_EFORMAT},
	    {"hello", 5, RME_EFORMAT},
	    {"RIFF\0\0\0\0WAVE", 12, RME_EFORMAT},
	    {"fLaC\0\0\0\x22 and then nothing of the kind", 36, RME_EFORMAT},
	    {"OggS nothing", 12, RME_EFORMAT},
	};
	size_t before = open_files();
	struct rmi_audio_reader *r = NULL;
	struct rme_error err = {0};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (int pipe_instead = 0; pipe_instead < 2; pipe_instead++) {
			int fd = fd_with(bad[i].data, bad[i].len, pipe_instead != 0);
			assert_int_equal(rmi_audio_reader_open_fd(&r, fd, "bad", NULL, &err), bad[i].code);
			assert_string_equal(err.where, "bad");
			assert_true(strlen(err.text) > 0);
		}
	}
	assert_int_equal(rmi_audio_reader_open(&r, "/nowhere/x.wav", NULL, &err), RME_ENOTFOUND);
	assert_int_equal(rmi_audio_reader_open(&r, "/tmp", NULL, &err), RME_EIO);
	const struct rmi_audio_reader_config c = {.packet_ns = INT64_C(61000000000)};
	assert_int_equal(rmi_audio_reader_open_fd(&r, fd_with(wav, sizeof(wav), false), "t", &c, &err), RME_ECONFIG);
	assert_int_equal(open_files(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_and_pipes_give_the_same),
	    cmocka_unit_test(a_chunk_behind_the_audio_is_none),
	    cmocka_unit_test(what_is_cut_short_is_told),
	    cmocka_unit_test(a_stream_of_unknown_length_is_read_to_its_end),
	    cmocka_unit_test(headerless_audio_needs_its_format),
	    cmocka_unit_test(recordings_are_read),
	    cmocka_unit_test(other_samples_are_left_to_libsndfile),
	    cmocka_unit_test(what_is_no_audio_is_refused),
	};
	return cmocka_run_group_tests_name("audio_reader", tests, make_wav, NULL);
}
