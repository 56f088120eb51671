#ifndef RMI_NODES_SPEECH_GRAMMAR_H
#define RMI_NODES_SPEECH_GRAMMAR_H

/**
 * @file
 * JSGF grammars (https://www.w3.org/TR/jsgf/) as people hand them over: read, and checked before the recognizer expands
 * them, since a few nested rules can stand for billions of states. Any thread.
 */

#include <stddef.h>
#include <rme/err.h>

enum {
	RMI_GRAMMAR_BYTES_MAX = 64 * 1024,
	RMI_GRAMMAR_RULES_MAX = 1024,
	RMI_GRAMMAR_NESTING_MAX = 64, /**< open parentheses and brackets */
	RMI_GRAMMAR_SIZE_MAX = 20000, /**< words after every rule reference is replaced by what it stands for */
};

/**
 * Read a grammar.
 * @param text_or_file  the grammar itself where it starts with "#JSGF", else the name of a file
 * @param[out] out  NUL-terminated, to be freed
 * @return RME_OK, RME_ENOTFOUND, RME_EIO, RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_grammar_load(char **out, const char *text_or_file, struct rme_error *err);

/**
 * Check size, nesting, and that every rule is defined; imports are refused. The finer points are left to the recognizer.
 * @return RME_OK, RME_ECONFIG (with the line), RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_grammar_check(const char *text, struct rme_error *err);

#endif
