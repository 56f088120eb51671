/* Who calls: certificate names and bearer tokens. */

#include "rpc/internal.h"
#include "rpc/server.h"

#include <grpc/grpc_security.h>
#include <grpc/grpc_security_constants.h>

#include <stdio.h>
#include <string.h>

static bool
find_property(const grpc_auth_context *ctx, const char *name, char *out, size_t size)
{
	grpc_auth_property_iterator it = grpc_auth_context_find_properties_by_name(ctx, name);
	const grpc_auth_property *p = grpc_auth_property_iterator_next(&it);
	if (!p) {
		return false;
	}
	(void)snprintf(out, size, "%.*s", (int)p->value_length, p->value);
	return true;
}

bool
rmi_call_peer_identity(const struct rmi_call *c, char *out, size_t size)
{
	grpc_auth_context *ctx = c->grpc ? grpc_call_auth_context(c->grpc) : NULL;
	if (!ctx) {
		return false;
	}
	bool found = grpc_auth_context_peer_is_authenticated(ctx) &&
	             (find_property(ctx, GRPC_X509_SAN_PROPERTY_NAME, out, size) ||
	                 find_property(ctx, GRPC_X509_CN_PROPERTY_NAME, out, size));
	grpc_auth_context_release(ctx);
	return found;
}

/* The time taken depends on the lengths alone. */
static bool
same_secret(const char *given, size_t n, const char *secret)
{
	size_t len = strlen(secret);
	unsigned diff = n != len;
	for (size_t i = 0; i < n; i++) {
		diff |= (unsigned char)given[i] ^ (unsigned char)secret[len ? i % len : 0];
	}
	return diff == 0 && len > 0;
}

bool
rmi_call_has_token(const struct rmi_call *c, const char *const *tokens, size_t count)
{
	static const char scheme[] = "Bearer ";
	size_t n = 0;
	const char *given = rmi_call_meta(c, "authorization", &n);
	if (!given || n < sizeof scheme - 1 || strncasecmp(given, scheme, sizeof scheme - 1) != 0) {
		return false;
	}
	bool found = false;
	for (size_t i = 0; i < count; i++) {
		found |= same_secret(given + sizeof scheme - 1, n - (sizeof scheme - 1), tokens[i]);
	}
	return found;
}
