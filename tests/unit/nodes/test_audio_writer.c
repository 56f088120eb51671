#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "nodes/audio_reader.h"
#include "nodes/audio_writer.h"

enum { FRAMES = 5000 };

static char folder[] = "/tmp/rme-writer-XXXXXX";

static int
make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) != NULL ? 0 : -1;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static const char *
path_of(const char *name)
{
	static char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* A sine as 16-bit or float packets of @p per_packet frames, one byte off alignment. */
static void
write_sine(struct rmi_audio_writer *w, const struct rme_format *f, size_t per_packet)
{
	static uint8_t bytes[FRAMES * 2 * sizeof(float) + 1];
	size_t unit = rme_format_unit_bytes(f);
	for (size_t i = 0; i < FRAMES * f->audio.channels; i++) {
		float x = 0.5F * sinf((float)i * 0.03F);
		int16_t s = (int16_t)lrintf(x * 32768.0F);
		size_t at = 1 + i * unit / f->audio.channels;
		memcpy(
		    bytes + at, f->audio.sample == RME_SAMPLE_F32LE ? (const void *)&x : &s, unit / f->audio.channels);
	}
	for (size_t done = 0; done < FRAMES;) {
		size_t n = per_packet < FRAMES - done ? per_packet : FRAMES - done;
		struct rme_packet_meta m = rme_packet_meta_init();
		m.format = *f;
		struct rme_packet *p = NULL;
		assert_int_equal(rme_packet_new(&p, &m, bytes + 1 + done * unit, n * unit), RME_OK);
		assert_int_equal(rmi_audio_writer_write(w, p, NULL), RME_OK);
		rme_packet_unref(p);
		done += n;
	}
	assert_int_equal(rmi_audio_writer_frames(w), FRAMES);
}

/* Largest difference from the sine that was written; every kind of file gives all frames back. */
static float
read_back(const char *path, const struct rme_format *written, const struct rmi_audio_reader_config *c)
{
	struct rmi_audio_reader *r = NULL;
	struct rme_error err = {0};
	if (rmi_audio_reader_open(&r, path, c, &err) != RME_OK) {
		fail_msg("%s: %s", err.where, err.text);
	}
	const struct rme_format *f = rmi_audio_reader_format(r);
	assert_int_equal(f->audio.rate_hz, written->audio.rate_hz);
	assert_int_equal(f->audio.channels, written->audio.channels);
	float worst = 0;
	size_t i = 0;
	struct rme_packet *p = NULL;
	while (rmi_audio_reader_next(r, &p, &err) == RME_OK) {
		size_t len = 0;
		const uint8_t *data = rme_packet_data(p, &len);
		size_t size = f->audio.sample == RME_SAMPLE_F32LE ? sizeof(float) : sizeof(int16_t);
		for (size_t k = 0; k < len / size; k++, i++) {
			float x = 0;
			int16_t s = 0;
			memcpy(size == sizeof(float) ? (void *)&x : &s, data + k * size, size);
			x = size == sizeof(float) ? x : (float)s / 32768.0F;
			float d = fabsf(x - 0.5F * sinf((float)i * 0.03F));
			worst = d > worst ? d : worst;
		}
		rme_packet_unref(p);
	}
	assert_true(i >= FRAMES * f->audio.channels); /* compressed files may add some */
	rmi_audio_reader_close(r);
	return worst;
}

static void
every_kind_of_file_is_read_back(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		float worst;
	} kinds[] = {{"a.wav", 2e-5F}, {"a.WAV", 2e-5F}, {"a.flac", 2e-5F}, {"a.aiff", 2e-5F}, {"a.au", 2e-5F},
	    {"a.w64", 2e-5F}, {"a.ogg", 0.6F}, {"a.opus", 0.9F}};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		for (int variant = 0; variant < 2; variant++) {
			struct rme_format f = rme_format_audio(
			    variant == 0 ? RME_SAMPLE_S16LE : RME_SAMPLE_F32LE, 16000, variant == 0 ? 1 : 2);
			struct rmi_audio_writer *w = NULL;
			struct rme_error err = {0};
			if (rmi_audio_writer_open(&w, path_of(kinds[i].name), &f, &err) != RME_OK) {
				fail_msg("%s: %s", err.where, err.text);
			}
			write_sine(w, &f, 333);
			assert_int_equal(rmi_audio_writer_close(w, &err), RME_OK);
			float worst = read_back(path_of(kinds[i].name), &f, NULL);
			if (!(worst < kinds[i].worst)) {
				fail_msg("%s differs by %g", kinds[i].name, (double)worst);
			}
			assert_int_equal(unlink(path_of(kinds[i].name)), 0);
		}
	}
}

static void
raw_is_samples_alone(void **state)
{
	(void)state;
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 8000, 1);
	struct rmi_audio_writer *w = NULL;
	assert_int_equal(rmi_audio_writer_open(&w, path_of("a.raw"), &f, NULL), RME_OK);
	write_sine(w, &f, FRAMES);
	assert_int_equal(rmi_audio_writer_close(w, NULL), RME_OK);
	struct stat st;
	assert_int_equal(stat(path_of("a.raw"), &st), 0);
	assert_int_equal(st.st_size, FRAMES * 2);
	const struct rmi_audio_reader_config c = {.raw = f};
	assert_true(read_back(path_of("a.raw"), &f, &c) < 2e-5F);
	assert_int_equal(unlink(path_of("a.raw")), 0);
}

/* Whoever dies while writing leaves a file that can be read up to the last second. */
static void
a_wav_is_readable_while_it_grows(void **state)
{
	(void)state;
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 1000, 1);
	struct rmi_audio_writer *w = NULL;
	assert_int_equal(rmi_audio_writer_open(&w, path_of("b.wav"), &f, NULL), RME_OK);
	write_sine(w, &f, 500);
	struct rmi_audio_reader *r = NULL;
	assert_int_equal(rmi_audio_reader_open(&r, path_of("b.wav"), NULL, NULL), RME_OK);
	assert_int_equal(rmi_audio_reader_frames(r), FRAMES);
	rmi_audio_reader_close(r);
	assert_int_equal(rmi_audio_writer_close(w, NULL), RME_OK);
	assert_int_equal(unlink(path_of("b.wav")), 0);
}

/* Standard output as a pipe: the header says that the length is not known. */
static void
standard_output_is_a_wav(void **state)
{
	(void)state;
	int fds[2];
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 16) > 0);
	(void)fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	assert_true(saved >= 0 && dup2(fds[1], STDOUT_FILENO) >= 0);
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	struct rmi_audio_writer *w = NULL;
	enum rme_err e = rmi_audio_writer_open(&w, "-", &f, NULL);
	if (e == RME_OK) {
		write_sine(w, &f, 160);
		e = rmi_audio_writer_close(w, NULL);
	}
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	(void)close(saved);
	(void)close(fds[1]);
	assert_int_equal(e, RME_OK);
	struct rmi_audio_reader *r = NULL;
	assert_int_equal(rmi_audio_reader_open_fd(&r, fds[0], "pipe", NULL, NULL), RME_OK);
	assert_int_equal(rmi_audio_reader_frames(r), UINT64_MAX);
	size_t frames = 0;
	struct rme_packet *p = NULL;
	while (rmi_audio_reader_next(r, &p, NULL) == RME_OK) {
		size_t len = 0;
		(void)rme_packet_data(p, &len);
		frames += len / 2;
		rme_packet_unref(p);
	}
	assert_int_equal(frames, FRAMES);
	rmi_audio_reader_close(r);
}

static void
refuse(const char *path, const struct rme_format *f, enum rme_err code)
{
	struct rmi_audio_writer *w = NULL;
	struct rme_error err = {0};
	assert_int_equal(rmi_audio_writer_open(&w, path, f, &err), code);
	assert_true(strlen(err.text) > 0);
}

static void
what_cannot_be_written_is_refused(void **state)
{
	(void)state;
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	refuse(path_of("a.xyz"), &f, RME_EUNSUPPORTED);
	refuse(path_of("a"), &f, RME_EUNSUPPORTED);
	refuse("/nowhere/a.wav", &f, RME_ENOTFOUND);
	struct rme_format text = rme_format_of(RME_MEDIA_TEXT);
	refuse(path_of("a.wav"), &text, RME_EFORMAT);
	struct rme_format odd = rme_format_audio(RME_SAMPLE_S16LE, 44100, 32);
	refuse(path_of("a.flac"), &odd, RME_EUNSUPPORTED);
	assert_int_equal(unlink(path_of("a.flac")), 0);
	odd.audio.rate_hz = 10;
	refuse(path_of("a.wav"), &odd, RME_EFORMAT);
}

static void
another_format_in_the_middle_is_refused(void **state)
{
	(void)state;
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	struct rmi_audio_writer *w = NULL;
	struct rme_error err = {0};
	assert_int_equal(rmi_audio_writer_open(&w, path_of("c.wav"), &f, &err), RME_OK);
	struct rme_packet_meta m = rme_packet_meta_init();
	m.format = rme_format_audio(RME_SAMPLE_S16LE, 8000, 1);
	struct rme_packet *p = NULL;
	assert_int_equal(rme_packet_new(&p, &m, "abcd", 4), RME_OK);
	assert_int_equal(rmi_audio_writer_write(w, p, &err), RME_EFORMAT);
	assert_non_null(strstr(err.text, "AudioTransform"));
	rme_packet_unref(p);
	assert_int_equal(rmi_audio_writer_close(w, NULL), RME_OK);
	assert_int_equal(unlink(path_of("c.wav")), 0);
}

static void
a_full_disk_is_told(void **state)
{
	(void)state;
	assert_int_equal(symlink("/dev/full", path_of("full.wav")), 0);
	struct rme_format f = rme_format_audio(RME_SAMPLE_S16LE, 16000, 1);
	struct rmi_audio_writer *w = NULL;
	struct rme_error err = {0};
	enum rme_err e = rmi_audio_writer_open(&w, path_of("full.wav"), &f, &err);
	e = e == RME_OK ? rmi_audio_writer_close(w, &err) : e;
	assert_int_equal(e, RME_EIO);
	assert_non_null(strstr(err.text, "No space left"));
	assert_int_equal(unlink(path_of("full.wav")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_kind_of_file_is_read_back),
	    cmocka_unit_test(raw_is_samples_alone),
	    cmocka_unit_test(a_wav_is_readable_while_it_grows),
	    cmocka_unit_test(standard_output_is_a_wav),
	    cmocka_unit_test(what_cannot_be_written_is_refused),
	    cmocka_unit_test(another_format_in_the_middle_is_refused),
	    cmocka_unit_test(a_full_disk_is_told),
	};
	return cmocka_run_group_tests_name("audio_writer", tests, make_folder, remove_folder);
}
