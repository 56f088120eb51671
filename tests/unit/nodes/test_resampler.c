#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nodes/resampler.h"

enum { IN_FRAMES = 20011, ROOM = 8 * IN_FRAMES };

static struct rmi_resampler *
make(const struct rmi_resampler_spec *spec)
{
	struct rmi_resampler *r = NULL;
	struct rme_error err = {0};
	assert_int_equal(rmi_resampler_new(&r, spec, &err), RME_OK);
	return r;
}

/* Convert in pieces of @p piece frames (0: of changing lengths); every push has just the room that was promised. */
static size_t
convert(struct rmi_resampler *r, const struct rmi_resampler_spec *spec, const float *in, size_t piece, float *out)
{
	size_t done = 0;
	size_t total = 0;
	while (done < IN_FRAMES) {
		size_t n = piece != 0 ? piece : 1 + done % 977;
		n = n < IN_FRAMES - done ? n : IN_FRAMES - done;
		struct rmi_resampler_out to = {out + total * spec->channels, rmi_resampler_bound(r, n), 0};
		assert_true(total + to.cap < ROOM);
		assert_int_equal(rmi_resampler_push(r, in + done * spec->channels, n, &to, NULL), RME_OK);
		assert_true(to.frames <= to.cap);
		done += n;
		total += to.frames;
	}
	struct rmi_resampler_out to = {out + total * spec->channels, rmi_resampler_bound(r, 0), 0};
	assert_int_equal(rmi_resampler_drain(r, &to, NULL), RME_OK);
	return total + to.frames;
}

static void
pieces_do_not_matter(void **state)
{
	(void)state;
	static const struct rmi_resampler_spec specs[] = {{44100, 16000, 1}, {48000, 16000, 2}, {16000, 48000, 1},
	    {8000, 16000, 3}, {16000, 15999, 1}, {192000, 8000, 1}};
	static const size_t pieces[] = {1, 160, 441, 4096, 0};
	float *in = calloc((size_t)IN_FRAMES * 3, sizeof(*in));
	float *whole = calloc((size_t)ROOM * 3, sizeof(*whole));
	float *cut = calloc((size_t)ROOM * 3, sizeof(*cut));
	assert_true(in != NULL && whole != NULL && cut != NULL);
	for (size_t i = 0; i < (size_t)IN_FRAMES * 3; i++) {
		in[i] = 0.5F * sinf((float)(i * i % 10007) * 0.01F);
	}
	for (size_t s = 0; s < sizeof(specs) / sizeof(specs[0]); s++) {
		struct rmi_resampler *r = make(&specs[s]);
		size_t n = convert(r, &specs[s], in, IN_FRAMES, whole);
		double exact = (double)IN_FRAMES * specs[s].out_hz / specs[s].in_hz;
		assert_true(fabs((double)n - exact) <= 1.0);
		for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
			/* The same converter again: nothing of the last stream may be left in it. */
			assert_int_equal(convert(r, &specs[s], in, pieces[p], cut), n);
			assert_memory_equal(cut, whole, n * specs[s].channels * sizeof(float));
		}
		rmi_resampler_free(r);
	}
	free(in);
	free(whole);
	free(cut);
}

/* A tone keeps its level and its time; one above the new Nyquist frequency is gone. */
static void
a_tone_stays_where_it_is(void **state)
{
	(void)state;
	static const struct rmi_resampler_spec spec = {48000, 16000, 1};
	float *in = calloc(IN_FRAMES, sizeof(*in));
	float *out = calloc(ROOM, sizeof(*out));
	assert_true(in != NULL && out != NULL);
	const double w = 2 * 3.14159265358979323846 * 1000.0;
	for (size_t i = 0; i < IN_FRAMES; i++) {
		in[i] = (float)(0.5 * sin(w * (double)i / 48000.0));
	}
	struct rmi_resampler *r = make(&spec);
	size_t n = convert(r, &spec, in, 480, out);
	for (size_t i = 200; i < n - 200; i++) {
		assert_true(fabs((double)out[i] - 0.5 * sin(w * (double)i / 16000.0)) < 1e-4);
	}
	for (size_t i = 0; i < IN_FRAMES; i++) {
		in[i] = (float)(0.5 * sin(10 * w * (double)i / 48000.0));
	}
	n = convert(r, &spec, in, 480, out);
	for (size_t i = 200; i < n - 200; i++) {
		assert_true(fabsf(out[i]) < 1e-4F);
	}
	rmi_resampler_free(r);
	free(in);
	free(out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_do_not_matter),
	    cmocka_unit_test(a_tone_stays_where_it_is),
	};
	return cmocka_run_group_tests_name("resampler", tests, NULL, NULL);
}
