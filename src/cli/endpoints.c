#include "cli/endpoints.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "remote/remote.h"
#include "rpc/tls.h"

enum { TOKEN_BYTES_MAX = 8192 };

enum rme_err
rmi_token_read(const char **out, struct rmi_arena *arena, const char *path, struct rme_error *err)
{
	char line[TOKEN_BYTES_MAX];
	FILE *f = fopen(path, "re");
	if (f == NULL) {
		return rme_error_set(err, RME_ECONFIG, path, "the token cannot be read: %s", strerror(errno));
	}
	bool ok = fgets(line, sizeof(line), f) != NULL;
	(void)fclose(f);
	size_t n = ok ? strcspn(line, "\r\n") : 0;
	if (n == 0 || n == sizeof(line) - 1 || strspn(line, " \t") > 0) {
		return rme_error_set(err, RME_ECONFIG, path,
		    "the first line is no token (1 to %d characters, no blank before it)", TOKEN_BYTES_MAX - 2);
	}
	*out = rmi_arena_strndup(arena, line, n);
	return *out != NULL ? RME_OK : rme_error_set(err, RME_ENOMEM, path, "%s", rme_err_text(RME_ENOMEM));
}

static bool
fail(struct rmi_diags *d, const struct rmi_bound *bound, const struct rme_error *err)
{
	rmi_diag_error(d, &bound->mark, "%s%s%s", err->where, err->where[0] != '\0' ? ": " : "", err->text);
	return false;
}

/* A token that others on this machine can read is worth a word. */
static void
check_token_mode(struct rmi_diags *d, const struct rmi_endpoint_def *e)
{
	struct stat st;
	if (stat(e->token_file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)) != 0) {
		rmi_diag_warn(d, &e->bound.mark, "the token in '%s' can be read by others", e->token_file);
		rmi_diag_hint(d, "chmod 600 %s", e->token_file);
	}
}

static bool
add_endpoint(struct rmi_remote *remote, struct rmi_diags *d, const struct rmi_endpoint_def *e)
{
	struct rme_error err = {.code = RME_OK};
	struct rmi_remote_endpoint out = {
	    .name = e->bound.key,
	    .address = e->address,
	    .allow_plain_token = e->allow_plain_token,
	    .timeout_ns = e->timeout_ns,
	};
	struct rmi_tls tls;
	if (e->tls != NULL) {
		tls = (struct rmi_tls){.ca_file = e->tls->ca, .cert_file = e->tls->cert, .key_file = e->tls->key};
		out.tls = &tls;
		out.tls_name = e->tls->server_name;
	}
	if (e->token_file != NULL) {
		if (rmi_token_read(&out.token, &d->arena, e->token_file, &err) != RME_OK) {
			return fail(d, &e->bound, &err);
		}
		check_token_mode(d, e);
	}
	return rmi_remote_add_endpoint(remote, &out, &err) == RME_OK || fail(d, &e->bound, &err);
}

bool
rmi_endpoints_add_service(struct rmi_remote *remote, struct rmi_diags *d, const struct rmi_service_ref *ref)
{
	if (rmi_remote_find_endpoint(remote, ref->endpoint->bound.key) == NULL &&
	    !add_endpoint(remote, d, ref->endpoint)) {
		return false;
	}
	if (rmi_remote_find_service(remote, ref->service) != NULL) {
		return true;
	}
	struct rme_error err = {.code = RME_OK};
	const struct rmi_remote_service out = {
	    .name = ref->service,
	    .endpoint = ref->endpoint->bound.key,
	    .far_name = ref->node_type,
	    .params_json = ref->params != NULL ? rmi_yaml_to_json(&d->arena, ref->params) : NULL,
	    .timeout_ns = ref->timeout_ns,
	};
	return rmi_remote_add_service(remote, &out, &err) == RME_OK || fail(d, &ref->endpoint->bound, &err);
}

bool
rmi_endpoints_add(struct rmi_remote *remote, struct rmi_diags *d, const struct rmi_pipeline_def *def)
{
	bool ok = true;
	const struct rmi_endpoint_def *endpoints = def->endpoints.items;
	for (size_t i = 0; i < def->endpoints.n; i++) {
		ok = add_endpoint(remote, d, &endpoints[i]) && ok;
	}
	const struct rmi_service_def *services = def->services.items;
	for (size_t i = 0; ok && i < def->services.n; i++) {
		const struct rmi_node_def any = {.bound = services[i].bound};
		struct rmi_service_ref ref;
		ok = rmi_pipeline_find_service(&ref, d, def, &any, services[i].bound.key) &&
		     rmi_endpoints_add_service(remote, d, &ref) && ok;
	}
	return ok;
}
