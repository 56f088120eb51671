#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wan/address.h"

static void
addresses_are_read(void **state)
{
	(void)state;
	struct rmi_wan_address a;
	assert_int_equal(rmi_wan_address_resolve(&a, "127.0.0.1:6000", NULL), RME_OK);
	assert_int_equal(a.at.ss_family, AF_INET);
	assert_int_equal(rmi_wan_address_port(&a), 6000);
	assert_int_equal(rmi_wan_address_resolve(&a, "[::1]:6001", NULL), RME_OK);
	assert_int_equal(a.at.ss_family, AF_INET6);
	assert_int_equal(rmi_wan_address_port(&a), 6001);
	rmi_wan_address_set_port(&a, 6002);
	assert_int_equal(rmi_wan_address_port(&a), 6002);
}

static void
what_is_no_address_is_refused(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", ":", "6000", ":6000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http",
	    "::1:6000", "127.0.0.1:65536", "127.0.0.1:99999999999"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rmi_wan_address a;
		struct rme_error err;
		assert_int_equal(rmi_wan_address_resolve(&a, wrong[i], &err), RME_ECONFIG);
		assert_non_null(strstr(err.text, "HOST:PORT"));
	}
	char longer[RMI_WAN_ADDRESS_TEXT_MAX + 10];
	memset(longer, 'a', sizeof(longer));
	memcpy(longer + sizeof(longer) - 4, ":80", 4);
	struct rmi_wan_address a;
	assert_int_equal(rmi_wan_address_resolve(&a, longer, NULL), RME_ECONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_read),
	    cmocka_unit_test(what_is_no_address_is_refused),
	};
	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
