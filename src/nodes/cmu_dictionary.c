#include "nodes/cmu_dictionary.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of the word that a line begins with, without the number of a further pronunciation: "was(2)". */
static size_t
word_length(const char *line)
{
	size_t n = strcspn(line, " \t\r\n");
	const char *open = memrchr(line, '(', n);
	return open != NULL && open > line && line[n - 1] == ')' ? (size_t)(open - line) : n;
}

static uint32_t
hash(const char *word, size_t len)
{
	uint32_t h = 2166136261U;
	for (size_t i = 0; i < len; i++) {
		h = (h ^ (uint8_t)word[i]) * 16777619U;
	}
	return h ^ h >> 15;
}

enum rme_err
rmi_cmu_dictionary_read(struct rmi_cmu_dictionary *out, const char *path, struct rme_error *err)
{
	*out = (struct rmi_cmu_dictionary){0};
	enum rme_err e = rmi_cmu_open(&out->file, NULL, path, err);
	if (e != RME_OK) {
		return e;
	}
	const char *text = (const char *)out->file.data;
	uint32_t lines = 1;
	for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
		lines++;
	}
	for (out->n_slots = 1024; out->n_slots < 2 * lines; out->n_slots *= 2) {
	}
	out->slots = calloc(out->n_slots, sizeof(*out->slots));
	if (out->slots == NULL) {
		return rme_error_set(err, RME_ENOMEM, "dictionary", "no memory");
	}
	for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		size_t n = word_length(line);
		if (n == 0) {
			continue;
		}
		uint32_t at = hash(line, n) & (out->n_slots - 1);
		while (out->slots[at] != 0) {
			at = (at + 1) & (out->n_slots - 1);
		}
		out->slots[at] = (uint32_t)(line - text) + 1;
	}
	return RME_OK;
}

void
rmi_cmu_dictionary_done(struct rmi_cmu_dictionary *d)
{
	free(d->file.data);
	free(d->slots);
	*d = (struct rmi_cmu_dictionary){0};
}

const char *
rmi_cmu_pronunciation(const struct rmi_cmu_dictionary *d, const char *word, size_t *len, uint32_t *step)
{
	size_t n = strlen(word);
	for (;;) {
		uint32_t at = (hash(word, n) + *step) & (d->n_slots - 1);
		if (d->slots[at] == 0) {
			return NULL;
		}
		++*step;
		const char *line = (const char *)d->file.data + d->slots[at] - 1;
		if (word_length(line) == n && memcmp(line, word, n) == 0) {
			line += strcspn(line, " \t\r\n");
			line += strspn(line, " \t");
			*len = strcspn(line, "\r\n");
			return line;
		}
	}
}
