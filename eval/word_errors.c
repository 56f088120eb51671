#include "word_errors.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 64, TEXT_MAX = 2048 };

/* Cuts it into words; marks of pronunciations such as (2) go. */
static unsigned
split(char *text, char **words)
{
	unsigned n = 0;
	for (char *rest = NULL, *w = strtok_r(text, " ", &rest); w != NULL && n < WORDS_MAX;
	    w = strtok_r(NULL, " ", &rest)) {
		w[strcspn(w, "(")] = '\0';
		words[n++] = w;
	}
	return n;
}

unsigned
word_errors(const char *said, const char *heard, unsigned *n_said)
{
	char a[TEXT_MAX], b[TEXT_MAX];
	char *x[WORDS_MAX], *y[WORDS_MAX];
	unsigned row[WORDS_MAX + 1];
	(void)snprintf(a, sizeof a, "%s", said);
	(void)snprintf(b, sizeof b, "%s", heard);
	unsigned n = split(a, x), m = split(b, y);
	for (unsigned j = 0; j <= m; j++) {
		row[j] = j;
	}
	for (unsigned i = 1; i <= n; i++) {
		unsigned corner = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned best = corner + (strcmp(x[i - 1], y[j - 1]) != 0);
			best = row[j] + 1 < best ? row[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			corner = row[j];
			row[j] = best;
		}
	}
	*n_said = n;
	return row[m];
}
