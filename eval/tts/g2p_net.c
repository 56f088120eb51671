#include "g2p_net.h"

#include <math.h>
#include <string.h>

enum { N1 = TTS_G2P_HIDDEN_1, N2 = TTS_G2P_HIDDEN_2 };
static const float first_rate = 0.05f;

static float
uniform(uint64_t *seed, float scale)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return scale * ((float)(int32_t)(*seed >> 32) / 2147483648.0f);
}

static void
fill(float *w, size_t n, float scale, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++) {
		w[i] = uniform(seed, scale);
	}
}

void
g2p_net_init(struct g2p_net *net)
{
	uint64_t seed = 7;
	fill(net->letter, sizeof(net->letter) / sizeof(float), 0.25f, &seed);
	fill(net->said[0], sizeof(net->said) / sizeof(float), 0.1f, &seed);
	fill(net->w2, sizeof(net->w2) / sizeof(float), sqrtf(6.0f / N1), &seed);
	fill(net->w3, sizeof(net->w3) / sizeof(float), sqrtf(3.0f / N2), &seed);
}

int
g2p_class_of(const struct g2p_net *net, uint16_t chunk)
{
	for (int i = 0; i < net->n_classes; i++) {
		if (net->chunk[i] == chunk) {
			return i;
		}
	}
	return -1;
}

struct pass {
	size_t rows[TTS_G2P_WINDOW];
	int said[2];
	float h1[N1], h2[N2], out[G2P_CLASSES_MAX];
};

static void
add(float *to, const float *row, float by, int n)
{
	for (int i = 0; i < n; i++) {
		to[i] += by * row[i];
	}
}

static void
forward(const struct g2p_net *net, const struct dict_word *w, int at, struct pass *p)
{
	int c = net->n_classes;
	memcpy(p->h1, net->b1, sizeof(p->h1));
	for (int k = 0; k < TTS_G2P_WINDOW; k++) {
		int i = at + k - TTS_G2P_SIDE;
		uint8_t letter = i < 0 || i >= w->n_letters ? 0 : tts_letter(w->text[i]);
		p->rows[k] = (size_t)(k * TTS_G2P_LETTERS + letter);
		add(p->h1, net->letter + p->rows[k] * N1, 1.0f, N1);
	}
	for (int k = 0; k < 2; k++) {
		int i = at - 1 - k;
		p->said[k] = i < 0 ? 0 : g2p_class_of(net, w->chunks[i]);
		add(p->h1, net->said[k] + (size_t)p->said[k] * N1, 1.0f, N1);
	}
	memcpy(p->h2, net->b2, sizeof(p->h2));
	for (int i = 0; i < N1; i++) {
		p->h1[i] = p->h1[i] > 0.0f ? p->h1[i] : 0.0f;
		if (p->h1[i] > 0.0f) {
			add(p->h2, net->w2 + (size_t)i * N2, p->h1[i], N2);
		}
	}
	memcpy(p->out, net->b3, sizeof(float) * (size_t)c);
	for (int i = 0; i < N2; i++) {
		p->h2[i] = p->h2[i] > 0.0f ? p->h2[i] : 0.0f;
		if (p->h2[i] > 0.0f) {
			add(p->out, net->w3 + (size_t)i * (size_t)c, p->h2[i], c);
		}
	}
}

/* Turns outputs into probabilities less the truth: the gradient. @return the loss */
static double
softmax_gradient(float *out, int n, int truth)
{
	float top = out[0], sum = 0.0f;
	for (int i = 1; i < n; i++) {
		top = out[i] > top ? out[i] : top;
	}
	for (int i = 0; i < n; i++) {
		out[i] = expf(out[i] - top);
		sum += out[i];
	}
	for (int i = 0; i < n; i++) {
		out[i] /= sum;
	}
	double loss = -log((double)out[truth] + 1e-12);
	out[truth] -= 1.0f;
	return loss;
}

static void
step(float *w, float *s, const float *g, float by, int n, float rate)
{
	for (int i = 0; i < n; i++) {
		float d = by * g[i];
		s[i] += d * d;
		w[i] -= rate * d / (sqrtf(s[i]) + 1e-4f);
	}
}

static void
backward(struct g2p_net *net, struct pass *p, float rate)
{
	int c = net->n_classes;
	float g2[N2] = {0}, g1[N1] = {0};
	for (int i = 0; i < N2; i++) {
		if (p->h2[i] <= 0.0f) {
			continue;
		}
		float *w = net->w3 + (size_t)i * (size_t)c;
		float sum = 0.0f;
		for (int j = 0; j < c; j++) {
			sum += w[j] * p->out[j];
		}
		g2[i] = sum;
		step(w, net->w3_s + (size_t)i * (size_t)c, p->out, p->h2[i], c, rate);
	}
	step(net->b3, net->b3_s, p->out, 1.0f, c, rate);
	for (int i = 0; i < N1; i++) {
		if (p->h1[i] <= 0.0f) {
			continue;
		}
		float *w = net->w2 + (size_t)i * N2;
		float sum = 0.0f;
		for (int j = 0; j < N2; j++) {
			sum += w[j] * g2[j];
		}
		g1[i] = sum;
		step(w, net->w2_s + (size_t)i * N2, g2, p->h1[i], N2, rate);
	}
	step(net->b2, net->b2_s, g2, 1.0f, N2, rate);
	for (int k = 0; k < TTS_G2P_WINDOW; k++) {
		step(net->letter + p->rows[k] * N1, net->letter_s + p->rows[k] * N1, g1, 1.0f, N1, rate);
	}
	for (int k = 0; k < 2; k++) {
		size_t row = (size_t)p->said[k] * N1;
		step(net->said[k] + row, net->said_s[k] + row, g1, 1.0f, N1, rate);
	}
	step(net->b1, net->b1_s, g1, 1.0f, N1, rate);
}

double
g2p_net_learn(struct g2p_net *net, const struct dict_word *w, float rate)
{
	struct pass p;
	double loss = 0.0;
	for (int i = 0; i < w->n_letters; i++) {
		forward(net, w, i, &p);
		loss += softmax_gradient(p.out, net->n_classes, g2p_class_of(net, w->chunks[i]));
		backward(net, &p, first_rate * rate);
	}
	return loss / w->n_letters;
}

int
g2p_net_right(const struct g2p_net *net, const struct dict_word *w)
{
	struct pass p;
	int right = 0;
	for (int i = 0; i < w->n_letters; i++) {
		forward(net, w, i, &p);
		int best = 0;
		for (int j = 1; j < net->n_classes; j++) {
			best = p.out[j] > p.out[best] ? j : best;
		}
		right += best == g2p_class_of(net, w->chunks[i]);
	}
	return right;
}
