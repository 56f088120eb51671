#include "config/diag.h"

#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"

enum {
	LINE_SHOWN = 110, /* characters of a source line */
	LINE_BEFORE = 70, /* of them before the place, if the line is longer */
	WIDTH_MAX = 60    /* longest underline */
};

static void
add(struct rmi_diags *d, enum rmi_severity severity, const struct rmi_mark *mark, const char *text)
{
	if (severity == RMI_DIAG_ERROR) {
		d->n_errors++;
	} else {
		d->n_warnings++;
	}
	if (d->n == RMI_DIAGS_MAX) {
		return;
	}
	const char *copy = rmi_arena_strndup(&d->arena, text, strlen(text));
	d->list[d->n++] =
	    (struct rmi_diag){.severity = severity, .mark = *mark, .text = copy != NULL ? copy : "out of memory"};
}

/* Text from a file may hold anything; what goes to a terminal is one line of printable characters. */
static void
make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p != '\0'; p++) {
		if (*p < 0x20 || *p == 0x7f) {
			*p = ' ';
		}
	}
}

RME_PRINTF(4, 0)
static void
add_printed(struct rmi_diags *d, enum rmi_severity severity, const struct rmi_mark *mark, const char *fmt, va_list ap)
{
	char text[512];
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	make_printable(text);
	add(d, severity, mark, text);
}

void
rmi_diag_error(struct rmi_diags *d, const struct rmi_mark *mark, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add_printed(d, RMI_DIAG_ERROR, mark, fmt, ap);
	va_end(ap);
}

void
rmi_diag_warn(struct rmi_diags *d, const struct rmi_mark *mark, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add_printed(d, RMI_DIAG_WARNING, mark, fmt, ap);
	va_end(ap);
}

void
rmi_diag_hint(struct rmi_diags *d, const char *fmt, ...)
{
	if (d->n == 0 || d->n_errors + d->n_warnings > RMI_DIAGS_MAX || d->list[d->n - 1].hint != NULL) {
		return;
	}
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	make_printable(text);
	d->list[d->n - 1].hint = rmi_arena_strndup(&d->arena, text, strlen(text));
}

void
rmi_diag_did_you_mean(struct rmi_diags *d, const char *best)
{
	if (best != NULL) {
		rmi_diag_hint(d, "did you mean '%s'?", best);
	}
}

static const char *
find_line(const struct rmi_source *s, unsigned line, size_t *len)
{
	const char *p = s->text, *end = s->text + s->len;
	for (; line > 1; line--) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL) {
			return NULL;
		}
		p = nl + 1;
	}
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	*len = (size_t)((nl != NULL ? nl : end) - p);
	return p;
}

/* One character; control characters become blanks, broken ones '?'. @return its bytes */
static size_t
print_char(FILE *out, const char *p, size_t left, bool visible)
{
	size_t n = rmi_utf8_char(p, left);
	unsigned char c = (unsigned char)p[0];
	bool control = n == 1 ? c < 0x20 || c == 0x7f : n == 2 && c == 0xc2 && (unsigned char)p[1] < 0xa0;
	if (visible && n > 0 && !control) {
		(void)fwrite(p, 1, n, out);
	} else if (visible) {
		(void)fputc(n > 0 ? ' ' : '?', out);
	}
	return n > 0 ? n : 1;
}

/* Prints characters [from, from + LINE_SHOWN) of a line. */
static void
print_line(FILE *out, const char *line, size_t len, unsigned from)
{
	unsigned at = 0;
	for (size_t i = 0; i < len && at < from + LINE_SHOWN; at++) {
		i += print_char(out, line + i, len - i, at >= from);
	}
	(void)fputc('\n', out);
}

static void
print_place(const struct rmi_mark *m, FILE *out, bool color)
{
	size_t len;
	const char *line = m->line > 0 && m->column > 0 ? find_line(m->source, m->line, &len) : NULL;
	if (line == NULL) {
		return;
	}
	unsigned from = m->column > LINE_SHOWN - 20 ? m->column - LINE_BEFORE : 0;
	unsigned width = m->width == 0 ? 1 : m->width > WIDTH_MAX ? WIDTH_MAX : m->width;
	(void)fprintf(out, "%5u | ", m->line);
	print_line(out, line, len, from);
	(void)fprintf(out, "      | %*s%s^", (int)(m->column - 1 - from), "", color ? "\033[1;32m" : "");
	for (unsigned i = 1; i < width; i++) {
		(void)fputc('~', out);
	}
	(void)fprintf(out, "%s\n", color ? "\033[0m" : "");
}

static void
print_one(const struct rmi_diag *g, FILE *out, bool color)
{
	const char *bold = color ? "\033[1m" : "", *off = color ? "\033[0m" : "";
	const char *tint = !color ? "" : g->severity == RMI_DIAG_ERROR ? "\033[1;31m" : "\033[1;33m";
	(void)fprintf(out, "%s%s:", bold, g->mark.source->name);
	if (g->mark.line > 0) {
		(void)fprintf(out, "%u:%u:", g->mark.line, g->mark.column);
	}
	const char *kind = g->severity == RMI_DIAG_ERROR ? "error" : "warning";
	(void)fprintf(out, "%s %s%s:%s %s\n", off, tint, kind, off, g->text);
	print_place(&g->mark, out, color);
	if (g->hint != NULL) {
		(void)fprintf(out, "      = hint: %s\n", g->hint);
	}
}

static bool
comes_before(const struct rmi_diag *a, const struct rmi_diag *b)
{
	if (a->mark.source != b->mark.source) {
		return false;
	}
	return a->mark.line != b->mark.line ? a->mark.line < b->mark.line : a->mark.column < b->mark.column;
}

void
rmi_diags_print(const struct rmi_diags *d, FILE *out, bool color)
{
	const struct rmi_diag *order[RMI_DIAGS_MAX];
	for (size_t i = 0; i < d->n; i++) {
		size_t at = i;
		for (; at > 0 && comes_before(&d->list[i], order[at - 1]); at--) {
			order[at] = order[at - 1];
		}
		order[at] = &d->list[i];
	}
	for (size_t i = 0; i < d->n; i++) {
		print_one(order[i], out, color);
	}
	if (d->n_errors + d->n_warnings > d->n) {
		(void)fprintf(out, "... and %zu more\n", d->n_errors + d->n_warnings - d->n);
	}
}

enum rme_err
rmi_diags_error(const struct rmi_diags *d, struct rme_error *err)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct rmi_diag *g = &d->list[i];
		if (g->severity == RMI_DIAG_ERROR) {
			return rme_error_set(err, RME_ECONFIG, g->mark.source->name, "line %u, column %u: %s%s%s",
			    g->mark.line, g->mark.column, g->text, g->hint != NULL ? "; " : "",
			    g->hint != NULL ? g->hint : "");
		}
	}
	return d->n_errors > 0 ? rme_error_set(err, RME_ECONFIG, "", "too many problems") : RME_OK;
}

void
rmi_diags_done(struct rmi_diags *d)
{
	rmi_arena_done(&d->arena);
	d->n = 0;
	d->n_errors = 0;
	d->n_warnings = 0;
}
