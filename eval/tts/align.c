#include "align.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tts_g2p.h"
#include "tts_phones.h"

enum { ROUNDS = 6, CHUNKS = 64 * 64 }; /* a chunk: first phone + second phone * 64, without stress */

static int
phone_code(const char *name)
{
	size_t n = strlen(name);
	int stress = 0;
	char base[8] = {0};
	if (n == 0 || n >= sizeof(base)) {
		return -1;
	}
	memcpy(base, name, n);
	if (base[n - 1] >= '0' && base[n - 1] <= '2') {
		stress = base[n - 1] - '0';
		base[n - 1] = '\0';
	}
	for (int i = 1; i < TTS_PHONES; i++) {
		if (strcmp(base, tts_phone_specs[i].name) == 0) {
			return i * 4 + stress;
		}
	}
	return -1;
}

static int
word_parse(char *line, struct dict_word *w)
{
	char *save = NULL;
	const char *text = strtok_r(line, " \n", &save);
	if (text == NULL || strlen(text) >= WORD_LETTERS_MAX) {
		return 0;
	}
	*w = (struct dict_word){.n_letters = (uint8_t)strlen(text)};
	memcpy(w->text, text, w->n_letters);
	for (const char *p = strtok_r(NULL, " \n", &save); p != NULL; p = strtok_r(NULL, " \n", &save)) {
		int code = phone_code(p);
		if (code < 0 || w->n_sounds >= WORD_SOUNDS_MAX) {
			fprintf(stderr, "%s: unknown sound %s\n", text, p);
			return 0;
		}
		w->sounds[w->n_sounds++] = (uint8_t)code;
	}
	return w->n_sounds > 0 && w->n_sounds <= 2 * w->n_letters;
}

size_t
dict_read(const char *path, struct dict_word **out)
{
	FILE *f = fopen(path, "r");
	size_t n = 0, cap = 1 << 17;
	struct dict_word *words = malloc(cap * sizeof(*words));
	char line[512];
	if (f == NULL || words == NULL) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	while (n < cap && fgets(line, sizeof(line), f) != NULL) {
		n += (size_t)word_parse(line, &words[n]);
	}
	fclose(f);
	*out = words;
	return n;
}

static uint32_t
chunk_of(const struct dict_word *w, int at, int n)
{
	return n == 0 ? 0 : n == 1 ? w->sounds[at] / 4u : w->sounds[at] / 4u + w->sounds[at + 1] / 4u * 64u;
}

struct table {
	double p[TTS_G2P_LETTERS][CHUNKS], count[TTS_G2P_LETTERS][CHUNKS];
};

/* Sum over all alignments; counts how much each pair of letter and chunk is used. */
static void
expect(struct table *t, const struct dict_word *w)
{
	static double a[WORD_LETTERS_MAX + 1][WORD_SOUNDS_MAX + 3], b[WORD_LETTERS_MAX + 1][WORD_SOUNDS_MAX + 3];
	int nl = w->n_letters, ns = w->n_sounds;
	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	a[0][0] = 1.0;
	b[nl][ns] = 1.0;
	for (int i = 0; i < nl; i++) {
		const double *p = t->p[tts_letter(w->text[i])];
		for (int j = 0; j <= ns; j++) {
			for (int n = 0; n <= 2 && j + n <= ns; n++) {
				a[i + 1][j + n] += a[i][j] * p[chunk_of(w, j, n)];
			}
		}
	}
	for (int i = nl - 1; i >= 0; i--) {
		const double *p = t->p[tts_letter(w->text[i])];
		for (int j = 0; j <= ns; j++) {
			for (int n = 0; n <= 2 && j + n <= ns; n++) {
				b[i][j] += b[i + 1][j + n] * p[chunk_of(w, j, n)];
			}
		}
	}
	double all = a[nl][ns];
	if (all <= 0.0) {
		return;
	}
	for (int i = 0; i < nl; i++) {
		uint8_t letter = tts_letter(w->text[i]);
		for (int j = 0; j <= ns; j++) {
			for (int n = 0; n <= 2 && j + n <= ns; n++) {
				uint32_t c = chunk_of(w, j, n);
				t->count[letter][c] += a[i][j] * t->p[letter][c] * b[i + 1][j + n] / all;
			}
		}
	}
}

static void
maximize(struct table *t)
{
	for (int l = 0; l < TTS_G2P_LETTERS; l++) {
		double sum = 0.0;
		for (int c = 0; c < CHUNKS; c++) {
			sum += t->count[l][c];
		}
		for (int c = 0; c < CHUNKS; c++) {
			t->p[l][c] = sum > 0.0 ? t->count[l][c] / sum : 0.0;
			t->count[l][c] = 0.0;
		}
	}
}

static void
best(const struct table *t, struct dict_word *w)
{
	double score[WORD_LETTERS_MAX + 1][WORD_SOUNDS_MAX + 3];
	uint8_t from[WORD_LETTERS_MAX + 1][WORD_SOUNDS_MAX + 3];
	int nl = w->n_letters, ns = w->n_sounds;
	memset(from, 0, sizeof(from));
	for (int i = 0; i <= nl; i++) {
		for (int j = 0; j <= ns; j++) {
			score[i][j] = -INFINITY;
		}
	}
	score[0][0] = 0.0;
	for (int i = 0; i < nl; i++) {
		const double *p = t->p[tts_letter(w->text[i])];
		for (int j = 0; j <= ns; j++) {
			for (int n = 0; n <= 2 && j + n <= ns; n++) {
				double s = score[i][j] + log(p[chunk_of(w, j, n)] + 1e-300);
				if (s > score[i + 1][j + n]) {
					score[i + 1][j + n] = s;
					from[i + 1][j + n] = (uint8_t)n;
				}
			}
		}
	}
	w->aligned = score[nl][ns] > -200.0;
	for (int i = nl, j = ns; i > 0 && w->aligned; i--) {
		int n = from[i][j];
		j -= n;
		w->chunks[i - 1] = (uint16_t)(n == 0   ? 0
		                              : n == 1 ? w->sounds[j]
		                                       : w->sounds[j] | w->sounds[j + 1] << 8);
	}
}

void
dict_align(struct dict_word *words, size_t n)
{
	struct table *t = calloc(1, sizeof(*t));
	if (t == NULL) {
		exit(1);
	}
	for (int l = 0; l < TTS_G2P_LETTERS; l++) {
		for (int c = 0; c < CHUNKS; c++) {
			t->p[l][c] = c == 0 ? 0.2 : c < 64 ? 0.02 : 0.0002;
		}
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < n; i++) {
			expect(t, &words[i]);
		}
		maximize(t);
	}
	for (size_t i = 0; i < n; i++) {
		best(t, &words[i]);
	}
	free(t);
}

int
dict_is_held_out(const struct dict_word *w)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	for (const char *s = w->text; *s != '\0'; s++) {
		h = (h ^ (uint8_t)*s) * 16777619u;
	}
	return (h ^ h >> 15) % 20 == 0;
}
