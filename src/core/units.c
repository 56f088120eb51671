#include "core/units.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
};

static bool
parse_with(const char *text, const struct unit *units, size_t n, int64_t *out)
{
	char *end;
	/* strtod would take "inf", "nan", "0x10" and "-1". */
	if (text[0] < '0' || text[0] > '9' || text[1] == 'x' || text[1] == 'X') {
		return false;
	}
	double x = strtod(text, &end);
	while (*end == ' ') {
		end++;
	}
	for (size_t i = 0; i < n; i++) {
		if (strcmp(end, units[i].name) == 0) {
			x = round(x * units[i].factor);
			if (!(x < 9.2e18)) {
				return false;
			}
			*out = (int64_t)x;
			return true;
		}
	}
	return false;
}

bool
rmi_parse_duration(const char *text, int64_t *ns)
{
	static const struct unit units[] = {
	    {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"min", 60e9}, {"h", 3600e9}};
	if (strcmp(text, "0") == 0) {
		*ns = 0;
		return true;
	}
	return parse_with(text, units, sizeof(units) / sizeof(*units), ns);
}

bool
rmi_parse_bytes(const char *text, int64_t *bytes)
{
	static const struct unit units[] = {{"", 1}, {"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
	    {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}};
	return parse_with(text, units, sizeof(units) / sizeof(*units), bytes);
}
