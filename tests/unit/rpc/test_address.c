#include "rpc/internal.h"
#include "rpc/channel.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static void
what_stays_on_this_machine(void **state)
{
	(void)state;
	static const char *const local[] = {"127.0.0.1:50052", "127.9.9.9", "localhost:1", "localhost", "[::1]:50052",
	    "::1", "ipv4:127.0.0.1:1", "ipv6:[::1]:1", "dns:///localhost:1", "unix:/run/x", "unix:///run/x",
	    "unix-abstract:x"};
	static const char *const remote[] = {"0.0.0.0:50052", "[::]:50052", "10.0.0.1:1", "127.example.org:1",
	    "localhost.example.org:1", "example.org", "127.0.0.1.example.org:1", "ipv4:127.0.0.1:1,10.0.0.1:1",
	    "[::1].x", ""};
	for (unsigned i = 0; i < sizeof local / sizeof local[0]; i++) {
		assert_true(rmi_address_is_local(local[i]));
	}
	for (unsigned i = 0; i < sizeof remote / sizeof remote[0]; i++) {
		assert_false(rmi_address_is_local(remote[i]));
	}
}

static void
ports(void **state)
{
	(void)state;
	static const char *const good[] = {"host:1", "127.0.0.1:65535", "[::1]:50052", "dns:///name:50052",
	    "ipv4:127.0.0.1:7", "ipv6:[::1]:7", "unix:/run/x", "unix-abstract:x"};
	static const char *const bad[] = {"host", "", ":", "host:", "host:0", "host:65536", "host:99999999999",
	    "host:-1", "host:+1", "host:http", "::1", "[::1]", "host:1 ", "a:b:1"};
	for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(rmi_address_has_port(good[i]));
	}
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(rmi_address_has_port(bad[i]));
	}
	assert_true(rmi_address_may_listen("127.0.0.1:0") && rmi_address_may_listen("unix:/run/x"));
	assert_false(rmi_address_may_listen("127.0.0.1:99999") || rmi_address_may_listen("127.0.0.1"));
}

static void
why_it_cannot_be_listened_on(void **state)
{
	(void)state;
	assert_null(rmi_address_trouble("127.0.0.1:0"));
	assert_string_equal(rmi_address_trouble("192.0.2.1:0"), "this machine does not have the address");
	assert_string_equal(rmi_address_trouble("127.0.0.1:99999"), "this is not ADDRESS:PORT with a port up to 65535");
	assert_string_equal(rmi_address_trouble("127.0.0.1:"), "this is not ADDRESS:PORT with a port up to 65535");
	assert_string_equal(rmi_address_trouble("no.such.host.invalid:1"), "there is no such address");
}

static void
unix_paths(void **state)
{
	(void)state;
	assert_string_equal(rmi_address_unix("unix:/run/x"), "/run/x");
	assert_string_equal(rmi_address_unix("unix:///run/x"), "/run/x");
	assert_string_equal(rmi_address_unix("unix:x"), "x");
	assert_null(rmi_address_unix("127.0.0.1:1"));
}

static void
metadata_that_grpc_takes(void **state)
{
	(void)state;
	assert_true(rmi_meta_ok("authorization", "Bearer x-y_z.1"));
	assert_false(rmi_meta_ok("Authorization", "x"));
	assert_false(rmi_meta_ok("x", "a\nb"));
	assert_false(rmi_meta_ok("x-bin", "a"));
	assert_false(rmi_meta_ok("", "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_stays_on_this_machine),
	    cmocka_unit_test(ports),
	    cmocka_unit_test(why_it_cannot_be_listened_on),
	    cmocka_unit_test(unix_paths),
	    cmocka_unit_test(metadata_that_grpc_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
