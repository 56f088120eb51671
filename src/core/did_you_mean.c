#include <rme/params.h>

#include <string.h>

enum { WORD_MAX = 64, DISTANCE_MAX = 2 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein (1966), two rows; a swap of neighbors counts as two. */
static size_t
distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	if (n >= WORD_MAX || m >= WORD_MAX) {
		return WORD_MAX;
	}
	size_t row[WORD_MAX];
	for (size_t j = 0; j <= m; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t cost = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = least(cost, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[m];
}

const char *
rme_did_you_mean(const char *word, const char *const *known, size_t n)
{
	const char *best = NULL;
	size_t best_distance = DISTANCE_MAX + 1;
	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, known[i]);
		if (d < best_distance && 2 * d < strlen(word)) {
			best = known[i];
			best_distance = d;
		}
	}
	return best;
}
