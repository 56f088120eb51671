#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "node_fixture.h"
#include "nodes/catalog.h"

/* Part of the answer to an operation with these arguments. */
static void
expect(struct node_fixture *f, const char *operation, const char *args, const char *part)
{
	char request[512];
	(void)snprintf(request, sizeof(request), "{\"operation\":\"%s\",\"args\":%s}", operation, args);
	harness_clear(&f->h);
	assert_int_equal(node_text(f, RME_MEDIA_JSON, request), RME_OK);
	if (strstr(node_result(f, 0), part) == NULL) {
		fail_msg("%s %s: %s, expected %s", operation, args, node_result(f, 0), part);
	}
}

static void
calculates(void **state)
{
	(void)state;
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_calculator_type, NULL, NULL), RME_OK);
	expect(&f, "add", "[2,3,9]",
	    "{\"operation\":\"add\",\"args\":[2,3,9],\"result\":5,\"processed_by\":\"CalculatorNode[CalculatorNode]\","
	    "\"node_config\":{}}");
	expect(&f, "add", "[0.5,1]", "\"result\":1.5,");
	expect(&f, "subtract", "[2,5]", "\"result\":-3,");
	expect(&f, "multiply", "[-4,5]", "\"result\":-20,");
	expect(&f, "divide", "[7,2]", "\"result\":3.5,");
	expect(&f, "divide", "[6,2]", "\"result\":3.0,");
	expect(&f, "power", "[2,10]", "\"result\":1024,");
	expect(&f, "power", "[2,-1]", "\"result\":0.5,");
	expect(&f, "power", "[-1,1000000000001]", "\"result\":-1,");
	expect(&f, "power", "[7,0]", "\"result\":1,");
	expect(&f, "modulo", "[-7,3]", "\"result\":2,");
	expect(&f, "modulo", "[7,-3]", "\"result\":-2,");
	expect(&f, "modulo", "[7.5,-2]", "\"result\":-0.5,");
	expect(&f, "modulo", "[-9223372036854775808,-1]", "\"result\":0,");
	expect(&f, "add", "[9223372036854775807,1]", "\"result\":922337203685477");
	expect(&f, "multiply", "[9223372036854775807,2]", "\"result\":1844674407370955");
	expect(&f, "add", "[18446744073709551615,1]", "\"result\":1844674407370955");
	node_close(&f);
}

static void
says_what_is_wrong(void **state)
{
	(void)state;
	struct node_fixture f;
	assert_int_equal(node_open(&f, &rmi_calculator_type, NULL, NULL), RME_OK);
	expect(&f, "divide", "[1,0]",
	    "{\"error\":\"Division by zero\",\"operation\":\"divide\",\"args\":[1,0],\"processed_by\":"
	    "\"CalculatorNode[CalculatorNode]\"}");
	expect(&f, "modulo", "[1,0.0]", "\"error\":\"Modulo by zero\"");
	expect(&f, "add", "[1]", "\"error\":\"Operation 'add' requires at least 2 arguments\"");
	expect(&f, "add", "5", "\"error\":\"Operation 'add' requires at least 2 arguments\"");
	expect(&f, "add", "[1,\"2\"]", "\"error\":\"Operation 'add' takes numbers\"");
	expect(&f, "root", "[1,2]", "\"error\":\"Unknown operation: root\"");
	expect(&f, "power", "[1e300,2]", "\"error\":\"The result of 'power' is no number\"");
	expect(&f, "power", "[-1,0.5]", "\"error\":\"The result of 'power' is no number\"");
	harness_clear(&f.h);
	assert_int_equal(node_text(&f, RME_MEDIA_JSON, "[1]"), RME_OK);
	assert_memory_equal(node_result(&f, 0), "{\"error\":\"Input must be a dictionary\",\"input\":[1],", 50);
	assert_int_equal(node_text(&f, RME_MEDIA_JSON, "{\"args\":[]}"), RME_OK);
	assert_memory_equal(node_result(&f, 1), "{\"error\":\"Input must contain 'operation' and 'args' keys\"", 57);
	assert_int_equal(node_text(&f, RME_MEDIA_TEXT, "1+1"), RME_EFORMAT);
	node_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(calculates),
	    cmocka_unit_test(says_what_is_wrong),
	};
	return cmocka_run_group_tests_name("calculator", tests, NULL, NULL);
}
