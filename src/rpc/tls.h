#ifndef RMI_RPC_TLS_H
#define RMI_RPC_TLS_H

/** @file What both ends say about TLS. */

/** Files in PEM form, read when a server or channel is made. */
struct rmi_tls {
	const char
	    *ca_file; /**< whom to trust. Client: NULL = the system's roots. Server: set = clients need a certificate */
	const char *cert_file; /**< own certificate chain; a server needs it, a client with mutual TLS */
	const char *key_file;  /**< its private key */
};

#endif
