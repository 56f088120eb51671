#include "tts_text.h"

#include "tts_number.h"

enum { BREATH_WORDS = 22, TOKEN_MAX = 200 };

/* One token of the text, folded to ASCII but for the signs that numbers know. */
struct token {
	char s[TOKEN_MAX];
	uint32_t len;
	int blank_line; /* an empty line comes before it */
	int ended;      /* no token: the text is over */
};

static const char latin[] = "AAAAAAACEEEEIIIIDNOOOOO OUUUUYTsaaaaaaaceeeeiiiidnooooo ouuuuyty"
                            "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLl"
                            "NnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";

static uint32_t
bytes_of(uint8_t first)
{
	if (first < 0x80) {
		return 1;
	}
	if (first < 0xC2 || first > 0xF4) {
		return 0;
	}
	return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* One code point; a broken byte is one of its own. */
static uint32_t
code_point(const char *s, uint32_t len, uint32_t *size)
{
	uint8_t c = (uint8_t)s[0];
	uint32_t n = bytes_of(c);
	*size = 1;
	if (n <= 1 || n > len) {
		return n == 1 ? c : 0xFFFD;
	}
	uint32_t code = c & (0xFFu >> (n + 1));
	for (uint32_t i = 1; i < n; i++) {
		if (((uint8_t)s[i] & 0xC0) != 0x80) {
			return 0xFFFD;
		}
		code = code << 6 | ((uint8_t)s[i] & 0x3Fu);
	}
	*size = n;
	return code;
}

static void
put(struct token *t, const char *s, uint32_t n)
{
	for (uint32_t i = 0; i < n && t->len < TOKEN_MAX; i++) {
		t->s[t->len++] = s[i];
	}
}

static int
is_space(uint32_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || c == 0x3000;
}

/* Typographic signs, and what stands for them; "" = the sign as it is, because numbers know it. */
static const struct {
	uint32_t code;
	const char *as;
} typographic[] = {{0x2018, "'"}, {0x2019, "'"}, {0x02BC, "'"}, {0x201C, "\""}, {0x201D, "\""}, {0xAB, "\""},
    {0xBB, "\""}, {0x2026, "..."}, {0x2014, ","}, {0x2010, "-"}, {0x2011, "-"}, {0x2012, "-"}, {0x2013, "-"},
    {0x2212, "-"}, {0xA3, ""}, {0xA5, ""}, {0xB0, ""}, {0x20AC, ""}, {0xD7, ""}};

/* Adds the character to the token as something that the rest knows. */
static void
fold(struct token *t, uint32_t code, const char *s, uint32_t size)
{
	if (code < 0x80) {
		char c = (char)code;
		put(t, &c, code >= 0x20 && code != 0x7F ? 1 : 0);
		return;
	}
	for (uint32_t i = 0; i < sizeof(typographic) / sizeof(typographic[0]); i++) {
		if (typographic[i].code == code) {
			const char *as = typographic[i].as;
			put(t, as[0] != '\0' ? as : s, as[0] != '\0' ? tts_length(as) : size);
			return;
		}
	}
	if (code >= 0xC0 && code <= 0x17F && latin[code - 0xC0] != ' ') {
		put(t, &latin[code - 0xC0], 1);
	}
}

static void
token_next(struct tts_reader *r, struct token *t)
{
	t->len = 0;
	t->blank_line = 0;
	uint32_t lines = 0;
	while (r->at < r->len) {
		uint32_t size, code = code_point(r->text + r->at, r->len - r->at, &size);
		if (is_space(code)) {
			if (t->len > 0) {
				break;
			}
			lines += code == '\n';
		} else {
			fold(t, code, r->text + r->at, size);
		}
		r->at += size;
		if (t->len + 4 > TOKEN_MAX || (code == 0x2014 && t->len > 0)) {
			break;
		}
	}
	t->blank_line = lines > 1;
	t->ended = t->len == 0;
}

static int
same(const char *s, uint32_t len, const char *word)
{
	uint32_t i = 0;
	for (; i < len && word[i] != '\0'; i++) {
		if (tts_lower(s[i]) != word[i]) {
			return 0;
		}
	}
	return i == len && word[i] == '\0';
}

struct spelled_out {
	const char *written, *said;
};

/* With or without a full stop after them. */
static const struct spelled_out abbreviations[] = {{"mr", "mister"}, {"mrs", "misses"}, {"ms", "miz"}, {"dr", "doctor"},
    {"prof", "professor"}, {"st", "street"}, {"ave", "avenue"}, {"jr", "junior"}, {"sr", "senior"}, {"vs", "versus"},
    {"approx", "approximately"}, {"dept", "department"}, {"etc", "et cetera"}, {"e.g", "for example"},
    {"i.e", "that is"}, {"jan", "january"}, {"feb", "february"}, {"aug", "august"}, {"sept", "september"},
    {"oct", "october"}, {"nov", "november"}, {"dec", "december"}, {"inc", "incorporated"}, {"corp", "corporation"},
    {"ltd", "limited"}, {"a.m", "a. m."}, {"p.m", "p. m."}, {"ok", "okay"}, {"tv", "t. v."}, {"usa", "u. s. a."},
    {"uk", "u. k."}, {"phd", "p. h. d."}};

static const struct spelled_out signs[] = {{"&", "and"}, {"+", "plus"}, {"=", "equals"}, {"@", "at"}, {"#", "number"},
    {"/", "slash"}, {"%", "percent"}, {"<", "less than"}, {">", "greater than"}, {"\xc2\xb0", "degrees"},
    {"\xc3\x97", "times"}};

static int
say_known(struct tts_words *w, const char *s, uint32_t len, const struct spelled_out *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (same(s, len, list[i].written)) {
			tts_words_say(w, list[i].said);
			return 1;
		}
	}
	return 0;
}

static int
has_vowel(const char *s, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		char c = tts_lower(s[i]);
		if (c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y') {
			return 1;
		}
	}
	return 0;
}

/* Takes the apostrophes from both ends. */
static void
trim(const char **s, uint32_t *len)
{
	while (*len > 0 && (*s)[0] == '\'') {
		(*s)++;
		(*len)--;
	}
	while (*len > 0 && (*s)[*len - 1] == '\'') {
		(*len)--;
	}
}

/* Said letter by letter. */
static int
is_spelled(const char *s, uint32_t len)
{
	if (len == 1) {
		return tts_lower(s[0]) != 'a' && tts_lower(s[0]) != 'i';
	}
	return len < 5 && !has_vowel(s, len) && !same(s, len, "hmm") && !same(s, len, "shh");
}

/* Letters and apostrophes. "NATO" is a word, "BBC", "xml" and "F" are letters. */
static void
say_letters(struct tts_words *w, const char *s, uint32_t len)
{
	trim(&s, &len);
	if (len == 0 || say_known(w, s, len, abbreviations, sizeof(abbreviations) / sizeof(abbreviations[0]))) {
		return;
	}
	if (is_spelled(s, len)) {
		tts_words_spell(w, s, len);
	} else {
		tts_words_add(w, s, len > 40 ? 40 : len);
	}
}

static uint32_t
run_of(const char *s, uint32_t len, int (*is)(char))
{
	uint32_t n = 0;
	while (n < len && is(s[n])) {
		n++;
	}
	return n;
}

static int
is_word_sign(char c)
{
	return tts_is_letter(c) || c == '\'';
}

/* A token that is no number: runs of letters, digits and signs. */
static void
say_mixed(struct tts_words *w, const char *s, uint32_t len)
{
	for (uint32_t at = 0; at < len;) {
		uint32_t letters = run_of(s + at, len - at, is_word_sign),
		         digits = run_of(s + at, len - at, tts_is_digit);
		if (letters > 0) {
			say_letters(w, s + at, letters);
			at += letters;
		} else if (digits > 0) {
			(void)tts_say_number(w, s + at, digits, "", 0);
			at += digits;
		} else {
			uint32_t n = ((uint8_t)s[at] & 0x80) != 0 && at + 1 < len ? 2 : 1;
			int inside = at > 0 && at + 1 < len;
			if (s[at] == '.' && inside) {
				tts_words_say(w, "dot");
			} else {
				(void)say_known(w, s + at, n, signs, sizeof(signs) / sizeof(signs[0]));
			}
			at += n;
		}
	}
}

static int
is_opening(char c)
{
	return c == '(' || c == '[' || c == '{' || c == '"' || c == '\'' || c == '*' || c == '_' || c == '`';
}

static int
is_closing(char c)
{
	return c == ')' || c == ']' || c == '}' || c == '"' || c == '\'' || c == '*' || c == '_' || c == '`';
}

enum stop { STOP_NONE, STOP_COMMA, STOP_END, STOP_QUESTION, STOP_EXCLAMATION };

static int
is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* The full stop belongs to the word: "Dr.", "J.", "e.g." */
static int
keeps_stop(const char *s, uint32_t len)
{
	static const char *const known[] = {"mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "vs", "approx", "dept",
	    "e.g", "i.e", "jan", "feb", "aug", "sept", "oct", "nov", "dec"};
	if (len == 1 && is_capital(s[0])) {
		return s[0] != 'I';
	}
	for (uint32_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (same(s, len, known[i])) {
			return 1;
		}
	}
	return 0;
}

static enum stop
stop_of(char c)
{
	switch (c) {
	case '.':
		return STOP_END;
	case '?':
		return STOP_QUESTION;
	case '!':
		return STOP_EXCLAMATION;
	case ',':
	case ';':
	case ':':
		return STOP_COMMA;
	default:
		return STOP_NONE;
	}
}

/* Takes the marks from both ends of the token. */
static enum stop
strip(const struct token *t, const char **s, uint32_t *len)
{
	const char *p = t->s;
	uint32_t n = t->len;
	enum stop stop = STOP_NONE;
	while (n > 0 && is_opening(p[0])) {
		p++;
		n--;
	}
	while (n > 0) {
		char c = p[n - 1];
		enum stop this_stop = stop_of(c);
		if (this_stop == STOP_NONE && !is_closing(c)) {
			break;
		}
		n--;
		if (c == '.' && keeps_stop(p, n)) {
			break;
		}
		stop = this_stop > stop ? this_stop : stop;
	}
	*s = p;
	*len = n;
	return stop;
}

/* "well-known" is two words, "5-10" is not. */
static void
say_token(struct tts_words *w, const char *s, uint32_t len)
{
	uint32_t from = 0;
	for (uint32_t i = 0; i <= len; i++) {
		if (i < len && s[i] != '-') {
			continue;
		}
		const char *part = s + from;
		uint32_t n = i - from;
		if (n > 0 && run_of(part, n, is_word_sign) == n) {
			say_letters(w, part, n);
		} else if (n > 0 &&
		           !say_known(w, part, n, abbreviations, sizeof(abbreviations) / sizeof(abbreviations[0]))) {
			say_mixed(w, part, n);
		}
		from = i + 1;
	}
}

static int
starts_number(const char *s, uint32_t len)
{
	return len > 0 && (tts_is_digit(s[0]) || (s[0] == '-' && len > 1 && tts_is_digit(s[1])) || s[0] == '$' ||
	                      ((uint8_t)s[0] >= 0xC2 && len > 2));
}

/* One token's words. @return the mark after it */
static enum stop
read_token(struct tts_reader *r, const struct token *t, struct tts_words *out)
{
	const char *s;
	uint32_t len;
	enum stop stop = strip(t, &s, &len);
	struct token next;
	struct tts_reader ahead = *r;
	token_next(&ahead, &next);
	int used = starts_number(s, len) ? tts_say_number(out, s, len, next.s, next.len) : -1;
	if (used < 0) {
		say_token(out, s, len);
	}
	if (used != 1) {
		return stop;
	}
	*r = ahead;
	stop = strip(&next, &s, &len);
	token_next(&ahead, &next);
	/* "12 lbs. of it": the full stop is the unit's. */
	return stop == STOP_END && next.len > 0 && next.s[0] == tts_lower(next.s[0]) ? STOP_NONE : stop;
}

int
tts_reader_next(struct tts_reader *r, struct tts_words *out, enum tts_ending *ending)
{
	static const enum tts_ending endings[] = {[STOP_NONE] = TTS_ENDS_STATEMENT,
	    [STOP_COMMA] = TTS_GOES_ON,
	    [STOP_END] = TTS_ENDS_STATEMENT,
	    [STOP_QUESTION] = TTS_ENDS_QUESTION,
	    [STOP_EXCLAMATION] = TTS_ENDS_EXCLAMATION};
	out->n = out->len = 0;
	*ending = TTS_ENDS_STATEMENT;
	while (r->at < r->len) {
		struct token t;
		uint32_t before = r->at;
		token_next(r, &t);
		if (t.ended) {
			break;
		}
		if (t.blank_line && out->n > 0) {
			r->at = before;
			return 1;
		}
		enum stop stop = read_token(r, &t, out);
		if (out->n > 0 && stop != STOP_NONE) {
			*ending = endings[stop];
			return 1;
		}
		if (out->n >= BREATH_WORDS || out->len > TTS_PHRASE_BYTES - TOKEN_MAX) {
			*ending = TTS_GOES_ON;
			return 1;
		}
	}
	return out->n > 0;
}
