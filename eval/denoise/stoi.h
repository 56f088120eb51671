#ifndef EVAL_STOI_H
#define EVAL_STOI_H

#include <stddef.h>

/*
 * Short-time objective intelligibility of @p got against @p clean, 16 kHz, about 0 to 1 (Taal, Hendriks, Heusdens and Jensen, "An
 * algorithm for intelligibility prediction of time-frequency weighted noisy speech", IEEE TASLP 19(7), 2011). 0 where there is
 * less than a third of a second of speech.
 */
double stoi(const float *clean, const float *got, size_t n);

/*
 * Ratio of the part of @p got that is a scaled copy of @p clean to the rest, in dB (Le Roux, Wisdom, Erdogan and Hershey, "SDR -
 * half-baked or well done?", ICASSP 2019).
 */
double si_sdr(const float *clean, const float *got, size_t n);

#endif
