#ifndef EVAL_WORD_ERRORS_H
#define EVAL_WORD_ERRORS_H

/* Words that were added, left out or taken for others between what was said and what was heard (Levenshtein distance); up to
 * 64 words and 2047 bytes of each. @param[out] n_said  words of what was said */
unsigned word_errors(const char *said, const char *heard, unsigned *n_said);

#endif
