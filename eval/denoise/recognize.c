#include "recognize.h"

#include <pocketsphinx.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../word_errors.h"
#include "sound.h"

#define DATA     "/usr/share/pocketsphinx/test/data/"
#define LIBRIVOX DATA "librivox/sense_and_sensibility_01_austen_64kb-"
#define ALSA     "/usr/share/sounds/alsa/"
#define MODEL    "/usr/share/pocketsphinx/model/en-us/"

const struct spoken spoken[] = {
    {DATA "cards/001.wav", "cards", "ten of clubs", 1},
    {DATA "cards/002.wav", "cards", "four queen of clubs", 1},
    {DATA "cards/003.wav", "cards", "seven of clubs", 1},
    {DATA "cards/004.wav", "cards", "five five", 1},
    {DATA "cards/005.wav", "cards", "eight of spades four of clubs seven of hearts", 1},
    {ALSA "Front_Center.wav", "commands", "front center", 1},
    {ALSA "Front_Left.wav", "commands", "front left", 1},
    {ALSA "Front_Right.wav", "commands", "front right", 1},
    {ALSA "Rear_Center.wav", "commands", "rear center", 1},
    {ALSA "Rear_Left.wav", "commands", "rear left", 1},
    {ALSA "Rear_Right.wav", "commands", "rear right", 1},
    {ALSA "Side_Left.wav", "commands", "side left", 1},
    {ALSA "Side_Right.wav", "commands", "side right", 1},
    {DATA "goforward.raw", "commands", "go forward ten meters", 0},
    {DATA "tidigits/dhd.2934z.raw", "commands", "two nine three four zero", 0},
    {LIBRIVOX "0870.wav", "lm",
        "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do "
        "for them",
        0},
    {LIBRIVOX "0880.wav", "lm", "he was not an ill disposed young man", 0},
    {LIBRIVOX "0890.wav", "lm", "unless to be rather cold hearted and rather selfish is to be ill disposed", 0},
    {LIBRIVOX "0920.wav", "lm",
        "had he married a more amiable woman he might have been made still more respectable than he was", 0},
    {LIBRIVOX "0930.wav", "lm", "he might even have been made amiable himself", 0},
};
const size_t n_spoken = sizeof spoken / sizeof spoken[0];

struct recognizer {
	ps_decoder_t *ps;
	cmd_ln_t *config;
};

static void
check(int ok, const char *what)
{
	if (!ok) {
		(void)fprintf(stderr, "recognizer: cannot load %s; is pocketsphinx-en-us installed?\n", what);
		exit(1);
	}
}

struct recognizer *
recognizer_new(const char *folder)
{
	struct recognizer *r = need(calloc(1, sizeof *r));
	char grammar[512];
	(void)snprintf(grammar, sizeof grammar, "%s/commands.gram", folder);
	r->config = cmd_ln_init(NULL, ps_args(), TRUE, "-hmm", MODEL "en-us", "-dict", MODEL "cmudict-en-us.dict",
	    "-logfn", "/dev/null", NULL);
	r->ps = r->config != NULL ? ps_init(r->config) : NULL;
	check(r->ps != NULL, MODEL "en-us");
	check(ps_set_jsgf_file(r->ps, "cards", DATA "cards/cards.gram") == 0, "cards.gram");
	check(ps_set_jsgf_file(r->ps, "commands", grammar) == 0, grammar);
	check(ps_set_lm_file(r->ps, "lm", MODEL "en-us.lm.bin") == 0, "en-us.lm.bin");
	return r;
}

void
recognizer_free(struct recognizer *r)
{
	(void)ps_free(r->ps);
	(void)cmd_ln_free_r(r->config);
	free(r);
}

unsigned
words_of(const char *text)
{
	unsigned n;
	(void)word_errors(text, "", &n);
	return n;
}

unsigned
recognizer_errors(struct recognizer *r, const struct spoken *s, const int16_t *pcm, size_t n)
{
	int32 score;
	check(
	    ps_set_search(r->ps, s->search) == 0 && ps_start_stream(r->ps) == 0 && ps_start_utt(r->ps) == 0, s->search);
	(void)ps_process_raw(r->ps, pcm, n, FALSE, TRUE);
	(void)ps_end_utt(r->ps);
	const char *hyp = ps_get_hyp(r->ps, &score);
	unsigned said;
	return word_errors(s->words, hyp != NULL ? hyp : "", &said);
}
