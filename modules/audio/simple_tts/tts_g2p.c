#include "tts_g2p.h"

#include "fmath.h"
#include "tts_g2p_weights.h"

enum { BEAM = 3, N1 = TTS_G2P_HIDDEN_1, N2 = TTS_G2P_HIDDEN_2 };

/* One way to read the letters so far. */
struct reading {
	float score;                /* logarithm of its probability */
	uint8_t said[TTS_WORD_MAX]; /* class of each letter */
};

uint8_t
tts_letter(char c)
{
	if (c >= 'a' && c <= 'z') {
		return (uint8_t)(c - 'a' + 1);
	}
	if (c >= 'A' && c <= 'Z') {
		return (uint8_t)(c - 'A' + 1);
	}
	return c == '\'' ? 27 : 0;
}

static inline void
add_row(float *to, const int8_t *row, float by, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		to[i] += by * (float)row[i];
	}
}

static inline void
rectify(float *v, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		v[i] = v[i] > 0.0f ? v[i] : 0.0f;
	}
}

/* The part of the first layer that the letters around @p at give; the same for all readings. */
static void
see_letters(float h1[N1], const uint8_t *letters, uint32_t len, uint32_t at)
{
	int32_t sum[N1];
	for (uint32_t i = 0; i < N1; i++) {
		sum[i] = 0;
	}
	for (uint32_t k = 0; k < TTS_G2P_WINDOW; k++) {
		uint32_t i = at + k - TTS_G2P_SIDE; /* wraps around before the word */
		const int8_t *row = g2p_letter + (k * TTS_G2P_LETTERS + (i < len ? letters[i] : 0u)) * N1;
		for (uint32_t j = 0; j < N1; j++) {
			sum[j] += row[j];
		}
	}
	for (uint32_t i = 0; i < N1; i++) {
		h1[i] = (float)sum[i] * g2p_letter_scale + (float)g2p_b1[i] * g2p_b1_scale;
	}
}

static void
to_logarithms(float out[G2P_CLASSES])
{
	float top = out[0], sum = 0.0f;
	for (uint32_t i = 1; i < G2P_CLASSES; i++) {
		top = out[i] > top ? out[i] : top;
	}
	for (uint32_t i = 0; i < G2P_CLASSES; i++) {
		sum += fm_exp(out[i] - top);
	}
	float all = top + fm_log(sum);
	for (uint32_t i = 0; i < G2P_CLASSES; i++) {
		out[i] -= all;
	}
}

/* Logarithms of the probabilities of the classes. */
static void
judge(const float seen[N1], const struct reading *r, uint32_t at, float out[G2P_CLASSES])
{
	float h1[N1], h2[N2];
	__builtin_memcpy(h1, seen, sizeof(h1));
	add_row(h1, g2p_said_1 + (at > 0 ? r->said[at - 1] : 0u) * N1, g2p_said_1_scale, N1);
	add_row(h1, g2p_said_2 + (at > 1 ? r->said[at - 2] : 0u) * N1, g2p_said_2_scale, N1);
	rectify(h1, N1);
	for (uint32_t i = 0; i < N2; i++) {
		h2[i] = (float)g2p_b2[i] * g2p_b2_scale;
	}
	for (uint32_t i = 0; i < N1; i++) {
		if (h1[i] > 0.0f) {
			add_row(h2, g2p_w2 + i * N2, h1[i] * g2p_w2_scale, N2);
		}
	}
	rectify(h2, N2);
	for (uint32_t i = 0; i < G2P_CLASSES; i++) {
		out[i] = (float)g2p_b3[i] * g2p_b3_scale;
	}
	for (uint32_t i = 0; i < N2; i++) {
		if (h2[i] > 0.0f) {
			add_row(out, g2p_w3 + i * G2P_CLASSES, h2[i] * g2p_w3_scale, G2P_CLASSES);
		}
	}
	to_logarithms(out);
}

struct beam {
	struct reading readings[BEAM];
	uint32_t n;
};

static void
keep(struct beam *b, const struct reading *from, uint32_t at, uint32_t said, float score)
{
	uint32_t place = b->n;
	while (place > 0 && b->readings[place - 1].score < score) {
		place--;
	}
	if (place >= BEAM) {
		return;
	}
	b->n += b->n < BEAM;
	for (uint32_t i = b->n - 1; i > place; i--) {
		b->readings[i] = b->readings[i - 1];
	}
	b->readings[place] = *from;
	b->readings[place].said[at] = (uint8_t)said;
	b->readings[place].score = score;
}

uint32_t
tts_g2p(const char *word, uint32_t len, uint8_t *codes)
{
	uint8_t letters[TTS_WORD_MAX];
	len = len > TTS_WORD_MAX ? TTS_WORD_MAX : len;
	for (uint32_t i = 0; i < len; i++) {
		letters[i] = tts_letter(word[i]);
	}
	struct beam now = {.n = 1}, then;
	now.readings[0].score = 0.0f;
	for (uint32_t at = 0; at < len; at++) {
		float seen[N1], out[G2P_CLASSES];
		see_letters(seen, letters, len, at);
		then.n = 0;
		for (uint32_t r = 0; r < now.n; r++) {
			judge(seen, &now.readings[r], at, out);
			for (uint32_t c = 0; c < G2P_CLASSES; c++) {
				keep(&then, &now.readings[r], at, c, now.readings[r].score + out[c]);
			}
		}
		now = then;
	}
	uint32_t n = 0;
	for (uint32_t at = 0; at < len; at++) {
		uint16_t chunk = g2p_chunk[now.readings[0].said[at]];
		if (chunk != 0) {
			codes[n++] = (uint8_t)(chunk & 0xff);
		}
		if (chunk >> 8 != 0) {
			codes[n++] = (uint8_t)(chunk >> 8);
		}
	}
	return n;
}
