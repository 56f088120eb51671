#ifndef RME_KERNELS_G711_H
#define RME_KERNELS_G711_H

/* Companding of ITU-T G.711: 8 bits a sample in the telephone network. Values as 16-bit samples. */

#include <stdint.h>

int16_t g711_from_mu_law(uint8_t code);
uint8_t g711_to_mu_law(int16_t sample);
int16_t g711_from_a_law(uint8_t code);
uint8_t g711_to_a_law(int16_t sample);

#endif
