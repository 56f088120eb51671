#ifndef EVAL_WEBRTC_NS_H
#define EVAL_WEBRTC_NS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The noise suppression of webrtc-audio-processing, level "high", over n samples at 16 kHz; n is a multiple of 160. */
void webrtc_ns_run(const int16_t *in, size_t n, int16_t *out);

#ifdef __cplusplus
}
#endif

#endif
