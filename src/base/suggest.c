#include "base/suggest.h"

#include <ctype.h>
#include <string.h>

static char
folded(char c)
{
	return c == '-' ? '_' : (char)tolower((unsigned char)c);
}

static size_t
min2(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment distance: R. Lowrance, R. A. Wagner, "An Extension of the String-to-String Correction
 * Problem", J. ACM 22 (1975), restricted to swaps of neighbors. Three rows of the table are enough. */
static size_t
edit_distance(const char *a, size_t na, const char *b, size_t nb)
{
	size_t rows[3][RMI_SUGGEST_WORD_MAX + 1];
	size_t *before = rows[0], *prev = rows[1], *row = rows[2];
	for (size_t j = 0; j <= nb; j++) {
		before[j] = j;
		prev[j] = j;
	}
	for (size_t i = 1; i <= na; i++) {
		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			char ca = folded(a[i - 1]), cb = folded(b[j - 1]);
			size_t d = prev[j - 1] + (ca == cb ? 0 : 1);
			d = min2(d, min2(prev[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && ca == folded(b[j - 2]) && folded(a[i - 2]) == cb) {
				d = min2(d, before[j - 2] + 1);
			}
			row[j] = d;
		}
		size_t *free_row = before;
		before = prev;
		prev = row;
		row = free_row;
	}
	return prev[nb];
}

void
rmi_suggest_offer(struct rmi_suggest *s, const char *candidate)
{
	size_t nw = strlen(s->word), nc = strlen(candidate);
	if (nw == 0 || nw > RMI_SUGGEST_WORD_MAX || nc > RMI_SUGGEST_WORD_MAX) {
		return;
	}
	size_t d = edit_distance(s->word, nw, candidate, nc);
	size_t longer = nw > nc ? nw : nc;
	size_t allowed = longer < 3 ? 1 : (longer + 2) / 3;
	if (d > allowed || d >= longer) {
		return;
	}
	if (s->best == NULL || d < s->distance) {
		s->best = candidate;
		s->distance = d;
	}
}
