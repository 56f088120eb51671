#ifndef RMI_ROUTE_ESTIMATE_H
#define RMI_ROUTE_ESTIMATE_H

/**
 * @file
 * A guess at how much work a packet is, 0..1, from its media format and a glance at its bytes. It stands in for what only
 * the owner of a module knows; the parameter `complexity` of a router overrules it.
 *
 * complexity = 1 - exp(-work / 500 ms), where work is what a usual model for such data takes on one core of a small
 * computer: 0.39 is a quarter of a second, 0.63 half a second, 0.80 eight tenths.
 */

#include <stddef.h>
#include <stdint.h>

struct rme_format;
struct rme_packet;

/** Any thread; reads at most RMI_ESTIMATE_READ_MAX bytes of the payload. */
float rmi_route_estimate(const struct rme_packet *p);

enum { RMI_ESTIMATE_READ_MAX = 64 * 1024 };

/**
 * Width and height from the head of a PNG or JPEG file.
 * @return pixels; 0 where the head is not found or makes no sense
 */
uint64_t rmi_estimate_pixels(const uint8_t *data, size_t len);

/** Share of audio that is louder than its own background by 10 dB, 0..1, from up to 64 samples of 64 frames each. */
float rmi_estimate_active(const struct rme_format *f, const uint8_t *data, size_t len);

#endif
