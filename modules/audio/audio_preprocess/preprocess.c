#include "preprocess.h"

#include <stddef.h>

const char *
preprocess_init(struct preprocess *p, const struct preprocess_options *o)
{
	const struct preprocess_side *in = &o->in;
	const struct preprocess_side *out = &o->out;
	p->o = *o;
	if (in->channels == 0 || in->channels > POLYPHASE_CHANNELS || out->channels > POLYPHASE_CHANNELS) {
		return "channels: 1 to 8 are wanted";
	}
	if (in->channels != out->channels && in->channels != 1 && out->channels != 1) {
		return "output_channels: 1, or as many as the input has, is wanted";
	}
	uint32_t run_on = in->channels < out->channels ? in->channels : out->channels;
	if (!polyphase_init(&p->resampler, in->rate, out->rate, run_on, o->quality)) {
		return "sample rate: 8000 to 192000 is wanted";
	}
	if (o->high_pass_hz > 0) {
		p->high_pass = iir2_high_pass(o->high_pass_hz * 1000, out->rate);
	}
	if (o->agc) {
		agc_init(&p->agc, out->rate, run_on, o->target_lufs, o->max_gain_db);
	}
	if (o->limiter) {
		peak_limiter_init(&p->limiter, out->rate, run_on, o->ceiling_db);
	}
	preprocess_reset(p);
	return NULL;
}

void
preprocess_reset(struct preprocess *p)
{
	polyphase_reset(&p->resampler);
	for (uint32_t c = 0; c < POLYPHASE_CHANNELS; c++) {
		p->high_pass_state[c] = (struct iir2_state){0};
	}
	if (p->o.agc) {
		agc_reset(&p->agc);
	}
	if (p->o.limiter) {
		peak_limiter_reset(&p->limiter);
	}
	p->dither = 1;
	p->skip = p->o.limiter ? p->limiter.delay : 0;
	p->pending = 0;
}

uint64_t
preprocess_bound(const struct preprocess *p, uint32_t frames)
{
	uint64_t made = ((uint64_t)frames + p->resampler.taps) * p->o.out.rate / p->o.in.rate + 2;
	return made * p->o.out.channels * pcm_format_bytes(p->o.out.format);
}

static uint32_t
smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Decode, and mix down where fewer channels are wanted, to the mean. */
static void
read_block(struct preprocess *p, const uint8_t *in, uint32_t n)
{
	uint32_t channels = p->o.in.channels;
	const struct pcm_layout layout = {p->o.in.format, channels};
	uint32_t bytes = pcm_format_bytes(p->o.in.format);
	for (uint32_t c = 0; c < channels; c++) {
		pcm_read(layout, in + (size_t)c * bytes, p->block[c], n);
	}
	if (p->resampler.channels == channels) {
		return;
	}
	float scale = 1.0f / (float)channels;
	for (uint32_t i = 0; i < n; i++) {
		float sum = 0.0f;
		for (uint32_t c = 0; c < channels; c++) {
			sum += p->block[c][i];
		}
		p->block[0][i] = sum * scale;
	}
}

/* Encode frames from..to of `made`; one channel is copied to all that are wanted. */
static uint32_t
write_made(struct preprocess *p, uint32_t from, uint32_t to, uint8_t *out)
{
	uint32_t channels = p->o.out.channels;
	const struct pcm_layout layout = {p->o.out.format, channels};
	uint32_t bytes = pcm_format_bytes(p->o.out.format);
	for (uint32_t c = 0; c < channels; c++) {
		const float *x = p->made[p->resampler.channels == channels ? c : 0];
		pcm_write(layout, x + from, out + (size_t)c * bytes, to - from, p->o.dither ? &p->dither : NULL);
	}
	return (to - from) * channels * bytes;
}

/* Frames 0..n of `made`, at the new rate; @return bytes written */
static uint32_t
finish(struct preprocess *p, uint32_t n, uint8_t *out)
{
	float *x[POLYPHASE_CHANNELS];
	for (uint32_t c = 0; c < p->resampler.channels; c++) {
		x[c] = p->made[c];
		if (p->o.high_pass_hz > 0) {
			iir2_run(&p->high_pass, &p->high_pass_state[c], x[c], n);
		}
	}
	if (p->o.agc) {
		agc_run(&p->agc, x, n);
	}
	if (!p->o.limiter) {
		return write_made(p, 0, n, out);
	}
	peak_limiter_run(&p->limiter, x, n);
	uint32_t skipped = smaller(p->skip, n);
	p->skip -= skipped;
	p->pending += skipped;
	return write_made(p, skipped, n, out);
}

/* Change the rate of n frames of `block` into `made`. */
static uint32_t
convert(struct preprocess *p, uint32_t n)
{
	const float *in[POLYPHASE_CHANNELS];
	float *to[POLYPHASE_CHANNELS];
	for (uint32_t c = 0; c < p->resampler.channels; c++) {
		in[c] = p->block[c];
		to[c] = p->made[c];
	}
	if (p->o.in.rate != p->o.out.rate) {
		return polyphase_push(&p->resampler, in, n, to);
	}
	for (uint32_t c = 0; c < p->resampler.channels; c++) {
		__builtin_memcpy(to[c], in[c], n * sizeof(float));
	}
	return n;
}

uint32_t
preprocess_push(struct preprocess *p, const uint8_t *in, uint32_t frames, uint8_t *out)
{
	uint32_t frame_bytes = p->o.in.channels * pcm_format_bytes(p->o.in.format);
	uint32_t most = p->o.out.rate > p->o.in.rate
	                    ? (uint32_t)((uint64_t)PREPROCESS_BLOCK * p->o.in.rate / p->o.out.rate)
	                    : PREPROCESS_BLOCK;
	uint32_t written = 0;
	while (frames > 0) {
		uint32_t n = smaller(frames, most);
		read_block(p, in, n);
		written += finish(p, convert(p, n), out + written);
		in += (size_t)n * frame_bytes;
		frames -= n;
	}
	return written;
}

/* The next frames that the resampler, then the limiter still holds. @return frames, 0 = nothing is left */
static uint32_t
take_tail(struct preprocess *p, uint8_t *out, uint32_t *written)
{
	float *to[POLYPHASE_CHANNELS];
	for (uint32_t c = 0; c < p->resampler.channels; c++) {
		to[c] = p->made[c];
	}
	uint32_t n = p->o.in.rate != p->o.out.rate ? polyphase_flush(&p->resampler, to) : 0;
	if (n > 0) {
		*written = finish(p, n, out);
		return n;
	}
	if (p->pending == 0) {
		return 0;
	}
	n = p->limiter.delay;
	for (uint32_t c = 0; c < p->resampler.channels; c++) {
		__builtin_memset(p->made[c], 0, n * sizeof(float));
	}
	peak_limiter_run(&p->limiter, to, n);
	*written = write_made(p, p->skip, n, out); /* it skips something in streams shorter than the delay */
	p->pending = 0;
	return n;
}

uint32_t
preprocess_flush(struct preprocess *p, uint8_t *out)
{
	uint32_t written = 0;
	uint32_t n;
	do {
		n = take_tail(p, out, &written);
	} while (n > 0 && written == 0);
	if (n == 0) {
		preprocess_reset(p);
	}
	return written;
}
