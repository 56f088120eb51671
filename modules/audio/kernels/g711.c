#include "g711.h"

enum { MU_BIAS = 132, MU_CLIP = 32635 }; /* of 16 bit */

/* Place of the highest bit that is set; x > 0. */
static int
highest_bit(uint32_t x)
{
	return 31 - __builtin_clz(x);
}

int16_t
g711_from_mu_law(uint8_t code)
{
	uint32_t bits = (uint8_t)~code;
	int32_t size = (int32_t)(((bits & 15) * 8 + MU_BIAS) << (bits >> 4 & 7)) - MU_BIAS;
	return (int16_t)((bits & 128) != 0 ? -size : size);
}

uint8_t
g711_to_mu_law(int16_t sample)
{
	int32_t size = sample < 0 ? -(int32_t)sample : sample;
	uint32_t biased = (uint32_t)(size < MU_CLIP ? size : MU_CLIP) + MU_BIAS; /* bit 7 to 14 is the highest */
	uint32_t segment = (uint32_t)highest_bit(biased) - 7;
	uint32_t bits = (sample < 0 ? 128u : 0u) | segment << 4 | (biased >> (segment + 3) & 15);
	return (uint8_t)~bits;
}

int16_t
g711_from_a_law(uint8_t code)
{
	uint32_t bits = code ^ 0x55u;
	uint32_t segment = bits >> 4 & 7;
	int32_t size = (int32_t)((bits & 15) * 16 + 8);
	if (segment > 0) {
		size = (size + 256) << (segment - 1);
	}
	return (int16_t)((bits & 128) != 0 ? size : -size);
}

uint8_t
g711_to_a_law(int16_t sample)
{
	uint32_t size = sample < 0 ? (uint32_t)(-1 - (int32_t)sample) : (uint32_t)sample;
	uint32_t bits;
	if (size < 256) {
		bits = size >> 4;
	} else {
		uint32_t segment = (uint32_t)highest_bit(size) - 7;
		bits = segment << 4 | (size >> (segment + 3) & 15);
	}
	return (uint8_t)((bits | (sample < 0 ? 0u : 128u)) ^ 0x55u);
}
