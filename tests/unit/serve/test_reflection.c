/* Reading protobuf with a limit, and the answers of reflection. */
#include "serve/pb.h"
#include "serve/reflection.h"

#include "execution.pb-c.h"
#include "reflection.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const Grpc__Reflection__V1__ServerReflectionResponse *
ask(struct rmi_pb_arena *a, const void *request, size_t n)
{
	static struct rmi_descriptors d;
	ProtobufCMessage *m = NULL;
	assert_int_equal(rmi_descriptors_open(&d, rmi_descriptor_set, rmi_descriptor_set_len), RME_OK);
	struct rmi_buf *in = rmi_buf_copy(request, n);
	assert_non_null(in);
	struct rmi_buf *out = rmi_reflection_answer(&d, in);
	assert_non_null(out);
	assert_int_equal(
	    rmi_pb_read(a, &grpc__reflection__v1__server_reflection_response__descriptor, out, &m), RME_OK);
	rmi_buf_unref(in);
	rmi_buf_unref(out);
	return (const Grpc__Reflection__V1__ServerReflectionResponse *)m;
}

static void
test_answers(void **state)
{
	(void)state;
	struct rmi_pb_arena a = {0};
	const Grpc__Reflection__V1__ServerReflectionResponse *r = ask(&a, "\x0a\x01h\x3a\x00", 5);
	assert_string_equal(r->valid_host, "h");
	assert_int_equal(r->list_services_response->n_service, 5);
	rmi_pb_done(&a);
	r = ask(&a, "\x22\x0crme.v1.Frame", 14);
	assert_int_equal(r->file_descriptor_response->n_file_descriptor_proto, 1);
	rmi_pb_done(&a);
	r = ask(&a,
	    "\x1a\x0f"
	    "execution.proto",
	    17);
	assert_int_equal(r->file_descriptor_response->n_file_descriptor_proto, 2);
	rmi_pb_done(&a);
	r = ask(&a, "\x1a\x01x", 3);
	assert_int_equal(r->error_response->error_code, RMI_STATUS_NOT_FOUND);
	rmi_pb_done(&a);
	r = ask(&a, "", 0);
	assert_int_equal(r->error_response->error_code, RMI_STATUS_INVALID_ARGUMENT);
	rmi_pb_done(&a);
}

static enum rme_err
read_request(const void *bytes, size_t n)
{
	struct rmi_pb_arena a = {0};
	ProtobufCMessage *m = NULL;
	struct rmi_buf *b = rmi_buf_copy(bytes, n);
	assert_non_null(b);
	enum rme_err e = rmi_pb_read(&a, &remotemedia__execution__execute_node_request__descriptor, b, &m);
	assert_true(e == RME_OK || m == NULL);
	rmi_pb_done(&a);
	assert_null(a.chunks);
	rmi_buf_unref(b);
	return e;
}

static void
test_reading_is_bounded(void **state)
{
	(void)state;
	enum { ENTRIES = 100000 };
	assert_int_equal(read_request("", 0), RME_OK);
	assert_int_equal(read_request("\x0a\x04Pass", 6), RME_OK);
	assert_int_equal(read_request("\x0a\x05Pass", 6), RME_EPROTO);
	char *many = malloc(2 * ENTRIES);
	assert_non_null(many);
	for (int i = 0; i < ENTRIES; i++) {
		memcpy(many + 2 * (size_t)i, "\x12\x00", 2); /* an entry of the config map: two bytes become a struct */
	}
	assert_int_equal(read_request(many, 64), RME_OK);
	assert_int_equal(read_request(many, 2 * ENTRIES), RME_EPROTO);
	free(many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers), cmocka_unit_test(test_reading_is_bounded)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
