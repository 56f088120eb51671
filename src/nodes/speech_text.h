#ifndef RMI_NODES_SPEECH_TEXT_H
#define RMI_NODES_SPEECH_TEXT_H

/** @file Text cut into sentences that a simple English voice can say. Pure, any thread. */

#include <stdbool.h>
#include <stddef.h>

enum { RMI_SPEECH_TEXT_CAP_MIN = 32 };

/** What is left to say. */
struct rmi_speech_text {
	const char *at, *end; /**< UTF-8 */
};

/**
 * Take the next sentence: up to a full stop, question or exclamation mark (not after abbreviations, not within numbers), an
 * empty line, or, where none comes, the last comma or space before the buffer is full. Typographic signs and accented Latin
 * letters become ASCII, signs that cannot be said a space; control characters too. Sentences without a letter or digit are left out.
 * @param out  NUL-terminated
 * @param cap  at least RMI_SPEECH_TEXT_CAP_MIN
 * @return false where nothing is left
 */
bool rmi_speech_text_next(struct rmi_speech_text *text, char *out, size_t cap);

#endif
