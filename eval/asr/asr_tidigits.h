#ifndef EVAL_ASR_TIDIGITS_H
#define EVAL_ASR_TIDIGITS_H

/*
 * The decoder alone: features of 31 strings of digits with a semi-continuous model of whole digits, both out of
 * pocketsphinx-testdata, which also says what PocketSphinx makes of them. Counts strings that are right.
 */

void asr_tidigits(unsigned *right, unsigned *rivals, unsigned *all);

#endif
