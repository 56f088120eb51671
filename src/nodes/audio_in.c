#include "nodes/audio_in.h"

#include <rme/node.h>

enum rme_err
rmi_audio_in(struct rmi_audio_in *out, struct rme_node *self, const struct rme_packet *in)
{
	const struct rme_format *f = &rme_packet_meta(in)->format;
	char text[RME_FORMAT_TEXT_MAX];
	if (f->media != RME_MEDIA_AUDIO_PCM) {
		(void)rme_format_print(f, text);
		return rme_node_fail(self, RME_EFORMAT, "takes audio/pcm, got %s", text);
	}
	size_t unit = rme_format_unit_bytes(f);
	if (unit == 0 || f->audio.rate_hz == 0) {
		(void)rme_format_print(f, text);
		return rme_node_fail(
		    self, RME_EFORMAT, "needs sample format, rate and channels of the audio, got %s", text);
	}
	if (f->audio.rate_hz > RME_AUDIO_RATE_MAX || f->audio.channels > RME_AUDIO_CHANNELS_MAX) {
		return rme_node_fail(self, RME_EFORMAT, "takes at most %d Hz and %d channels, got %u Hz and %u",
		    RME_AUDIO_RATE_MAX, RME_AUDIO_CHANNELS_MAX, (unsigned)f->audio.rate_hz,
		    (unsigned)f->audio.channels);
	}
	size_t len = 0;
	const uint8_t *data = rme_packet_data(in, &len);
	if (len % unit != 0) {
		return rme_node_fail(self, RME_EFORMAT, "%zu bytes are no whole number of %zu-byte frames", len, unit);
	}
	*out = (struct rmi_audio_in){*f, data, len / unit, unit};
	return RME_OK;
}
