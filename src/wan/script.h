#ifndef RMI_WAN_SCRIPT_H
#define RMI_WAN_SCRIPT_H

/**
 * @file
 * What happens to the line and when: lines such as "at 5s down", "at 8s up", "at 10s rate 1Mbit/s", in order of time.
 * The form is described in docs/design/wan.md.
 */

#include "wan/shaper.h"

#include <rme/err.h>
#include <stdbool.h>

enum { RMI_WAN_SCRIPT_STEPS_MAX = 1000, RMI_WAN_SCRIPT_BYTES_MAX = 64 * 1024 };

/** Latest step: 10000 h. */
#define RMI_WAN_AT_MAX_NS (INT64_C(36000000) * 1000000000)

enum rmi_wan_action {
	RMI_WAN_UP,     /**< works again */
	RMI_WAN_DOWN,   /**< connections are reset, new ones refused */
	RMI_WAN_FREEZE, /**< nothing passes, nothing is accepted, nobody is told */
	RMI_WAN_CUT,    /**< connections are reset, new ones work */
	RMI_WAN_DELAY,
	RMI_WAN_JITTER,
	RMI_WAN_RATE
};

enum { RMI_WAN_TO_SERVICE = 0, RMI_WAN_TO_CLIENT = 1, RMI_WAN_DIRECTIONS = 2 };

struct rmi_wan_step {
	int64_t at_ns; /**< since the start */
	enum rmi_wan_action action;
	bool directions[RMI_WAN_DIRECTIONS]; /**< DELAY, JITTER, RATE: which of them change */
	int64_t value;                       /**< ns, or bit/s; 0 = none, no limit */
};

struct rmi_wan_script {
	struct rmi_wan_step *steps; /* in order of at_ns */
	size_t n, room;
};

/**
 * Add one line ("at 5s down"; the "at" may be left out); blank lines and comments (#) add nothing.
 * @return RME_OK, RME_ECONFIG with a text that says what would be right, RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD enum rme_err rmi_wan_script_add(struct rmi_wan_script *s, const char *line, struct rme_error *err);

/** Add the lines of a file. Errors name file and line. @return as rmi_wan_script_add(), or RME_ENOTFOUND, RME_EIO */
RME_NODISCARD enum rme_err rmi_wan_script_load(struct rmi_wan_script *s, const char *path, struct rme_error *err);

/** Accepts an all-zero script. */
void rmi_wan_script_done(struct rmi_wan_script *s);

/** Change @p shape, the line in one direction, as the step says. */
void rmi_wan_step_apply(const struct rmi_wan_step *step, int direction, struct rmi_wan_shape *shape);

/** "rate 1Mbit/s", "down": for messages. @return @p buf */
char *rmi_wan_step_text(const struct rmi_wan_step *step, char *buf, size_t size);

#endif
