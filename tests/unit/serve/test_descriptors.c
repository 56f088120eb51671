#include "serve/descriptors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct rmi_name
name(const char *text)
{
	return (struct rmi_name){text, strlen(text)};
}

static void
expect_symbol(const struct rmi_descriptors *d, const char *symbol, const char *file)
{
	int i = rmi_descriptors_symbol(d, name(symbol));
	if (file == NULL) {
		assert_int_equal(i, -1);
		return;
	}
	assert_in_range(i, 0, (int)d->n - 1);
	assert_int_equal(i, rmi_descriptors_file(d, name(file)));
}

static void
test_symbols(void **state)
{
	(void)state;
	struct rmi_descriptors d;
	assert_int_equal(rmi_descriptors_open(&d, rmi_descriptor_set, rmi_descriptor_set_len), RME_OK);
	expect_symbol(&d, "remotemedia.execution.RemoteExecutionService", "execution.proto");
	expect_symbol(&d, "remotemedia.execution.RemoteExecutionService.StreamNode", "execution.proto");
	expect_symbol(&d, "remotemedia.execution.StreamControl.ControlType", "execution.proto");
	expect_symbol(&d, "remotemedia.execution.ExecutionStatus", "types.proto");
	expect_symbol(&d, "remotemedia.execution.NodeInfo", "types.proto");
	expect_symbol(&d, "rme.v1.Rme", "rme/v1/rme.proto");
	expect_symbol(&d, "grpc.health.v1.Health", "grpc/health/v1/health.proto");
	expect_symbol(&d, "grpc.reflection.v1alpha.ServerReflection", "grpc/reflection/v1alpha/reflection.proto");
	expect_symbol(&d, "remotemedia.execution.Absent", NULL);
	expect_symbol(&d, "remotemedia.execution.NodeInf", NULL);
	expect_symbol(&d, "remotemedia.execution.NodeInfoX", NULL);
	expect_symbol(&d, "remotemedia.execution", NULL);
	expect_symbol(&d, "remotemedia.execution.", NULL);
	expect_symbol(&d, "", NULL);
	expect_symbol(&d, "NodeInfo", NULL);
}

static void
test_imports(void **state)
{
	(void)state;
	struct rmi_descriptors d;
	assert_int_equal(rmi_descriptors_open(&d, rmi_descriptor_set, rmi_descriptor_set_len), RME_OK);
	int execution = rmi_descriptors_file(&d, name("execution.proto"));
	int types = rmi_descriptors_file(&d, name("types.proto"));
	assert_int_equal(d.imports[execution], 1u << types);
	assert_int_equal(d.imports[types], 0);
	assert_int_equal(rmi_descriptors_file(&d, name("absent.proto")), -1);
}

static bool
count_service(void *ctx, struct rmi_name service)
{
	static const char *const known[] = {"remotemedia.execution.RemoteExecutionService", "rme.v1.Rme",
	    "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (service.len == strlen(known[i]) && memcmp(service.text, known[i], service.len) == 0) {
			*(unsigned *)ctx |= 1u << i;
			return true;
		}
	}
	fail_msg("unexpected service %.*s", (int)service.len, service.text);
	return false;
}

static void
test_services(void **state)
{
	(void)state;
	struct rmi_descriptors d;
	unsigned seen = 0;
	assert_int_equal(rmi_descriptors_open(&d, rmi_descriptor_set, rmi_descriptor_set_len), RME_OK);
	rmi_descriptors_services(&d, count_service, &seen);
	assert_int_equal(seen, 0x1f);
}

/* Cut off anywhere, the set is refused or smaller, and nothing is read past its end (the sanitizer watches). */
static void
test_truncated(void **state)
{
	(void)state;
	for (size_t len = 0; len < rmi_descriptor_set_len; len += 37) {
		unsigned char *copy = malloc(len + 1);
		struct rmi_descriptors d;
		assert_non_null(copy);
		memcpy(copy, rmi_descriptor_set, len);
		enum rme_err e = rmi_descriptors_open(&d, copy, len);
		assert_true(e == RME_OK || e == RME_EPROTO);
		expect_symbol(&d, "remotemedia.execution.Absent", NULL);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_symbols), cmocka_unit_test(test_imports),
	    cmocka_unit_test(test_services), cmocka_unit_test(test_truncated)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
