#ifndef RMI_CORE_UNITS_H
#define RMI_CORE_UNITS_H

/** @file Quantities as people write them. */

#include <stdbool.h>
#include <stdint.h>

/** "20ms", "1.5s", "50us", "2m", "1h" -> ns. Not negative; the unit must be there, except for "0". */
bool rmi_parse_duration(const char *text, int64_t *ns);

/** "640", "64KiB", "16MiB", "100KB" (1000), "10MB", "1GiB" -> bytes. Not negative. */
bool rmi_parse_bytes(const char *text, int64_t *bytes);

#endif
