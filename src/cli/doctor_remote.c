/* Checks of the network side: gRPC, certificates. */

#include "cli/doctor.h"

#include "rpc/loop.h"
#include "rpc/server.h"
#include "rpc/tls.h"

/* Listen on a free port of this machine for a moment. */
static enum rme_err
try_server(const struct rmi_tls *tls, struct rme_error *err)
{
	struct rmi_loop *loop;
	struct rmi_server *server;
	enum rme_err e = rmi_loop_new(&loop, NULL, err);
	if (e != RME_OK) {
		return e;
	}
	e = rmi_server_new(&server, loop, &(struct rmi_server_config){.address = "127.0.0.1:0", .tls = tls}, err);
	if (e == RME_OK) {
		rmi_server_free(server);
	}
	rmi_loop_free(loop);
	return e;
}

void
rmi_doctor_grpc(const struct rmi_doctor *d, struct rmi_finding *f)
{
	(void)d;
	struct rme_error err;
	if (try_server(NULL, &err) != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "core %s cannot listen: %s", rmi_rpc_version(), err.text);
		rmi_finding_todo(f, "is the loopback device up? ip addr show lo");
		return;
	}
	rmi_finding_set(f, RMI_FINDING_OK, "core %s listens and stops", rmi_rpc_version());
}

void
rmi_doctor_certificates(const struct rmi_doctor *d, struct rmi_finding *f)
{
	struct rme_error err;
	const struct rmi_tls tls = {.ca_file = d->ca, .cert_file = d->cert, .key_file = d->key};
	if (d->cert == NULL && d->key == NULL && d->ca == NULL) {
		rmi_finding_set(f, RMI_FINDING_OK, "none given: a service is reachable from this machine only");
		return;
	}
	if (d->cert == NULL || d->key == NULL) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "a service needs both a certificate and its key");
		rmi_finding_todo(f, "give --cert FILE and --key FILE");
		return;
	}
	if (try_server(&tls, &err) != RME_OK) {
		rmi_finding_set(f, RMI_FINDING_FAIL, "%s", err.text);
		rmi_finding_todo(f,
		    "do certificate and key belong together, and are they PEM? openssl x509 -in %.80s -noout -dates",
		    d->cert);
		return;
	}
	rmi_finding_set(
	    f, RMI_FINDING_OK, "certificate and key load%s", d->ca != NULL ? ", clients must show one" : "");
}
