#include "nodes/reply_match.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Letters, digits, apostrophes, and every byte of a character outside of ASCII. */
static bool
in_word(char c)
{
	unsigned char u = (unsigned char)c;
	return u >= 0x80 || isalnum(u) || u == '\'';
}

void
rmi_reply_words(struct rmi_reply_words *out, const char *text, size_t len)
{
	while (len > 0 && isspace((unsigned char)text[0])) {
		text++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)text[len - 1])) {
		len--;
	}
	out->text = (struct rmi_reply_span){text, len};
	out->n = 0;
	for (size_t i = 0; i < len && out->n < RMI_REPLY_WORDS_MAX;) {
		size_t start = i;
		while (i < len && in_word(text[i])) {
			i++;
		}
		if (i > start) {
			out->word[out->n++] = (struct rmi_reply_span){text + start, i - start};
		} else {
			i++;
		}
	}
}

/* The next word or star of an alternative; false at its end. */
static bool
next_token(const char **at, struct rmi_reply_span *token)
{
	while (**at != '\0' && **at != '|' && **at != '*' && !in_word(**at)) {
		(*at)++;
	}
	*token = (struct rmi_reply_span){*at, 0};
	if (**at == '*') {
		token->len = 1;
		(*at)++;
		return true;
	}
	while (in_word(**at)) {
		(*at)++;
		token->len++;
	}
	return token->len > 0;
}

static bool
is_star(const struct rmi_reply_span *token)
{
	return token->len == 1 && token->text[0] == '*';
}

static bool
same_word(const struct rmi_reply_span *a, const struct rmi_reply_span *b)
{
	return a->len == b->len && strncasecmp(a->text, b->text, a->len) == 0;
}

/* Words first .. last - 1 as they stand in the text, with what is between them. */
static struct rmi_reply_span
span_of(const struct rmi_reply_words *words, size_t first, size_t last)
{
	if (first == last) {
		return (struct rmi_reply_span){"", 0};
	}
	const char *start = words->word[first].text;
	const char *end = words->word[last - 1].text + words->word[last - 1].len;
	return (struct rmi_reply_span){start, (size_t)(end - start)};
}

/*
 * The usual matching of one star at a time: when words do not fit, the last star takes one word more and matching goes on
 * behind it. Earlier stars never need to change, so this ends after at most (words of pattern) x (words of sentence) steps.
 */
struct match {
	const struct rmi_reply_words *words;
	struct rmi_reply_caught *caught;
	size_t at;               /* next word */
	const char *behind_star; /* pattern behind the last star; NULL = none yet */
	size_t star_first, star_last;
};

static bool
retry(struct match *m, const char **pattern)
{
	if (m->behind_star == NULL || m->star_last >= m->words->n) {
		return false;
	}
	m->star_last++;
	m->caught->star[m->caught->n - 1] = span_of(m->words, m->star_first, m->star_last);
	m->at = m->star_last;
	*pattern = m->behind_star;
	return true;
}

static void
open_star(struct match *m, const char *behind)
{
	m->behind_star = behind;
	m->star_first = m->at;
	m->star_last = m->at;
	if (m->caught->n < RMI_REPLY_STARS_MAX) {
		m->caught->star[m->caught->n++] = (struct rmi_reply_span){"", 0};
	}
}

static bool
match_alternative(const char *pattern, const struct rmi_reply_words *words, struct rmi_reply_caught *caught)
{
	struct match m = {.words = words, .caught = caught};
	caught->n = 0;
	for (;;) {
		struct rmi_reply_span token;
		if (!next_token(&pattern, &token)) {
			if (m.at == words->n) {
				return true;
			}
		} else if (is_star(&token)) {
			open_star(&m, pattern);
			continue;
		} else if (m.at < words->n && same_word(&token, &words->word[m.at])) {
			m.at++;
			continue;
		}
		if (!retry(&m, &pattern)) {
			return false;
		}
	}
}

bool
rmi_reply_match(const char *pattern, const struct rmi_reply_words *words, struct rmi_reply_caught *caught)
{
	while (pattern != NULL) {
		if (match_alternative(pattern, words, caught)) {
			return true;
		}
		pattern = strchr(pattern, '|');
		pattern = pattern != NULL ? pattern + 1 : NULL;
	}
	caught->n = 0;
	return false;
}

enum rme_err
rmi_reply_check(const char *pattern, struct rme_error *err)
{
	for (const char *at = pattern;; at++) {
		struct rmi_reply_span token;
		size_t stars = 0;
		size_t n = 0;
		for (; next_token(&at, &token); n++) {
			stars += is_star(&token);
		}
		if (n == 0) {
			return rme_error_set(
			    err, RME_ECONFIG, NULL, "the pattern \"%.100s\" has an alternative without words", pattern);
		}
		if (stars > RMI_REPLY_STARS_MAX) {
			return rme_error_set(err, RME_ECONFIG, NULL, "the pattern \"%.100s\" has more than %d stars",
			    pattern, RMI_REPLY_STARS_MAX);
		}
		if (*at == '\0') {
			return RME_OK;
		}
	}
}

/* What a thing in braces stands for, and the bytes it takes in the reply; 0 = it is none. */
static size_t
variable(const char *at, const struct rmi_reply_words *words, const struct rmi_reply_caught *caught,
    struct rmi_reply_span *value)
{
	if (strncmp(at, "{text}", 6) == 0) {
		*value = words->text;
		return 6;
	}
	if (at[0] == '{' && at[1] >= '1' && at[1] <= '9' && at[2] == '}') {
		size_t i = (size_t)(at[1] - '1');
		*value = i < caught->n ? caught->star[i] : (struct rmi_reply_span){"", 0};
		return 3;
	}
	return 0;
}

enum rme_err
rmi_reply_fill(
    char **out, const char *reply, const struct rmi_reply_words *words, const struct rmi_reply_caught *caught)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	if (f == NULL) {
		return RME_ENOMEM;
	}
	size_t total = 0;
	for (const char *at = reply; *at != '\0' && total <= RMI_REPLY_BYTES_MAX;) {
		struct rmi_reply_span value = {at, 1};
		size_t used = variable(at, words, caught, &value);
		(void)fwrite(value.text, 1, value.len, f);
		total += value.len;
		at += used > 0 ? used : 1;
	}
	bool failed = ferror(f) != 0;
	failed = fclose(f) != 0 || failed || text == NULL;
	if (failed || total > RMI_REPLY_BYTES_MAX) {
		free(text);
		return failed ? RME_ENOMEM : RME_ELIMIT;
	}
	*out = text;
	return RME_OK;
}
