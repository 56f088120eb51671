#ifndef EVAL_TTS_G2P_NET_H
#define EVAL_TTS_G2P_NET_H

#include "align.h"
#include "tts_g2p.h"

/* The network while it learns; see modules/audio/simple_tts/tts_g2p.h. AdaGrad (Duchi, Hazan, Singer, JMLR 12, 2011). */

enum { G2P_CLASSES_MAX = 256, G2P_LETTER_ROWS = TTS_G2P_WINDOW * TTS_G2P_LETTERS };

struct g2p_net {
	int n_classes;
	uint16_t chunk[G2P_CLASSES_MAX]; /* ascending; class 0 is the empty one */
	float letter[G2P_LETTER_ROWS * TTS_G2P_HIDDEN_1];
	float said[2][G2P_CLASSES_MAX * TTS_G2P_HIDDEN_1]; /* for the last letter, and the one before it */
	float b1[TTS_G2P_HIDDEN_1], b2[TTS_G2P_HIDDEN_2], b3[G2P_CLASSES_MAX];
	float w2[TTS_G2P_HIDDEN_1 * TTS_G2P_HIDDEN_2]; /* row = input */
	float w3[TTS_G2P_HIDDEN_2 * G2P_CLASSES_MAX];  /* row = input, n_classes wide */
	/* sums of squared gradients, in the same order */
	float letter_s[G2P_LETTER_ROWS * TTS_G2P_HIDDEN_1], said_s[2][G2P_CLASSES_MAX * TTS_G2P_HIDDEN_1];
	float b1_s[TTS_G2P_HIDDEN_1], b2_s[TTS_G2P_HIDDEN_2], b3_s[G2P_CLASSES_MAX];
	float w2_s[TTS_G2P_HIDDEN_1 * TTS_G2P_HIDDEN_2], w3_s[TTS_G2P_HIDDEN_2 * G2P_CLASSES_MAX];
};

void g2p_net_init(struct g2p_net *net);
/* -1 = not learned */
int g2p_class_of(const struct g2p_net *net, uint16_t chunk);
/* One word; @p rate goes from 1 to 0. @return mean loss per letter */
double g2p_net_learn(struct g2p_net *net, const struct dict_word *w, float rate);
/* Letters of the word that the network gets right when told what came before. */
int g2p_net_right(const struct g2p_net *net, const struct dict_word *w);

#endif
