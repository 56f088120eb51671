#include "nodes/resampler.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <soxr.h>

struct rmi_resampler {
	soxr_t soxr;
	double ratio; /* out_hz / in_hz */
	size_t channels;
};

static enum rme_err
library_failed(soxr_error_t why, const struct rmi_resampler_spec *spec, struct rme_error *err)
{
	return rme_error_set(err, RME_EUNSUPPORTED, NULL, "libsoxr cannot convert %u Hz to %u Hz, %u channels: %s",
	    (unsigned)spec->in_hz, (unsigned)spec->out_hz, (unsigned)spec->channels, soxr_strerror(why));
}

enum rme_err
rmi_resampler_new(struct rmi_resampler **out, const struct rmi_resampler_spec *spec, struct rme_error *err)
{
	struct rmi_resampler *r = calloc(1, sizeof(*r));
	if (r == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "no memory for a resampler");
	}
	soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
	soxr_error_t why = NULL;
	r->channels = spec->channels;
	r->ratio = (double)spec->out_hz / spec->in_hz;
	r->soxr = soxr_create(spec->in_hz, spec->out_hz, spec->channels, &why, NULL, &quality, NULL);
	if (r->soxr == NULL || why != NULL) {
		rmi_resampler_free(r);
		return library_failed(why, spec, err);
	}
	*out = r;
	return RME_OK;
}

void
rmi_resampler_free(struct rmi_resampler *r)
{
	if (r != NULL) {
		soxr_delete(r->soxr);
		free(r);
	}
}

size_t
rmi_resampler_bound(const struct rmi_resampler *r, size_t in_frames)
{
	/* No more can come out than went in: what the library still owes, and what is new. */
	return (size_t)ceil(soxr_delay(r->soxr) + (double)in_frames * r->ratio) + 2;
}

static enum rme_err
convert(
    struct rmi_resampler *r, const float *in, size_t in_frames, struct rmi_resampler_out *out, struct rme_error *err)
{
	size_t taken = 0;
	size_t given = 0;
	do {
		const float *from = in == NULL ? NULL : in + taken * r->channels;
		float *to = out->data + out->frames * r->channels;
		size_t used = 0;
		soxr_error_t why =
		    soxr_process(r->soxr, from, in_frames - taken, &used, to, out->cap - out->frames, &given);
		if (why != NULL) {
			return rme_error_set(err, RME_EUNSUPPORTED, NULL, "libsoxr stopped: %s", why);
		}
		taken += used;
		out->frames += given;
	} while (given > 0 && (in == NULL || taken < in_frames));
	/* The library takes all input while there is room for what comes of it; anything else is a bug in the room's size. */
	assert(taken == in_frames);
	return RME_OK;
}

enum rme_err
rmi_resampler_push(
    struct rmi_resampler *r, const float *in, size_t in_frames, struct rmi_resampler_out *out, struct rme_error *err)
{
	return in_frames == 0 ? RME_OK : convert(r, in, in_frames, out, err);
}

enum rme_err
rmi_resampler_drain(struct rmi_resampler *r, struct rmi_resampler_out *out, struct rme_error *err)
{
	enum rme_err e = convert(r, NULL, 0, out, err);
	if (e == RME_OK && soxr_clear(r->soxr) != NULL) {
		e = rme_error_set(err, RME_EUNSUPPORTED, NULL, "libsoxr cannot start anew");
	}
	return e;
}
