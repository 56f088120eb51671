#include "rpc/internal.h"

#include <string.h>

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

bool
rmi_address_is_local(const char *address)
{
	if (rmi_address_unix(address) || skip_prefix(address, "unix-abstract:")) {
		return true;
	}
	static const char *const prefixes[] = {"ipv4:", "ipv6:", "dns:///", "dns:"};
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		const char *rest = skip_prefix(address, prefixes[i]);
		if (rest) {
			address = rest;
			break;
		}
	}
	if (strchr(address, ',')) { /* several addresses: judge none of them */
		return false;
	}
	return is_loopback4(address) || host_is(address, "localhost") || host_is(address, "[::1]") ||
	       strcmp(address, "::1") == 0;
}
