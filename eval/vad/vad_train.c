/*
 * vad_train DATA OUT [SCENES [EPOCHS]] - train the network of fast_vad on the recordings in DATA (eval/vad/fetch-training.sh)
 * and write its weights to OUT. Deterministic. The last tenth of the scenes is for validation.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net.h"
#include "scene.h"
#include "score.h"
#include "vad_kernel.h"

enum { PIECES = SCENE_FRAMES / NET_STEPS };

struct example {
	float x[SCENE_FRAMES][VAD_FEATURES];
	uint8_t label[SCENE_FRAMES];
};

static void
make_examples(struct example *e, size_t n, const char *dir)
{
	static struct voices voices;
	static struct recordings recordings;
	static int16_t pcm[SCENE_SAMPLES];
	struct vad_features *f = need(malloc(sizeof *f));
	voices_load(&voices, dir);
	recordings_load(&recordings, dir);
	vad_features_init(f);
	double speech = 0;
	for (size_t i = 0; i < n; i++) {
		struct rng r = rng_of(1000003 + i);
		scene_make(&voices, &recordings, &r, pcm, e[i].label);
		vad_features_reset(f);
		for (size_t t = 0; t < SCENE_FRAMES; t++) {
			vad_features_hop(f, pcm + t * VAD_HOP);
			memcpy(e[i].x[t], f->x, sizeof e[i].x[t]);
			speech += e[i].label[t];
		}
		if (i % 500 == 499) {
			fprintf(stderr, "%zu scenes, %.1f %% speech\n", i + 1,
			    100 * speech / (double)((i + 1) * SCENE_FRAMES));
		}
	}
	free(f);
}

/* One piece of a batch into the network: features, and the labels of both outputs. */
static void
load_piece(struct net *n, const struct example *e, const size_t *order, size_t piece, float target[2][NET_K])
{
	for (size_t l = 0; l < NET_LANES; l++) {
		const struct example *one = &e[order[l]];
		for (size_t t = 0; t < NET_STEPS; t++) {
			size_t at = piece * NET_STEPS + t;
			for (size_t k = 0; k < VAD_FEATURES; k++) {
				n->x[k][t * NET_LANES + l] = one->x[at][k];
			}
			target[0][t * NET_LANES + l] = one->label[at];
			target[1][t * NET_LANES + l] = at >= VAD_LOOKAHEAD ? one->label[at - VAD_LOOKAHEAD] : -1.0f;
		}
	}
	if (piece == 0) {
		memset(n->state, 0, sizeof n->state);
	}
}

static void
shuffle(size_t *order, size_t n, uint64_t seed)
{
	struct rng r = rng_of(seed);
	for (size_t i = n; i > 1; i--) {
		size_t k = rng_below(&r, (uint32_t)i);
		size_t swap = order[i - 1];
		order[i - 1] = order[k];
		order[k] = swap;
	}
}

/* Loss and AUC of both outputs on the examples. */
static void
validate(struct net *n, const struct example *e, size_t count, const char *what)
{
	static float target[2][NET_K];
	size_t all = count / NET_LANES * NET_LANES * SCENE_FRAMES;
	float *score = need(calloc(all, sizeof *score));
	uint8_t *label = need(calloc(all, 1));
	for (int o = 0; o < 2; o++) {
		double loss = 0;
		size_t k = 0;
		for (size_t b = 0; b + NET_LANES <= count; b += NET_LANES) {
			size_t order[NET_LANES];
			for (size_t l = 0; l < NET_LANES; l++) {
				order[l] = b + l;
			}
			for (size_t piece = 0; piece < PIECES; piece++) {
				load_piece(n, e, order, piece, target);
				net_forward(n);
				for (size_t i = 0; i < NET_K; i++) {
					if (target[o][i] >= 0) {
						double p = 1 / (1 + exp(-(double)n->out[o][i]));
						loss -= log(fmax(1e-9, target[o][i] > 0.5f ? p : 1 - p));
						score[k] = n->out[o][i];
						label[k++] = target[o][i] > 0.5f;
					}
				}
			}
		}
		struct score s = score_frames(score, NULL, label, k);
		fprintf(stderr, "  %s, output %d: loss %.4f AUC %.4f best F1 %.4f\n", what, o, loss / (double)k, s.auc,
		    s.best_f1);
	}
	free(score);
	free(label);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: vad_train DATA OUT [SCENES [EPOCHS]]\n");
		return 2;
	}
	size_t scenes = argc > 3 ? strtoul(argv[3], NULL, 10) : 6000;
	size_t epochs = argc > 4 ? strtoul(argv[4], NULL, 10) : 14;
	size_t held = scenes / 10;
	size_t used = (scenes - held) / NET_LANES * NET_LANES;
	struct example *e = need(calloc(scenes, sizeof *e));
	struct net *n = need(aligned_alloc(64, (sizeof *n + 63) / 64 * 64));
	size_t *order = need(calloc(used, sizeof *order));
	static float target[2][NET_K];
	make_examples(e, scenes, argv[1]);
	net_init(n, 7);
	for (size_t i = 0; i < used; i++) {
		order[i] = i;
	}
	size_t steps = epochs * (used / NET_LANES) * PIECES;
	size_t step = 0;
	for (size_t epoch = 0; epoch < epochs; epoch++) {
		double loss = 0;
		clock_t begin = clock();
		shuffle(order, used, 99 + epoch);
		for (size_t b = 0; b < used; b += NET_LANES) {
			for (size_t piece = 0; piece < PIECES; piece++, step++) {
				double done = (double)step / (double)steps;
				net_prepare(n, done > 0.7);
				load_piece(n, e, order + b, piece, target);
				net_forward(n);
				loss += net_backward(n, target);
				net_update(n, 1e-5 + 2.5e-3 * 0.5 * (1 + cos(M_PI * done)));
			}
		}
		fprintf(stderr, "epoch %zu: loss %.4f (%.0f s)\n", epoch + 1,
		    loss / (double)(used / NET_LANES * PIECES), (double)(clock() - begin) / CLOCKS_PER_SEC);
		if (epoch % 4 == 3 || epoch + 1 == epochs) {
			net_prepare(n, epoch + 1 == epochs);
			validate(n, e + (scenes - held), held, "validation");
		}
	}
	net_export(n, argv[2]);
	return 0;
}
