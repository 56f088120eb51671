#ifndef RMI_NODES_TEXT_CASE_H
#define RMI_NODES_TEXT_CASE_H

/**
 * @file
 * Operations on UTF-8 text, character by character. Letters change case one to one, by the C library's table of the C.UTF-8
 * locale: "ß" stays "ß". Malformed bytes become U+FFFD. Any thread.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_case_table;

/** @return RME_OK, RME_ENOMEM, RME_EUNSUPPORTED (a C library without C.UTF-8) */
RME_NODISCARD enum rme_err rmi_case_table_new(struct rmi_case_table **out);
/** NULL is a no-op. */
void rmi_case_table_free(struct rmi_case_table *t);

/** A piece of text, borrowed. */
struct rmi_span {
	const char *text;
	size_t len;
};

enum rmi_case { RMI_CASE_UPPER, RMI_CASE_LOWER, RMI_CASE_TITLE };

/**
 * Room for the results of the next three.
 * A character never needs more than three times the bytes it came from: a bad byte becomes U+FFFD.
 */
static inline size_t
rmi_text_room(size_t len)
{
	return 3 * len;
}

/** Change case; TITLE: letters after what is no letter are upper case, the others lower case. @return bytes written */
size_t rmi_text_case(char *out, struct rmi_span in, enum rmi_case how, const struct rmi_case_table *t);
/** Last character first. @return bytes written */
size_t rmi_text_reverse(char *out, struct rmi_span in);
/** Without U+0020. @return bytes written */
size_t rmi_text_without_spaces(char *out, struct rmi_span in);

size_t rmi_text_characters(struct rmi_span in);
/** Number of words between white space; @p first and @p last are empty where there is none. */
size_t rmi_text_words(struct rmi_span in, struct rmi_span *first, struct rmi_span *last);

#endif
