#ifndef RMI_WAN_ADDRESS_H
#define RMI_WAN_ADDRESS_H

/** @file TCP addresses as people write them: "127.0.0.1:6000", "localhost:50052", "[::1]:6000". */

#include <rme/err.h>
#include <stdint.h>
#include <sys/socket.h>

enum { RMI_WAN_ADDRESS_TEXT_MAX = 300 };

struct rmi_wan_address {
	struct sockaddr_storage at;
	socklen_t len;
};

/** Look a name up; may block while it does. @return RME_OK, RME_ECONFIG for text that is no address, RME_ENOTFOUND */
RME_NODISCARD enum rme_err
rmi_wan_address_resolve(struct rmi_wan_address *out, const char *text, struct rme_error *err);

/** The port; 0 for other kinds of addresses. */
uint16_t rmi_wan_address_port(const struct rmi_wan_address *a);
void rmi_wan_address_set_port(struct rmi_wan_address *a, uint16_t port);

#endif
