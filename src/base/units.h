#ifndef RMI_BASE_UNITS_H
#define RMI_BASE_UNITS_H

/**
 * @file
 * Quantities as people write them: "20ms", "64KiB", "8Mbit/s". One reader and one writer for configuration files, the
 * command line and node parameters. Pure functions, any thread.
 */

#include <rme/err.h>
#include <stddef.h>
#include <stdint.h>

/** Longest text that the rmi_format_* functions write, with the terminating NUL. */
enum { RMI_UNITS_TEXT_MAX = 32 };

/** What a quantity measures; decides the units that are understood and the whole number that results. */
enum rmi_unit {
	RMI_UNIT_BYTES,     /**< B, KB MB GB TB (1000), KiB MiB GiB TiB (1024); no unit = bytes */
	RMI_UNIT_NS,        /**< ns us ms s m h; a unit is required, but for 0 */
	RMI_UNIT_BITS_PER_S /**< bit/s kbit/s Mbit/s Gbit/s; a unit is required, but for 0 */
};

/**
 * Read a non-negative decimal number ("1.5") with a unit; blanks may stand between.
 * @param[out] out  bytes, nanoseconds or bit/s; at most INT64_MAX
 * @return RME_OK, RME_EINVAL for text that is no such quantity, RME_ELIMIT for one too large
 */
RME_NODISCARD enum rme_err rmi_units_parse(int64_t *out, const char *text, enum rmi_unit unit);

/** The units that rmi_units_parse() understands, for messages: "ns us ms s m h". Never NULL. */
const char *rmi_units_names(enum rmi_unit unit);

/**
 * Write @p value in the largest unit that shows it exactly ("20ms", "64KiB"), so that what is written reads back as the
 * same number. @p buf has room for @p size >= RMI_UNITS_TEXT_MAX bytes. @return @p buf
 */
char *rmi_units_format(char *buf, size_t size, int64_t value, enum rmi_unit unit);

#endif
