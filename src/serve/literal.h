#ifndef RMI_SERVE_LITERAL_H
#define RMI_SERVE_LITERAL_H

/**
 * @file
 * Config values of the existing protocol: strings in which Node.js clients send JSON and Python clients send
 * `str(value)`, so `True`, `None`, `'text'` and `(1, 2)` too. Both are read in every call.
 */

#include <rme/err.h>

#include <stddef.h>
#include <yyjson.h>

enum {
	RMI_LITERAL_MAX_BYTES = 64 * 1024, /**< of one value's text */
	RMI_LITERAL_MAX_DEPTH = 32,        /**< nested lists, tuples and dicts */
	RMI_LITERAL_MAX_VALUES = 4096,     /**< of all nested values together */
};

/**
 * Read @p text as JSON, else as a Python literal, else take it as plain text.
 *
 * Python: None, True, False; int (decimal, 0x, 0o, 0b, underscores), float; strings with their escapes, `r` and `u`
 * prefixes and adjacent pieces; lists, tuples (both become arrays) and dicts (keys become text as json.dumps does).
 * Bytes, sets, complex numbers, f-strings and what has NaN-like names stay plain text, as does all that goes past
 * the limits on depth and number of values.
 *
 * @param doc       owns the result
 * @param[out] out  the value; set on RME_OK only
 * @return RME_OK, RME_ENOMEM, RME_ELIMIT (longer than RMI_LITERAL_MAX_BYTES), RME_EPROTO (not UTF-8)
 */
RME_NODISCARD enum rme_err
rmi_literal_read(yyjson_mut_doc *doc, const char *text, size_t len, yyjson_mut_val **out, struct rme_error *err);

#endif
