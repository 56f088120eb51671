#ifndef RME_AUDIO_ENHANCE_DE_ESSER_H
#define RME_AUDIO_ENHANCE_DE_ESSER_H

/*
 * Turns sharp s sounds down: where the band around 6.5 kHz stands out of the voice (what is under 3 kHz) of the last tenths of a second, part of it
 * is subtracted (a dynamic peaking cut; compare Zoelzer, "DAFX", chapter 4). Decides every millisecond, from all channels.
 */

#include <stdint.h>

#include "iir2.h"

enum { DE_ESSER_CHANNELS = 2, DE_ESSER_RATE_MIN = 16000 };

struct de_esser {
	struct iir2 band, low;
	struct iir2_state state[DE_ESSER_CHANNELS], low_state[DE_ESSER_CHANNELS];
	uint32_t channels, hop, in_hop;
	float most;                      /* least gain of the band, a factor */
	float band_energy, voice_energy; /* of the hop under way */
	float band_power, voice_power;   /* smoothed over 4 and 200 ms */
	float cut, step;                 /* share of the band that is subtracted, and its change per sample */
};

/* @param most_db  strongest cut, 0 = off */
void de_esser_init(struct de_esser *d, uint32_t rate, uint32_t channels, float most_db);
void de_esser_reset(struct de_esser *d);
/* In place, no delay. */
void de_esser_run(struct de_esser *d, float *const *x, uint32_t n);

#endif
