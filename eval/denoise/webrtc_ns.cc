// webrtc-audio-processing has a C++ interface alone.
#include "webrtc_ns.h"

#include <modules/audio_processing/include/audio_processing.h>

void webrtc_ns_run(const int16_t *in, size_t n, int16_t *out)
{
	rtc::scoped_refptr<webrtc::AudioProcessing> apm(webrtc::AudioProcessingBuilder().Create());
	webrtc::AudioProcessing::Config config;
	config.noise_suppression.enabled = true;
	config.noise_suppression.level = webrtc::AudioProcessing::Config::NoiseSuppression::kHigh;
	apm->ApplyConfig(config);
	const webrtc::StreamConfig mono(16000, 1);
	for (size_t at = 0; at + 160 <= n; at += 160) {
		apm->ProcessStream(in + at, mono, mono, out + at);
	}
}
