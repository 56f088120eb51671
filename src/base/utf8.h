#ifndef RMI_BASE_UTF8_H
#define RMI_BASE_UTF8_H

/** @file Well-formed UTF-8, as RFC 3629 says: no overlong forms, no surrogates, nothing past U+10FFFF. Any thread. */

#include <stdbool.h>
#include <stddef.h>

/** Bytes of the well-formed character at @p p, of which @p left bytes may be read; 0 = there is none. */
size_t rmi_utf8_char(const char *p, size_t left);

/** True if all of it is well-formed. */
bool rmi_utf8_valid(const char *text, size_t len);

#endif
