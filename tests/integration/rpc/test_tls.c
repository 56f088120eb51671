/* TLS and mutual TLS, right and wrong. The certificates are made by certs/make.sh; CERTS is their folder. */

#include "echo.h"

#include "rpc/tls.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static struct rmi_loop *loop;
static const struct rmi_tls server_tls = {.cert_file = CERTS "/server.pem", .key_file = CERTS "/server.key"};
static const struct rmi_tls mutual_tls = {
    .ca_file = CERTS "/ca.pem", .cert_file = CERTS "/server.pem", .key_file = CERTS "/server.key"};
static const struct rmi_tls client_tls = {.ca_file = CERTS "/ca.pem"};
static const struct rmi_tls client_with_cert = {
    .ca_file = CERTS "/ca.pem", .cert_file = CERTS "/client.pem", .key_file = CERTS "/client.key"};

static int
setup(void **state)
{
	(void)state;
	return rmi_loop_new(&loop, NULL, NULL) == RME_OK ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	rmi_loop_free(loop);
	return 0;
}

static enum rme_err
try_call(const struct echo_server *s, const struct rmi_tls *tls, const char *name, struct rme_error *err)
{
	struct rmi_channel *ch = NULL;
	struct rmi_channel_config config = {.address = s->address, .tls = tls, .tls_name = name, .token = "t"};
	enum rme_err e = rmi_channel_new(&ch, loop, &config, err);
	if (e != RME_OK) {
		return e;
	}
	struct rmi_buf *reply = NULL;
	e = echo_unary(&reply, ch, ECHO_UNARY, rmi_buf_copy("x", 1), err);
	rmi_buf_unref(reply);
	rmi_channel_free(ch);
	return e;
}

static void
server_is_checked(void **state)
{
	(void)state;
	struct echo_server s;
	struct rmi_server_config config = {.tls = &server_tls};
	struct rme_error err = {0};
	assert_int_equal(echo_server_start(&s, loop, &config, &err), RME_OK);
	assert_int_equal(try_call(&s, &client_tls, NULL, &err), RME_OK); /* 127.0.0.1 is in the certificate */
	assert_int_equal(try_call(&s, &client_tls, "localhost", &err), RME_OK);
	assert_int_equal(try_call(&s, &client_tls, "other.example", &err), RME_ETRANSPORT);
	assert_non_null(strstr(err.text, "other.example"));
	struct rmi_tls system_roots = {0};
	assert_int_equal(try_call(&s, &system_roots, NULL, &err), RME_ETRANSPORT); /* not signed by any of them */
	assert_int_equal(try_call(&s, NULL, NULL, &err), RME_ETRANSPORT);          /* plain text */
	assert_int_equal(try_call(&s, &client_tls, NULL, &err), RME_OK);
	echo_server_stop(&s);
}

static enum rmi_status
remember_name(void *ctx, const struct rmi_call *c, char *text, size_t size)
{
	(void)text, (void)size;
	if (!rmi_call_peer_identity(c, ctx, 64)) {
		(void)snprintf(ctx, 64, "nobody");
	}
	return RMI_STATUS_OK;
}

static void
client_is_checked(void **state)
{
	(void)state;
	struct echo_server s;
	char name[64] = "";
	struct rmi_server_config config = {.tls = &mutual_tls, .auth = remember_name, .auth_ctx = name};
	struct rme_error err = {0};
	assert_int_equal(echo_server_start(&s, loop, &config, &err), RME_OK);
	assert_int_equal(try_call(&s, &client_with_cert, NULL, &err), RME_OK);
	assert_string_equal(name, "client-7");
	assert_int_equal(try_call(&s, &client_tls, NULL, &err), RME_ETRANSPORT);
	assert_int_equal(s.opened, 1);
	echo_server_stop(&s);
}

static void
plain_clients_have_no_name(void **state)
{
	(void)state;
	struct echo_server s;
	char name[64] = "";
	struct rmi_server_config config = {.auth = remember_name, .auth_ctx = name};
	assert_int_equal(echo_server_start(&s, loop, &config, NULL), RME_OK);
	assert_int_equal(try_call(&s, NULL, NULL, NULL), RME_OK);
	assert_string_equal(name, "nobody");
	echo_server_stop(&s);
}

static void
bad_files_are_named(void **state)
{
	(void)state;
	static const struct {
		struct rmi_tls tls;
		const char *text;
	} bad[] = {
	    {{.cert_file = CERTS "/none.pem", .key_file = CERTS "/server.key"}, "none.pem"},
	    {{.cert_file = CERTS "/make.sh", .key_file = CERTS "/server.key"}, "make.sh"},
	    {{.cert_file = CERTS "/server.pem"}, "key"},
	    {{.key_file = CERTS "/server.key"}, "certificate"},
	    {{.ca_file = CERTS "/ca.pem"}, "certificate"},
	    {{.cert_file = CERTS "/server.pem", .key_file = CERTS "/client.key"}, "do not fit"},
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct echo_server s;
		struct rmi_server_config config = {.tls = &bad[i].tls};
		struct rme_error err = {0};
		enum rme_err e = echo_server_start(&s, loop, &config, &err);
		assert_true(e == RME_ECONFIG || e == RME_EIO);
		assert_non_null(strstr(err.text, bad[i].text));
	}
	struct rmi_channel *ch = NULL;
	struct rmi_tls tls = {.ca_file = CERTS "/none.pem"};
	struct rmi_channel_config config = {.address = "127.0.0.1:1", .tls = &tls};
	struct rme_error err = {0};
	assert_int_equal(rmi_channel_new(&ch, loop, &config, &err), RME_ECONFIG);
	assert_non_null(strstr(err.text, "none.pem"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(server_is_checked, setup, teardown),
	    cmocka_unit_test_setup_teardown(client_is_checked, setup, teardown),
	    cmocka_unit_test_setup_teardown(plain_clients_have_no_name, setup, teardown),
	    cmocka_unit_test_setup_teardown(bad_files_are_named, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
