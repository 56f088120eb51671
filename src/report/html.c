#include "report/html.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

static const char *
entity(unsigned char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
rmi_html_text(FILE *out, const char *text)
{
	size_t left = text != NULL ? strlen(text) : 0;
	while (left > 0) {
		size_t n = rmi_utf8_char(text, left);
		unsigned char c = (unsigned char)*text;
		const char *e = entity(c);
		if (e != NULL) {
			(void)fputs(e, out);
		} else if (n == 0 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
			(void)fputs("\xef\xbf\xbd", out);
		} else {
			(void)fwrite(text, 1, n, out);
		}
		n = n == 0 ? 1 : n;
		text += n;
		left -= n;
	}
}

/* Three digits, no zeros after the point. */
static void
write_figure(char buf[RMI_FIGURE_MAX], double v, const char *unit)
{
	/* Records may hold any number; whatever it is, there is room for it. */
	if (v >= 1e12) {
		(void)snprintf(buf, RMI_FIGURE_MAX, "%.3g%s", v, unit);
		return;
	}
	int digits = v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
	int n = snprintf(buf, RMI_FIGURE_MAX, "%.*f", digits, v);
	if (digits > 0) {
		while (buf[n - 1] == '0') {
			n--;
		}
		n -= buf[n - 1] == '.' ? 1 : 0;
	}
	(void)snprintf(buf + n, RMI_FIGURE_MAX - (size_t)n, "%s", unit);
}

static const char *
none(char buf[RMI_FIGURE_MAX])
{
	(void)snprintf(buf, RMI_FIGURE_MAX, "\xe2\x80\x93");
	return buf;
}

const char *
rmi_html_ms(char buf[RMI_FIGURE_MAX], double ms)
{
	if (!isfinite(ms)) {
		return none(buf);
	}
	if (ms < 0.9995) {
		write_figure(buf, fmax(ms, 0) * 1000, " \xc2\xb5s");
	} else if (ms < 999.5) {
		write_figure(buf, ms, " ms");
	} else {
		write_figure(buf, ms / 1000, " s");
	}
	return buf;
}

const char *
rmi_html_bytes(char buf[RMI_FIGURE_MAX], uint64_t bytes)
{
	static const char *const units[] = {" B", " KB", " MB", " GB"};
	double v = (double)bytes;
	size_t u = 0;
	while (v >= 999.5 && u < 3) {
		v /= 1000;
		u++;
	}
	write_figure(buf, v, units[u]);
	return buf;
}

const char *
rmi_html_count(char buf[RMI_FIGURE_MAX], uint64_t n)
{
	char digits[RMI_FIGURE_MAX];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	char *to = buf;
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0) {
			*to++ = ',';
		}
		*to++ = digits[i];
	}
	*to = '\0';
	return buf;
}

const char *
rmi_html_percent(char buf[RMI_FIGURE_MAX], double part, double whole)
{
	if (!(whole > 0) || !isfinite(part)) {
		return none(buf);
	}
	write_figure(buf, fabs(100 * part / whole), " %");
	return buf;
}

const char *
rmi_html_usd(char buf[RMI_FIGURE_MAX], double usd)
{
	if (!isfinite(usd)) {
		return none(buf);
	}
	(void)snprintf(buf, RMI_FIGURE_MAX, usd >= 1 ? "$%.2f" : "$%.4f", usd);
	return buf;
}

const char *
rmi_html_time(char buf[RMI_FIGURE_MAX], double seconds)
{
	if (!isfinite(seconds)) {
		return none(buf);
	}
	double tenths = floor(fmax(seconds, 0) * 10 + 0.5);
	(void)snprintf(buf, RMI_FIGURE_MAX, "%.0f:%04.1f", floor(tenths / 600), fmod(tenths, 600) / 10);
	return buf;
}

const char *
rmi_html_side(enum rme_side side, bool fell_back)
{
	if (fell_back) {
		return side == RME_SIDE_NONE ? "bad" : "fall";
	}
	return side == RME_SIDE_EDGE ? "edge" : side == RME_SIDE_CLOUD ? "cloud" : "none";
}
