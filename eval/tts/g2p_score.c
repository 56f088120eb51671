/*
 * g2p_score WORDS - how well modules/audio/simple_tts/tts_g2p.c reads the words that were held out of its training: errors per
 * sound, without and with stress, and words wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include "align.h"
#include "tts_g2p.h"

static unsigned
distance(const uint8_t *a, unsigned na, const uint8_t *b, unsigned nb, unsigned shift)
{
	unsigned row[256];
	for (unsigned j = 0; j <= nb; j++) {
		row[j] = j;
	}
	for (unsigned i = 1; i <= na; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned other = diagonal + ((a[i - 1] >> shift) != (b[j - 1] >> shift));
			diagonal = row[j];
			unsigned least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
			row[j] = other < least ? other : least;
		}
	}
	return row[nb];
}

int
main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: g2p_score WORDS\n");
		return 2;
	}
	struct dict_word *words;
	size_t n = dict_read(argv[1], &words);
	unsigned sounds = 0, plain = 0, stressed = 0, wrong = 0, wrong_stressed = 0, all = 0;
	for (size_t i = 0; i < n; i++) {
		if (!dict_is_held_out(&words[i])) {
			continue;
		}
		uint8_t codes[TTS_WORD_SOUNDS_MAX];
		unsigned got = tts_g2p(words[i].text, words[i].n_letters, codes);
		unsigned p = distance(words[i].sounds, words[i].n_sounds, codes, got, 2);
		unsigned s = distance(words[i].sounds, words[i].n_sounds, codes, got, 0);
		sounds += words[i].n_sounds;
		plain += p;
		stressed += s;
		wrong += p > 0;
		wrong_stressed += s > 0;
		all++;
	}
	printf(
	    "%u words held out: sounds wrong %.2f %%, with stress %.2f %%; words wrong %.2f %%, with stress %.2f %%\n",
	    all, 100.0 * plain / sounds, 100.0 * stressed / sounds, 100.0 * wrong / all, 100.0 * wrong_stressed / all);
	free(words);
	return 0;
}
