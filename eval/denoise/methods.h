#ifndef EVAL_METHODS_H
#define EVAL_METHODS_H

/* Noise suppressors under test: 16 kHz in, as many samples out, delays taken off. */

#include <stddef.h>
#include <stdint.h>

enum method { METHOD_NONE, METHOD_ASR, METHOD_LISTEN, METHOD_SPEEX, METHOD_WEBRTC, METHODS };
extern const char *const method_names[METHODS];

/* False where it was not built in. */
int method_is_there(enum method m);

/* @param out  room for n */
void method_run(enum method m, const int16_t *in, size_t n, int16_t *out);

#endif
