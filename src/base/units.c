#include "base/units.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

enum { UNITS_MAX = 9 };

/* Smallest first. */
static const struct unit_set {
	const char *names;
	bool bare; /* a number without unit counts in the first unit */
	struct unit units[UNITS_MAX + 1];
} sets[] = {
    [RMI_UNIT_BYTES] = {"B KB MB GB TB KiB MiB GiB TiB", true,
        {{"B", 1}, {"KB", 1000}, {"KiB", 1024}, {"MB", 1000000}, {"MiB", 1 << 20}, {"GB", 1000000000}, {"GiB", 1 << 30},
            {"TB", 1000000000000}, {"TiB", (int64_t)1 << 40}}},
    [RMI_UNIT_NS] = {"ns us ms s m h", false,
        {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}}},
    [RMI_UNIT_BITS_PER_S] = {"bit/s kbit/s Mbit/s Gbit/s", false,
        {{"bit/s", 1}, {"kbit/s", 1000}, {"Mbit/s", 1000000}, {"Gbit/s", 1000000000}}},
};

static const char *
skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t') {
		p++;
	}
	return p;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const struct unit *
find_unit(const struct unit_set *set, const char *name)
{
	if (*name == '\0') {
		return set->bare ? &set->units[0] : NULL;
	}
	for (const struct unit *u = set->units; u->name != NULL; u++) {
		if (strcmp(u->name, name) == 0) {
			return u;
		}
	}
	return NULL;
}

/* Whole part and fraction are kept apart so that every result is exact; digits past the ninth add less than one unit. */
static const char *
read_number(const char *p, uint64_t *whole, uint64_t *frac, uint64_t *scale)
{
	*whole = 0;
	*frac = 0;
	*scale = 1;
	if (!is_digit(*p)) {
		return NULL;
	}
	for (; is_digit(*p); p++) {
		if (*whole > (uint64_t)INT64_MAX / 10) {
			*whole = UINT64_MAX / 10;
		}
		*whole = *whole * 10 + (uint64_t)(*p - '0');
	}
	if (*p != '.') {
		return p;
	}
	p++;
	if (!is_digit(*p)) {
		return NULL;
	}
	for (; is_digit(*p); p++) {
		if (*scale < 1000000000) {
			*frac = *frac * 10 + (uint64_t)(*p - '0');
			*scale *= 10;
		}
	}
	return p;
}

enum rme_err
rmi_units_parse(int64_t *out, const char *text, enum rmi_unit unit)
{
	uint64_t whole, frac, scale;
	const char *rest = read_number(skip_blanks(text), &whole, &frac, &scale);
	if (rest == NULL) {
		return RME_EINVAL;
	}
	const struct unit_set *set = &sets[unit];
	const struct unit *u = find_unit(set, skip_blanks(rest));
	if (u == NULL && *rest == '\0' && whole == 0 && frac == 0) {
		u = &set->units[0];
	}
	if (u == NULL) {
		return RME_EINVAL;
	}
	uint64_t factor = (uint64_t)u->factor;
	if (whole > (uint64_t)INT64_MAX / factor) {
		return RME_ELIMIT;
	}
	/* frac < 1e9 and factor <= 3.6e12 < 2^42: the product of the two may need 72 bits. */
	uint64_t part = factor >= scale ? factor / scale * frac + factor % scale * frac / scale : factor * frac / scale;
	uint64_t sum = whole * factor + part;
	if (sum > (uint64_t)INT64_MAX) {
		return RME_ELIMIT;
	}
	*out = (int64_t)sum;
	return RME_OK;
}

const char *
rmi_units_names(enum rmi_unit unit)
{
	return sets[unit].names;
}

char *
rmi_units_format(char *buf, size_t size, int64_t value, enum rmi_unit unit)
{
	assert(size >= RMI_UNITS_TEXT_MAX);
	if (value == 0) {
		(void)snprintf(buf, size, "0");
		return buf;
	}
	const struct unit *best = &sets[unit].units[0];
	for (const struct unit *u = best; u->name != NULL; u++) {
		if (value % u->factor == 0) {
			best = u;
		}
	}
	(void)snprintf(buf, size, "%lld%s", (long long)(value / best->factor), best->name);
	return buf;
}
