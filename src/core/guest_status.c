#include "core/guest_status.h"

enum rme_err
rmi_guest_error(int32_t status, const char **text)
{
	switch (status) {
	case RMI_GUEST_FAILED:
		*text = "failed";
		return RME_EMODULE;
	case RMI_GUEST_UNSUPPORTED:
		*text = "not supported";
		return RME_EUNSUPPORTED;
	case RMI_GUEST_BAD_INPUT:
		*text = "bad input";
		return RME_EFORMAT;
	case RMI_GUEST_NOT_READY:
		*text = "not ready";
		return RME_EUNAVAILABLE;
	default:
		*text = "its own error";
		return RME_EMODULE;
	}
}

int32_t
rmi_service_status(enum rme_err e)
{
	switch (e) {
	case RME_OK:
	case RME_EEMPTY: /* an answer without content is an answer */
		return RMI_STATUS_OK;
	case RME_EUNAVAILABLE:
	case RME_ENOTFOUND:
	case RME_EUNSUPPORTED:
		return RMI_STATUS_UNAVAILABLE;
	case RME_ETIMEDOUT:
	case RME_ECANCELED:
		return RMI_STATUS_DEADLINE;
	case RME_EDENIED:
		return RMI_STATUS_NOT_GRANTED;
	case RME_EINVAL:
	case RME_EFORMAT:
	case RME_ELIMIT:
		return RMI_STATUS_BAD_ARGUMENT;
	case RME_ENOMEM:
	case RME_EAGAIN:
	case RME_ECLOSED:
	case RME_EMODULE:
	case RME_ETRANSPORT:
	case RME_EPROTO:
	case RME_EIO:
	case RME_ECONFIG:
	case RME_ERR_COUNT_:
	default:
		return RMI_STATUS_NETWORK;
	}
}
