#ifndef EVAL_ASR_TEXT_H
#define EVAL_ASR_TEXT_H

#include <stddef.h>

struct asr;

/* The words of the last result, with spaces between them. */
void asr_text(const struct asr *a, char *out, size_t cap);

#endif
