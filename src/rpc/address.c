#include "rpc/internal.h"
#include "rpc/channel.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *
skip_prefix(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);
	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

const char *
rmi_address_unix(const char *address)
{
	const char *path = skip_prefix(address, "unix://");
	return path ? path : skip_prefix(address, "unix:");
}

static bool
host_is(const char *address, const char *host)
{
	const char *rest = skip_prefix(address, host);
	return rest && (*rest == '\0' || *rest == ':');
}

/* 127.0.0.0/8, of four numbers and nothing else: "127.example.org" is a name. */
static bool
is_loopback4(const char *s)
{
	if (!skip_prefix(s, "127.")) {
		return false;
	}
	size_t n = strspn(s, "0123456789.");
	return s[n] == '\0' || s[n] == ':';
}

static const char *
skip_scheme(const char *address)
{
	static const char *const prefixes[] = {"ipv4:", "ipv6:", "dns:///", "dns:"};
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		const char *rest = skip_prefix(address, prefixes[i]);
		if (rest) {
			return rest;
		}
	}
	return address;
}

bool
rmi_address_is_local(const char *address)
{
	if (rmi_address_unix(address) || skip_prefix(address, "unix-abstract:")) {
		return true;
	}
	address = skip_scheme(address);
	if (strchr(address, ',')) { /* several addresses: judge none of them */
		return false;
	}
	return is_loopback4(address) || host_is(address, "localhost") || host_is(address, "[::1]") ||
	       strcmp(address, "::1") == 0;
}

/* What follows the last colon; NULL = nothing does. That of "::1" is within the address. */
static const char *
port_of(const char *address)
{
	const char *colon = strrchr(address, ':');
	return colon && (address[0] == '[' ? colon[-1] == ']' : strchr(address, ':') == colon) ? colon + 1 : NULL;
}

/* -1 = it is none */
static long
port_number(const char *port)
{
	size_t n = port ? strspn(port, "0123456789") : 0;
	if (n == 0 || n > 5 || port[n] != '\0') {
		return -1;
	}
	long number = strtol(port, NULL, 10);
	return number <= 65535 ? number : -1;
}

static bool
has_port_from(const char *address, long least)
{
	bool path = rmi_address_unix(address) || skip_prefix(address, "unix-abstract:");
	return path || port_number(port_of(skip_scheme(address))) >= least;
}

bool
rmi_address_has_port(const char *address)
{
	return has_port_from(address, 1);
}

bool
rmi_address_may_listen(const char *address)
{
	return has_port_from(address, 0);
}

static const char *
bind_trouble(const struct addrinfo *to)
{
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	if (fd < 0) {
		return NULL;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	bool ok = bind(fd, to->ai_addr, to->ai_addrlen) == 0 && listen(fd, 1) == 0;
	int e = errno;
	(void)close(fd);
	if (ok) {
		return NULL;
	}
	switch (e) {
	case EADDRINUSE:
		return "the address is in use; choose another port, or end what listens there";
	case EACCES:
		return "permission denied; ports below 1024 are for root";
	case EADDRNOTAVAIL:
		return "this machine does not have the address";
	default:
		return strerror(e);
	}
}

const char *
rmi_address_trouble(const char *address)
{
	char host[256];
	const char *from = skip_scheme(address), *port = port_of(from);
	if (rmi_address_unix(address)) {
		return "the socket's folder must be there, and be writable";
	}
	if (port_number(port) < 0 || (size_t)(port - from) > sizeof host) {
		return "this is not ADDRESS:PORT with a port up to 65535";
	}
	size_t n = (size_t)(port - from) - 1;
	bool brackets = n >= 2 && from[0] == '[';
	n -= brackets ? 2 : 0;
	memcpy(host, from + (brackets ? 1 : 0), n);
	host[n] = '\0';
	const struct addrinfo want = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *to;
	if (getaddrinfo(n > 0 ? host : NULL, port, &want, &to) != 0) {
		return "there is no such address";
	}
	const char *why = bind_trouble(to);
	freeaddrinfo(to);
	return why;
}
