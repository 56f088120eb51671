#ifndef RMI_SERVE_TEXT_H
#define RMI_SERVE_TEXT_H

/**
 * @file
 * Texts for messages. A protobuf string that is not valid UTF-8 makes other languages refuse the whole message, so
 * every text that may hold a peer's bytes is cleaned before it goes out.
 */

#include <stddef.h>
#include <stdint.h>

enum { RMI_TEXT_CHAR_MAX = 4 /**< bytes of one character */ };

/** Replace each byte that is not part of a well-formed character by '?', in place, up to the final NUL. */
void rmi_text_clean(char *text);

/** Write the character @p code as UTF-8. Returns the number of bytes, 0 for surrogates and values above U+10FFFF. */
size_t rmi_text_put(uint32_t code, char out[static RMI_TEXT_CHAR_MAX]);

#endif
