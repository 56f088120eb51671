#ifndef EVAL_RECOGNIZE_H
#define EVAL_RECOGNIZE_H

#include <stddef.h>
#include <stdint.h>

/* Recognition of single utterances by PocketSphinx, and what was said in the test recordings. */

enum { SPOKEN_MAX = 24 };

struct spoken {
	const char *path;
	const char *search; /* "cards" or "commands" (grammars), "lm" */
	const char *words;
	int dev; /* development, else test */
};
extern const struct spoken spoken[];
extern const size_t n_spoken;

struct recognizer;
struct recognizer *recognizer_new(const char *folder);
void recognizer_free(struct recognizer *r);

/* Words that are wrong, missing or too many. */
unsigned recognizer_errors(struct recognizer *r, const struct spoken *s, const int16_t *pcm, size_t n);
unsigned words_of(const char *text);

#endif
