#ifndef RME_FAST_VAD_NET_H
#define RME_FAST_VAD_NET_H

/*
 * The small recurrent network that turns features into probabilities: a dense tanh layer, a gated recurrent layer (Cho et al.,
 * 2014; reset gate after the recurrent product) and two outputs, one about the frame just heard and one about the frame
 * VAD_LOOKAHEAD before it, which is surer. The weights are stored as int8 with a scale per row and unpacked once.
 */

#include "vad_features.h"

enum { VAD_NET_DENSE = 48, VAD_NET_STATE = 64, VAD_LOOKAHEAD = 4 };

/* Unpacked weights; constant after vad_net_init(). */
struct vad_net_weights {
	float w1[VAD_NET_DENSE][VAD_FEATURES], b1[VAD_NET_DENSE];
	float wx[3 * VAD_NET_STATE][VAD_NET_DENSE], bx[3 * VAD_NET_STATE];
	float wh[3 * VAD_NET_STATE][VAD_NET_STATE], bh[VAD_NET_STATE];
	float wo[2][VAD_NET_STATE], bo[2];
};

struct vad_net {
	struct vad_net_weights w;
	float state[VAD_NET_STATE];
};

void vad_net_init(struct vad_net *n);
void vad_net_reset(struct vad_net *n);
/* Take the features of the next frame. @param p  probability of speech now, and VAD_LOOKAHEAD frames ago */
void vad_net_step(struct vad_net *n, const float x[VAD_FEATURES], float p[2]);

#endif
