/* denoise: steady noise taken out of speech. The work is done in suppressor.c. */

#include "rme_module.h"

#include "denoise.h"

struct denoise_state {
	struct denoise stream;
};

static const char *const profiles[] = {"asr", "listen"};

static int
denoise_configure(struct denoise_state *s, struct rme_params *p)
{
	uint32_t profile = rme_param_choice(p, "profile", profiles, 2, 0, "profile: asr or listen is wanted");
	denoise_init(&s->stream, profile == 0 ? DENOISE_ASR : DENOISE_LISTEN);
	return RME_GUEST_OK;
}

static int
denoise_process(struct denoise_state *s, struct rme_in in, struct rme_out *out)
{
	if (in.len % 2 != 0 || (uintptr_t)in.data % 2 != 0) {
		return rme_fail(RME_GUEST_BAD_INPUT, "s16le audio has an even number of bytes");
	}
	out->len += 2 * denoise_push(&s->stream, (const int16_t *)(const void *)in.data, rme_count(in, 2),
	                    (int16_t *)(void *)(out->data + out->len));
	return RME_GUEST_OK;
}

static int
denoise_flush_all(struct denoise_state *s, struct rme_out *out)
{
	out->len += 2 * denoise_flush(&s->stream, (int16_t *)(void *)(out->data + out->len));
	return RME_GUEST_OK;
}

static void
denoise_forget(struct denoise_state *s)
{
	denoise_reset(&s->stream);
}

RME_MODULE(struct denoise_state, .configure = denoise_configure, .process = denoise_process, .reset = denoise_forget,
    .result_bytes = 2 * DENOISE_TAIL, .result_per_input = 1)
RME_MODULE_FLUSH(denoise_flush_all)
