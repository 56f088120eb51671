#ifndef RMI_REPORT_WAVE_H
#define RMI_REPORT_WAVE_H

/**
 * @file
 * The picture of a sound of unknown length in bounded memory: pairs of smallest and largest sample, halved in number
 * whenever they are full.
 */

#include <stddef.h>
#include <stdint.h>

struct rme_format;

enum { RMI_WAVE_PAIRS = 2400 };

/** All-zero = empty. In the owner's memory. One thread. */
struct rmi_wave {
	uint32_t rate_hz;                              /* 0 = no sound yet */
	uint64_t per;                                  /* frames per pair */
	uint64_t in_pair;                              /* frames in the last, unfinished pair */
	size_t n;                                      /* pairs, the unfinished one included */
	int8_t lo[RMI_WAVE_PAIRS], hi[RMI_WAVE_PAIRS]; /* full scale = 127 */
};

/** Append audio/pcm. Other media, and audio of another rate than before, are ignored. */
void rmi_wave_add(struct rmi_wave *w, const struct rme_format *f, const uint8_t *data, size_t len);

/** Seconds so far. */
double rmi_wave_seconds(const struct rmi_wave *w);

#endif
