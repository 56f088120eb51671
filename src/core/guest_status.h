#ifndef RMI_CORE_GUEST_STATUS_H
#define RMI_CORE_GUEST_STATUS_H

/** @file Numbers of the module interface (docs/reference/module-abi.md) in our words, and ours in its. */

#include <stdint.h>
#include <rme/err.h>

/** What process and the like return. */
enum {
	RMI_GUEST_FAILED = -1,
	RMI_GUEST_UNSUPPORTED = -2,
	RMI_GUEST_BAD_INPUT = -3,
	RMI_GUEST_NOT_READY = -4,
	RMI_GUEST_TOO_SMALL = -5,
};

/** The error that a negative status of a module is. @param[out] text  for where the module gave none; never NULL */
enum rme_err rmi_guest_error(int32_t status, const char **text);

/** What a call to a service answers. */
enum {
	RMI_STATUS_OK = 0,
	RMI_STATUS_NETWORK = -1,
	RMI_STATUS_UNAVAILABLE = -2,
	RMI_STATUS_TOO_SMALL = -5,
	RMI_STATUS_NOT_GRANTED = -6,
	RMI_STATUS_DEADLINE = -7,
	RMI_STATUS_BAD_ARGUMENT = -8,
};

/** How a module is told of the outcome of rmi_services_ops. */
int32_t rmi_service_status(enum rme_err e);

#endif
