#ifndef EVAL_NET_H
#define EVAL_NET_H

/*
 * The network of vad_net.h, to be trained: dense tanh layer, gated recurrent layer (the reset gate applied after the recurrent
 * product), two outputs. Back-propagation through time over pieces of NET_STEPS frames of NET_LANES scenes at once, the state
 * carried from piece to piece; Adam (Kingma and Ba, 2014).
 */

#include <stddef.h>
#include <stdint.h>

#include "vad_net.h"

enum { NET_LANES = 16, NET_STEPS = 200, NET_K = NET_LANES * NET_STEPS, NET_OUT = 4 /* two used */ };

struct net_weights {
	float w1[VAD_NET_DENSE][VAD_FEATURES], b1[VAD_NET_DENSE];
	float wx[3 * VAD_NET_STATE][VAD_NET_DENSE], bx[3 * VAD_NET_STATE];
	float wh[3 * VAD_NET_STATE][VAD_NET_STATE], bh[VAD_NET_STATE]; /* bh: of the candidate */
	float wo[NET_OUT][VAD_NET_STATE], bo[NET_OUT];
};
enum { NET_WEIGHTS = sizeof(struct net_weights) / sizeof(float) };

struct net {
	struct net_weights w, grad, m, v;
	struct net_weights q; /* w, or w rounded as it will be stored: what the passes use */
	long step;
	/* one piece: [unit][frame * NET_LANES + lane] */
	float x[VAD_FEATURES][NET_K], dense[VAD_NET_DENSE][NET_K];
	float gx[3 * VAD_NET_STATE][NET_K]; /* input part of the gates; later the gradients of it */
	float r[VAD_NET_STATE][NET_K], z[VAD_NET_STATE][NET_K], c[VAD_NET_STATE][NET_K];
	float gh[VAD_NET_STATE][NET_K]; /* recurrent part of the candidate, bias included */
	float h[VAD_NET_STATE][NET_K], h_before[VAD_NET_STATE][NET_K];
	float out[NET_OUT][NET_K];
	float dgh[3 * VAD_NET_STATE][NET_K], d_h[VAD_NET_STATE][NET_K], d_dense[VAD_NET_DENSE][NET_K];
	float state[VAD_NET_STATE][NET_LANES];
};

void net_init(struct net *n, uint64_t seed);
/* Round the weights to the stored form for the passes to come, or use them as they are. */
void net_prepare(struct net *n, int rounded);
/* From x and state to out (logits) and the next state. */
void net_forward(struct net *n);
/* Gradients of the loss; target[o][k] is 0 or 1, negative = does not count. Returns the mean loss in nats. */
double net_backward(struct net *n, float target[2][NET_K]);
/* One step of Adam. */
void net_update(struct net *n, double rate);
/* Write modules/audio/fast_vad/vad_weights.h. */
void net_export(const struct net *n, const char *path);

#endif
