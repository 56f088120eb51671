#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

struct rmi_text
rmi_text_begin(char *buf, size_t size)
{
	buf[0] = '\0';
	return (struct rmi_text){buf, size, 0};
}

void
rmi_text_add(struct rmi_text *t, const char *fmt, ...)
{
	size_t left = t->size - t->len;
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(t->buf + t->len, left, fmt, ap);
	va_end(ap);
	t->len += n < 0 ? 0 : (size_t)n < left ? (size_t)n : left - 1;
}

void
rmi_text_add_words(struct rmi_text *t, const char *const *words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
		rmi_text_add(t, "%s%s", i > 0 ? ", " : "", words[i]);
	}
}
