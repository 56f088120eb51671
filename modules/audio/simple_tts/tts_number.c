#include "tts_number.h"

static const char *const ones[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
static const char *const tens[] = {
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"};
static const char *const ordinal_ones[] = {"zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh",
    "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth",
    "seventeenth", "eighteenth", "nineteenth"};
static const char *const ordinal_tens[] = {
    "", "", "twentieth", "thirtieth", "fortieth", "fiftieth", "sixtieth", "seventieth", "eightieth", "ninetieth"};
static const char *const months[] = {"january", "february", "march", "april", "may", "june", "july", "august",
    "september", "october", "november", "december"};

static void
say_below_hundred(struct tts_words *w, uint32_t n)
{
	if (n < 20) {
		tts_words_say(w, ones[n]);
		return;
	}
	tts_words_say(w, tens[n / 10]);
	if (n % 10 != 0) {
		tts_words_say(w, ones[n % 10]);
	}
}

static void
say_below_thousand(struct tts_words *w, uint32_t n)
{
	if (n >= 100) {
		tts_words_say(w, ones[n / 100]);
		tts_words_say(w, "hundred");
		n %= 100;
		if (n == 0) {
			return;
		}
	}
	say_below_hundred(w, n);
}

void
tts_say_cardinal(struct tts_words *w, uint64_t n)
{
	static const struct {
		uint64_t size;
		const char *name;
	} groups[] = {
	    {1000000000000u, "trillion"}, {1000000000u, "billion"}, {1000000u, "million"}, {1000u, "thousand"}};
	for (uint32_t i = 0; i < 4; i++) {
		if (n >= groups[i].size) {
			say_below_thousand(w, (uint32_t)(n / groups[i].size % 1000));
			tts_words_say(w, groups[i].name);
			n %= groups[i].size;
			if (n == 0) {
				return;
			}
		}
	}
	say_below_thousand(w, (uint32_t)n);
}

void
tts_say_ordinal(struct tts_words *w, uint64_t n)
{
	uint32_t last = (uint32_t)(n % 100);
	if (last == 0 && n > 0) {
		/* "hundred" + "th" and so on: the last word gets its ending. */
		tts_say_cardinal(w, n);
		if (w->len + 2 < TTS_PHRASE_BYTES) {
			w->text[w->len - 1] = 't';
			w->text[w->len++] = 'h';
			w->text[w->len++] = '\0';
		}
		return;
	}
	if (n >= 100) {
		tts_say_cardinal(w, n - last);
	}
	if (last < 20) {
		tts_words_say(w, ordinal_ones[last]);
	} else if (last % 10 == 0) {
		tts_words_say(w, ordinal_tens[last / 10]);
	} else {
		tts_words_say(w, tens[last / 10]);
		tts_words_say(w, ordinal_ones[last % 10]);
	}
}

void
tts_say_year(struct tts_words *w, uint32_t year)
{
	if (year < 1100 || year > 2099 || (year >= 2000 && year < 2010)) {
		tts_say_cardinal(w, year);
		return;
	}
	say_below_hundred(w, year / 100);
	if (year % 100 == 0) {
		tts_words_say(w, "hundred");
	} else if (year % 100 < 10) {
		tts_words_say(w, "oh");
		tts_words_say(w, ones[year % 10]);
	} else {
		say_below_hundred(w, year % 100);
	}
}

/* A token while it is taken apart. */
struct scan {
	const char *s;
	uint32_t len, at;
};

static char
peek(const struct scan *t)
{
	return t->at < t->len ? t->s[t->at] : '\0';
}

static int
take(struct scan *t, char c)
{
	if (peek(t) != c) {
		return 0;
	}
	t->at++;
	return 1;
}

/* Digits, with commas in groups of three. @return how many digits, 0 = none or too many for a number */
static uint32_t
take_digits(struct scan *t, uint64_t *out, int commas)
{
	uint32_t n = 0;
	uint64_t v = 0;
	while (t->at < t->len) {
		int comma = commas && t->s[t->at] == ',' && n > 0 && t->at + 3 < t->len &&
		            tts_is_digit(t->s[t->at + 1]) && tts_is_digit(t->s[t->at + 2]) &&
		            tts_is_digit(t->s[t->at + 3]);
		t->at += comma ? 1u : 0u;
		if (!tts_is_digit(t->s[t->at])) {
			break;
		}
		v = v * 10 + (uint64_t)(t->s[t->at++] - '0');
		if (++n > 15) {
			return 0;
		}
	}
	*out = v;
	return n;
}

static int
rest_is(const struct scan *t, const char *what)
{
	uint32_t n = tts_length(what);
	if (t->len - t->at != n) {
		return 0;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (tts_lower(t->s[t->at + i]) != what[i]) {
			return 0;
		}
	}
	return 1;
}

struct unit {
	const char *sign, *one, *many;
};

static const struct unit units[] = {{"%", "percent", "percent"}, {"km", "kilometer", "kilometers"},
    {"m", "meter", "meters"}, {"cm", "centimeter", "centimeters"}, {"mm", "millimeter", "millimeters"},
    {"kg", "kilogram", "kilograms"}, {"g", "gram", "grams"}, {"mg", "milligram", "milligrams"},
    {"l", "liter", "liters"}, {"ml", "milliliter", "milliliters"}, {"ft", "foot", "feet"}, {"in", "inch", "inches"},
    {"mi", "mile", "miles"}, {"lb", "pound", "pounds"}, {"lbs", "pound", "pounds"}, {"oz", "ounce", "ounces"},
    {"mph", "mile per hour", "miles per hour"}, {"km/h", "kilometer per hour", "kilometers per hour"},
    {"kmh", "kilometer per hour", "kilometers per hour"}, {"hz", "hertz", "hertz"}, {"khz", "kilohertz", "kilohertz"},
    {"mhz", "megahertz", "megahertz"}, {"ghz", "gigahertz", "gigahertz"}, {"kb", "kilobyte", "kilobytes"},
    {"mb", "megabyte", "megabytes"}, {"gb", "gigabyte", "gigabytes"}, {"tb", "terabyte", "terabytes"},
    {"s", "second", "seconds"}, {"sec", "second", "seconds"}, {"ms", "millisecond", "milliseconds"},
    {"min", "minute", "minutes"}, {"h", "hour", "hours"}, {"hr", "hour", "hours"}, {"hrs", "hour", "hours"},
    {"v", "volt", "volts"}, {"w", "watt", "watts"}, {"kw", "kilowatt", "kilowatts"}, {"db", "decibel", "decibels"},
    {"x", "times", "times"}, {"\xc2\xb0", "degree", "degrees"},
    {"\xc2\xb0"
     "c",
        "degree celsius", "degrees celsius"},
    {"\xc2\xb0"
     "f",
        "degree fahrenheit", "degrees fahrenheit"}};

static const struct unit *
unit_of(const struct scan *t)
{
	for (uint32_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (rest_is(t, units[i].sign)) {
			return &units[i];
		}
	}
	return 0;
}

enum half { NO_HALF, MORNING, EVENING };

static enum half
half_of_day(const struct scan *t)
{
	if (rest_is(t, "am") || rest_is(t, "a.m")) {
		return MORNING;
	}
	return rest_is(t, "pm") || rest_is(t, "p.m") ? EVENING : NO_HALF;
}

static void
say_clock(struct tts_words *w, uint64_t hour, uint64_t minute, enum half half)
{
	static const char *const halves[] = {[NO_HALF] = "", [MORNING] = "a. m.", [EVENING] = "p. m."};
	tts_say_cardinal(w, hour);
	if (minute > 0) {
		tts_words_say(w, minute < 10 ? "oh" : "");
		tts_say_cardinal(w, minute);
	} else if (half == NO_HALF) {
		tts_words_say(w, hour > 12 || hour == 0 ? "hundred" : "o'clock");
	}
	tts_words_say(w, halves[half]);
}

/* "7:30", "7:05pm", "7am"; not said: -1 */
static int
say_time(struct tts_words *w, const char *s, uint32_t len)
{
	struct scan t = {s, len, 0};
	uint64_t hour, minute = 0;
	uint32_t digits = take_digits(&t, &hour, 0);
	int has_minutes = 0;
	if (digits < 1 || digits > 2 || hour > 24) {
		return -1;
	}
	if (take(&t, ':')) {
		has_minutes = take_digits(&t, &minute, 0) == 2 && minute < 60;
		if (!has_minutes) {
			return -1;
		}
	}
	enum half half = half_of_day(&t);
	if (half == NO_HALF && !(has_minutes && t.at == t.len)) {
		return -1;
	}
	say_clock(w, hour, minute, half);
	return 0;
}

static void
say_date(struct tts_words *w, uint64_t year, uint64_t month, uint64_t day)
{
	tts_words_say(w, months[month - 1]);
	tts_say_ordinal(w, day);
	if (year > 0) {
		tts_say_year(w, (uint32_t)year);
	}
}

struct three {
	uint64_t v[3];
	uint32_t digits[3];
};

/* Three numbers with the same sign between them. */
static int
take_three(struct three *out, const char *s, uint32_t len)
{
	struct scan t = {s, len, 0};
	char sign = '\0';
	for (uint32_t i = 0; i < 3; i++) {
		out->digits[i] = take_digits(&t, &out->v[i], 0);
		if (out->digits[i] == 0) {
			return 0;
		}
		sign = i == 0 ? peek(&t) : sign;
		if (i < 2 && ((sign != '/' && sign != '-') || !take(&t, sign))) {
			return 0;
		}
	}
	return t.at == t.len;
}

static int
is_day(uint64_t month, uint64_t day)
{
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* "12/24/2025" and "2025-12-24" */
static int
say_full_date(struct tts_words *w, const char *s, uint32_t len)
{
	struct three d;
	if (!take_three(&d, s, len)) {
		return -1;
	}
	if (d.digits[0] == 4 && d.digits[2] <= 2 && is_day(d.v[1], d.v[2])) {
		say_date(w, d.v[0], d.v[1], d.v[2]);
		return 0;
	}
	if (d.digits[0] <= 2 && d.digits[2] == 4 && is_day(d.v[0], d.v[1])) {
		say_date(w, d.v[2], d.v[0], d.v[1]);
		return 0;
	}
	return -1;
}

static void
make_plural(struct tts_words *w)
{
	if (w->len + 1 < TTS_PHRASE_BYTES) {
		w->text[w->len - 1] = 's';
		w->text[w->len++] = '\0';
	}
}

/* "1/2", "3/4" */
static int
say_fraction(struct tts_words *w, const char *s, uint32_t len)
{
	struct scan t = {s, len, 0};
	uint64_t a = 0, b = 0;
	if (take_digits(&t, &a, 0) == 0 || !take(&t, '/') || take_digits(&t, &b, 0) == 0 || t.at != t.len) {
		return -1;
	}
	if (b < 2 || b > 100 || a > 100) {
		return -1;
	}
	tts_say_cardinal(w, a);
	if (b == 2) {
		tts_words_say(w, a == 1 ? "half" : "halves");
		return 0;
	}
	if (b == 4) {
		tts_words_say(w, "quarter");
	} else {
		tts_say_ordinal(w, b);
	}
	if (a != 1) {
		make_plural(w);
	}
	return 0;
}

static void
say_decimals(struct tts_words *w, struct scan *t)
{
	uint32_t from = t->at;
	while (tts_is_digit(peek(t))) {
		t->at++;
	}
	tts_words_say(w, "point");
	tts_words_spell(w, t->s + from, t->at - from);
}

static int
is_scale(const char *s, uint32_t len)
{
	static const char *const scales[] = {"hundred", "thousand", "million", "billion", "trillion"};
	struct scan t = {s, len, 0};
	for (uint32_t i = 0; i < 5; i++) {
		if (rest_is(&t, scales[i])) {
			return 1;
		}
	}
	return 0;
}

struct currency {
	const char *sign, *one, *many, *cent, *cents;
};

static const struct currency currencies[] = {{"$", "dollar", "dollars", "cent", "cents"},
    {"\xc2\xa3", "pound", "pounds", "penny", "pence"}, {"\xe2\x82\xac", "euro", "euros", "cent", "cents"},
    {"\xc2\xa5", "yen", "yen", "", ""}};

static const struct currency *
take_currency(struct scan *t)
{
	for (uint32_t i = 0; i < sizeof(currencies) / sizeof(currencies[0]); i++) {
		uint32_t n = tts_length(currencies[i].sign);
		struct scan sign = {t->s, t->len < n ? t->len : n, 0};
		if (rest_is(&sign, currencies[i].sign)) {
			t->at = n;
			return &currencies[i];
		}
	}
	return 0;
}

/* "$5", "$5.20", "$3 million" */
static int
say_money(struct tts_words *w, const char *s, uint32_t len, const char *next, uint32_t next_len)
{
	struct scan t = {s, len, 0};
	uint64_t whole, part = 0;
	const struct currency *c = take_currency(&t);
	if (c == 0 || take_digits(&t, &whole, 1) == 0) {
		return -1;
	}
	tts_say_cardinal(w, whole);
	struct scan cents = t;
	int has_cents = take(&cents, '.') && take_digits(&cents, &part, 0) == 2 && cents.at == len && part > 0;
	if (is_scale(next, next_len)) {
		if (take(&t, '.')) {
			say_decimals(w, &t);
		}
		tts_words_add(w, next, next_len);
		tts_words_say(w, c->many);
		return 1;
	}
	tts_words_say(w, whole == 1 ? c->one : c->many);
	if (has_cents) {
		tts_words_say(w, "and");
		tts_say_cardinal(w, part);
		tts_words_say(w, part == 1 ? c->cent : c->cents);
	}
	return 0;
}

static int
is_ordinal_end(const struct scan *t)
{
	return rest_is(t, "st") || rest_is(t, "nd") || rest_is(t, "rd") || rest_is(t, "th");
}

/* "5-10" */
static int
say_range(struct tts_words *w, struct scan t, uint64_t from)
{
	uint64_t to;
	int dash = take(&t, '-');
	if (!dash && t.len - t.at > 3 && t.s[t.at] == '\xe2' && t.s[t.at + 1] == '\x80') {
		t.at += 3;
		dash = 1;
	}
	if (!dash || take_digits(&t, &to, 1) == 0 || t.at != t.len || to <= from) {
		return -1;
	}
	tts_say_cardinal(w, from);
	tts_words_say(w, "to");
	tts_say_cardinal(w, to);
	return 0;
}

/* "12 lbs." with a space: only signs that are no words. */
static const struct unit *
unit_apart(const char *next, uint32_t len)
{
	while (len > 0 && !tts_is_letter(next[len - 1]) && next[len - 1] != '%') {
		len--;
	}
	struct scan t = {next, len, 0};
	return len < 2 || rest_is(&t, "in") || rest_is(&t, "min") || rest_is(&t, "ms") ? 0 : unit_of(&t);
}

/* The digits of a token as a year, a number, or one by one. */
static void
say_whole(struct tts_words *w, const char *s, uint32_t len, uint64_t n)
{
	if (len > 1 && s[0] == '0') {
		tts_words_spell(w, s, len);
	} else if (len == 4 && n >= 1100 && n <= 2099 && s[1] != ',') {
		tts_say_year(w, (uint32_t)n);
	} else {
		tts_say_cardinal(w, n);
	}
}

/* What comes after a number: decimals and a unit, or letters and digits that are spelled ("4k", "555-1234"). */
static int
say_rest(struct tts_words *w, struct scan *t, uint64_t n, const struct unit *apart)
{
	int decimals = peek(t) == '.' && t->at + 1 < t->len && tts_is_digit(t->s[t->at + 1]);
	if (decimals) {
		t->at++;
		say_decimals(w, t);
	}
	const struct unit *unit = t->at == t->len ? apart : unit_of(t);
	if (unit != 0) {
		tts_words_say(w, n == 1 && !decimals ? unit->one : unit->many);
		return unit == apart;
	}
	tts_words_spell(w, t->s + t->at, t->len - t->at);
	return 0;
}

static int
say_plain(struct tts_words *w, const char *s, uint32_t len, const struct unit *apart)
{
	struct scan t = {s, len, 0};
	uint64_t n;
	int negative = take(&t, '-');
	uint32_t first = t.at;
	if (take_digits(&t, &n, 1) == 0) {
		return -1;
	}
	if (is_ordinal_end(&t)) {
		tts_say_ordinal(w, n);
		return 0;
	}
	if (say_range(w, t, n) == 0) {
		tts_words_say(w, apart != 0 ? apart->many : "");
		return apart != 0;
	}
	if (negative) {
		tts_words_say(w, "minus");
		tts_say_cardinal(w, n);
	} else if (peek(&t) == '.') {
		tts_say_cardinal(w, n);
	} else {
		say_whole(w, s + first, t.at - first, n);
	}
	return say_rest(w, &t, n, apart);
}

int
tts_say_number(struct tts_words *w, const char *s, uint32_t len, const char *next, uint32_t next_len)
{
	if (len > 64) {
		len = 64;
	}
	int used = say_money(w, s, len, next, next_len);
	if (used >= 0) {
		return used;
	}
	if (say_time(w, s, len) == 0 || say_full_date(w, s, len) == 0 || say_fraction(w, s, len) == 0) {
		return 0;
	}
	used = say_plain(w, s, len, unit_apart(next, next_len));
	if (used >= 0) {
		return used;
	}
	if (len > 0 && tts_is_digit(s[0])) {
		tts_words_spell(w, s, len);
		return 0;
	}
	return -1;
}
