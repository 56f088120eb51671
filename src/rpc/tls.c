#include "rpc/tls.h"

#include "rpc/internal.h"

#include <grpc/grpc_security.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEM_MAX = 1024 * 1024 };

/* The text of a PEM file; NULL name: NULL text. Free with free(). */
static enum rme_err
read_pem(char **out, const char *file, struct rme_error *err)
{
	*out = NULL;
	if (!file) {
		return RME_OK;
	}
	FILE *f = fopen(file, "re");
	if (!f) {
		return rme_error_set(err, RME_ECONFIG, "tls", "cannot read %s: %s", file, strerror(errno));
	}
	char *text = malloc(PEM_MAX + 1);
	size_t n = text ? fread(text, 1, PEM_MAX + 1, f) : 0;
	bool failed = ferror(f) != 0;
	(void)fclose(f);
	if (!text) {
		return rme_error_set(err, RME_ENOMEM, "tls", "out of memory");
	}
	if (failed || n > PEM_MAX || !memmem(text, n, "-----BEGIN ", 11)) {
		free(text);
		return rme_error_set(err, RME_ECONFIG, "tls", "%s is not a PEM file (or larger than 1 MiB)", file);
	}
	text[n] = '\0';
	*out = text;
	return RME_OK;
}

struct pems {
	char *ca, *cert, *key;
};

static void
free_pems(struct pems *p)
{
	free(p->ca);
	free(p->cert);
	if (p->key) {
		explicit_bzero(p->key, strlen(p->key));
	}
	free(p->key);
}

static enum rme_err
read_pems(struct pems *p, const struct rmi_tls *tls, struct rme_error *err)
{
	if (!tls->cert_file != !tls->key_file) {
		return rme_error_set(
		    err, RME_ECONFIG, "tls", "a certificate needs its key file, and a key its certificate");
	}
	enum rme_err e = read_pem(&p->ca, tls->ca_file, err);
	e = e == RME_OK ? read_pem(&p->cert, tls->cert_file, err) : e;
	return e == RME_OK ? read_pem(&p->key, tls->key_file, err) : e;
}

enum rme_err
rmi_tls_server(grpc_server_credentials **out, const struct rmi_tls *tls, struct rme_error *err)
{
	if (!tls) {
		*out = grpc_insecure_server_credentials_create();
		return RME_OK;
	}
	if (!tls->cert_file) {
		return rme_error_set(err, RME_ECONFIG, "tls", "a server needs a certificate and its key");
	}
	struct pems p = {NULL, NULL, NULL};
	enum rme_err e = read_pems(&p, tls, err);
	if (e == RME_OK) {
		grpc_ssl_pem_key_cert_pair pair = {.private_key = p.key, .cert_chain = p.cert};
		grpc_ssl_client_certificate_request_type ask =
		    p.ca ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
		         : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
		*out = grpc_ssl_server_credentials_create_ex(p.ca, &pair, 1, ask, NULL);
		if (!*out) {
			e = rme_error_set(err, RME_ECONFIG, "tls", "cannot use %s", tls->cert_file);
		}
	}
	free_pems(&p);
	return e;
}

enum rme_err
rmi_tls_client(grpc_channel_credentials **out, const struct rmi_tls *tls, struct rme_error *err)
{
	if (!tls) {
		*out = grpc_insecure_credentials_create();
		return RME_OK;
	}
	struct pems p = {NULL, NULL, NULL};
	enum rme_err e = read_pems(&p, tls, err);
	if (e == RME_OK) {
		grpc_ssl_pem_key_cert_pair pair = {.private_key = p.key, .cert_chain = p.cert};
		*out = grpc_ssl_credentials_create_ex(p.ca, p.cert ? &pair : NULL, NULL, NULL);
		if (!*out) {
			e = rme_error_set(err, RME_ECONFIG, "tls", "cannot use the certificates given");
		}
	}
	free_pems(&p);
	return e;
}
