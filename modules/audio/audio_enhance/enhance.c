#include "enhance.h"

#include <stddef.h>

#include "fmath.h"

static const float GLIDE_S = 0.3f;
static const float MAKE_UP_DB = 4.0f;     /* at most, for what the limiter takes */
static const float EARLY_GAIN_DB = 10.0f; /* what is heard first may be the room */
static const float WEIGHT = 1.15f;        /* loss of loudness by that of power: speech that is limited is loud */
static const uint32_t SHELF_MHZ = 3200000;

const char *
enhance_init(struct enhance *e, const struct enhance_options *o)
{
	if (o->channels == 0 || o->channels > ENHANCE_CHANNELS) {
		return "channels: 1 or 2 are wanted";
	}
	if (!polyphase_init(&e->resampler, o->rate_in, o->rate_out, o->channels, POLYPHASE_HQ)) {
		return "sample rate: 8000 to 192000 is wanted";
	}
	e->o = *o;
	e->shelf = iir2_high_shelf(SHELF_MHZ, o->rate_in, (double)o->presence_db);
	e->glide = 1.0f - fm_exp(-1.0f / (GLIDE_S * (float)o->rate_in));
	de_esser_init(&e->heard.de_esser, o->rate_in, o->channels, o->de_ess_db);
	de_esser_init(&e->given.de_esser, o->rate_in, o->channels, o->de_ess_db);
	de_esser_init(&e->tried.de_esser, o->rate_in, o->channels, o->de_ess_db);
	peak_limiter_init(&e->trial, o->rate_in, o->channels, o->ceiling_db);
	loudness_init(&e->meter, o->rate_in, o->channels);
	peak_limiter_init(&e->limiter, o->rate_out, o->channels, o->ceiling_db);
	enhance_reset(e);
	return NULL;
}

static void
reset_tone(struct enhance_tone *t)
{
	for (uint32_t c = 0; c < ENHANCE_CHANNELS; c++) {
		t->shelf[c] = (struct iir2_state){0};
	}
	de_esser_reset(&t->de_esser);
}

void
enhance_reset(struct enhance *e)
{
	reset_tone(&e->heard);
	reset_tone(&e->given);
	loudness_reset(&e->meter);
	peak_limiter_reset(&e->limiter);
	polyphase_reset(&e->resampler);
	e->gain = 1.0f;
	e->wanted = 1.0f;
	e->leveled = 0;
	e->skip = e->limiter.delay;
	e->pending = 0;
}

uint64_t
enhance_bound(const struct enhance *e, uint32_t frames)
{
	uint64_t made = ((uint64_t)frames + e->resampler.taps) * e->o.rate_out / e->o.rate_in + 2;
	return made * e->o.channels * pcm_format_bytes(e->o.format);
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Frames to floats, with presence and without sharp s. */
static void
read_block(struct enhance *e, struct enhance_tone *t, const uint8_t *in, uint32_t n)
{
	const struct pcm_layout layout = {e->o.format, e->o.channels};
	float *x[ENHANCE_CHANNELS] = {e->block[0], e->block[1]};
	for (uint32_t c = 0; c < e->o.channels; c++) {
		pcm_read(layout, in + (size_t)c * pcm_format_bytes(e->o.format), x[c], n);
		if (e->o.presence_db > 0.0f) {
			iir2_run(&e->shelf, &t->shelf[c], x[c], n);
		}
	}
	de_esser_run(&t->de_esser, x, n);
}

/* Bytes to frames, n at the most. */
static uint32_t
next_block(const uint8_t **in, uint32_t *frames, uint32_t most, uint32_t frame_bytes)
{
	uint32_t n = smaller(*frames, most);
	*frames -= n;
	*in += (size_t)n * frame_bytes;
	return n;
}

static uint32_t
frame_bytes_of(const struct enhance *e)
{
	return e->o.channels * pcm_format_bytes(e->o.format);
}

static double
energy_of(const struct enhance *e, float *const *x, uint32_t n)
{
	double sum = 0.0;
	for (uint32_t c = 0; c < e->o.channels; c++) {
		for (uint32_t i = 0; i < n; i++) {
			sum += (double)x[c][i] * (double)x[c][i];
		}
	}
	return sum;
}

static float
loss_db(double whole, double limited)
{
	if (!(whole > 1e-6 && limited > 1e-6)) {
		return 0.0f;
	}
	float db = fm_power_db((float)(whole / limited));
	return db < 0.0f ? 0.0f : db > MAKE_UP_DB ? MAKE_UP_DB : db;
}

/* What the limiter takes from the item at this gain. */
static float
try_out(struct enhance *e, const uint8_t *in, uint32_t frames, float gain)
{
	double whole = 0.0;
	double limited = 0.0;
	reset_tone(&e->tried);
	peak_limiter_reset(&e->trial);
	while (frames > 0) {
		const uint8_t *from = in;
		float *x[ENHANCE_CHANNELS] = {e->block[0], e->block[1]};
		uint32_t n = next_block(&in, &frames, ENHANCE_BLOCK, frame_bytes_of(e));
		read_block(e, &e->tried, from, n);
		for (uint32_t c = 0; c < e->o.channels; c++) {
			for (uint32_t i = 0; i < n; i++) {
				x[c][i] *= gain;
			}
		}
		whole += energy_of(e, x, n);
		peak_limiter_run(&e->trial, x, n);
		limited += energy_of(e, x, n);
	}
	return loss_db(whole, limited);
}

static void
decide(struct enhance *e, const uint8_t *in, uint32_t frames)
{
	float lufs = loudness_integrated(&e->meter);
	float most = e->o.max_gain_db;
	if (lufs <= -70.0f) { /* too short to be measured as the standard has it */
		lufs = loudness_so_far(&e->meter);
		most = most < EARLY_GAIN_DB ? most : EARLY_GAIN_DB;
	}
	if (lufs <= -70.0f) {
		return;
	}
	float db = e->o.target_lufs - lufs;
	db = db > most ? most : db < -30.0f ? -30.0f : db;
	float make_up = 0.0f;
	if (frames >= e->o.rate_in / 10 * 4) { /* the loss at the gain that makes up for the loss */
		make_up = try_out(e, in, frames, fm_from_db(db));
		make_up = make_up > 0.05f ? WEIGHT * try_out(e, in, frames, fm_from_db(db + make_up)) : make_up;
	}
	e->wanted = fm_from_db(db + make_up);
	if (!e->leveled) { /* nothing has been heard at another level yet */
		e->gain = e->wanted;
		e->leveled = 1;
	}
}

/* Measure the item, and decide on the gain. */
static void
listen(struct enhance *e, const uint8_t *in, uint32_t frames)
{
	const uint8_t *at = in;
	for (uint32_t left = frames; left > 0;) {
		const uint8_t *from = at;
		const float *x[ENHANCE_CHANNELS] = {e->block[0], e->block[1]};
		uint32_t n = next_block(&at, &left, ENHANCE_BLOCK, frame_bytes_of(e));
		read_block(e, &e->heard, from, n);
		loudness_push(&e->meter, x, n);
	}
	decide(e, in, frames);
}

static void
apply_gain(struct enhance *e, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		e->gain += (e->wanted - e->gain) * e->glide;
		for (uint32_t c = 0; c < e->o.channels; c++) {
			e->block[c][i] *= e->gain;
		}
	}
}

/* Limit and encode n frames of `made`, less those of the delay. @return bytes written */
static uint32_t
finish(struct enhance *e, uint32_t n, uint8_t *out)
{
	const struct pcm_layout layout = {e->o.format, e->o.channels};
	float *x[ENHANCE_CHANNELS] = {e->made[0], e->made[1]};
	peak_limiter_run(&e->limiter, x, n);
	uint32_t skipped = smaller(e->skip, n);
	e->skip -= skipped;
	e->pending += skipped;
	for (uint32_t c = 0; c < e->o.channels; c++) {
		pcm_write(layout, x[c] + skipped, out + (size_t)c * pcm_format_bytes(e->o.format), n - skipped, NULL);
	}
	return (n - skipped) * frame_bytes_of(e);
}

/* Change the rate of n frames of `block` into `made`. */
static uint32_t
convert(struct enhance *e, uint32_t n)
{
	const float *in[ENHANCE_CHANNELS] = {e->block[0], e->block[1]};
	float *to[ENHANCE_CHANNELS] = {e->made[0], e->made[1]};
	if (e->o.rate_in != e->o.rate_out) {
		return polyphase_push(&e->resampler, in, n, to);
	}
	for (uint32_t c = 0; c < e->o.channels; c++) {
		__builtin_memcpy(to[c], in[c], n * sizeof(float));
	}
	return n;
}

uint32_t
enhance_push(struct enhance *e, const uint8_t *in, uint32_t frames, uint8_t *out)
{
	uint32_t most = e->o.rate_out > e->o.rate_in
	                    ? (uint32_t)((uint64_t)ENHANCE_BLOCK * e->o.rate_in / e->o.rate_out)
	                    : ENHANCE_BLOCK;
	uint32_t written = 0;
	listen(e, in, frames);
	while (frames > 0) {
		const uint8_t *from = in;
		uint32_t n = next_block(&in, &frames, most, frame_bytes_of(e));
		read_block(e, &e->given, from, n);
		apply_gain(e, n);
		written += finish(e, convert(e, n), out + written);
	}
	return written;
}

/* The next frames that the resampler, then the limiter still holds. @return frames, 0 = nothing is left */
static uint32_t
take_tail(struct enhance *e, uint8_t *out, uint32_t *written)
{
	float *to[ENHANCE_CHANNELS] = {e->made[0], e->made[1]};
	uint32_t n = e->o.rate_in != e->o.rate_out ? polyphase_flush(&e->resampler, to) : 0;
	if (n == 0 && e->pending > 0) {
		n = e->limiter.delay;
		e->pending = 0;
		for (uint32_t c = 0; c < e->o.channels; c++) {
			__builtin_memset(e->made[c], 0, n * sizeof(float));
		}
		*written = finish(e, n, out);
		e->pending = 0;
		return n;
	}
	*written = n > 0 ? finish(e, n, out) : 0;
	return n;
}

uint32_t
enhance_flush(struct enhance *e, uint8_t *out)
{
	uint32_t written = 0;
	uint32_t n;
	do {
		n = take_tail(e, out, &written);
	} while (n > 0 && written == 0);
	if (n == 0) {
		enhance_reset(e);
	}
	return written;
}
