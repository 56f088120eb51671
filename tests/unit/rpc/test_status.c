#include "rpc/call.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

static void
both_maps_are_total(void **state)
{
	(void)state;
	for (int e = RME_OK; e < RME_ERR_COUNT_; e++) {
		enum rmi_status s = rmi_status_from_err((enum rme_err)e);
		assert_in_range(s, 0, 16);
		assert_int_equal(s == RMI_STATUS_OK, e == RME_OK);
	}
	for (int s = 0; s <= 16; s++) {
		assert_int_equal(rmi_status_to_err((enum rmi_status)s) == RME_OK, s == 0);
		assert_string_not_equal(rmi_status_name((enum rmi_status)s), "");
	}
	assert_int_equal(rmi_status_to_err((enum rmi_status)17), RME_ETRANSPORT);
	assert_int_equal(rmi_status_to_err((enum rmi_status) - 1), RME_ETRANSPORT);
	assert_int_equal(rmi_status_from_err(RME_ERR_COUNT_), RMI_STATUS_UNKNOWN);
	assert_string_equal(rmi_status_name((enum rmi_status)99), "UNKNOWN");
}

static void
what_matters_survives_the_way(void **state)
{
	(void)state;
	static const enum rme_err same[] = {RME_ETIMEDOUT, RME_ECANCELED, RME_ELIMIT, RME_ENOTFOUND, RME_EDENIED,
	    RME_EUNSUPPORTED, RME_ETRANSPORT, RME_EAGAIN, RME_EINVAL};
	for (unsigned i = 0; i < sizeof same / sizeof same[0]; i++) {
		assert_int_equal(rmi_status_to_err(rmi_status_from_err(same[i])), same[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_maps_are_total),
	    cmocka_unit_test(what_matters_survives_the_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
