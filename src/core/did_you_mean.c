#include <rme/params.h>

#include "base/suggest.h"

const char *
rme_did_you_mean(const char *word, const char *const *known, size_t n)
{
	struct rmi_suggest s = {.word = word};
	for (size_t i = 0; i < n; i++) {
		rmi_suggest_offer(&s, known[i]);
	}
	return s.best;
}
