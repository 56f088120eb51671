#include "wan/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Split in place. @return false if it is not HOST:PORT */
static bool
split_host_port(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':');
	size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;
	if (colon == NULL || colon == text || digits == 0 || digits > 5 || colon[1 + digits] != '\0' ||
	    strtol(colon + 1, NULL, 10) > 65535) { /* the resolver would take 99999 for 34463 */
		return false;
	}
	*colon = '\0';
	*host = text;
	*port = colon + 1;
	if (text[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = text + 1;
		return true;
	}
	return strchr(text, ':') == NULL;
}

enum rme_err
rmi_wan_address_resolve(struct rmi_wan_address *out, const char *text, struct rme_error *err)
{
	char copy[RMI_WAN_ADDRESS_TEXT_MAX];
	char *host, *port;
	if (snprintf(copy, sizeof(copy), "%s", text) >= (int)sizeof(copy) || !split_host_port(copy, &host, &port)) {
		return rme_error_set(
		    err, RME_ECONFIG, NULL, "'%.60s' is not HOST:PORT, such as 127.0.0.1:6000 or [::1]:6000", text);
	}
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found;
	int e = getaddrinfo(host, port, &hints, &found);
	if (e != 0) {
		return rme_error_set(err, RME_ENOTFOUND, NULL, "cannot look up '%.60s': %s", text, gai_strerror(e));
	}
	*out = (struct rmi_wan_address){.len = found->ai_addrlen};
	memcpy(&out->at, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return RME_OK;
}

/* The port's place in the address, or NULL. */
static in_port_t *
port_of(struct sockaddr_storage *at)
{
	if (at->ss_family == AF_INET) {
		return &((struct sockaddr_in *)at)->sin_port;
	}
	if (at->ss_family == AF_INET6) {
		return &((struct sockaddr_in6 *)at)->sin6_port;
	}
	return NULL;
}

uint16_t
rmi_wan_address_port(const struct rmi_wan_address *a)
{
	struct sockaddr_storage copy = a->at;
	const in_port_t *port = port_of(&copy);
	return port != NULL ? ntohs(*port) : 0;
}

void
rmi_wan_address_set_port(struct rmi_wan_address *a, uint16_t port)
{
	in_port_t *at = port_of(&a->at);
	if (at != NULL) {
		*at = htons(port);
	}
}
