#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "wasm/import_list.h"

static struct rmi_wname
name_of(const char *text)
{
	return (struct rmi_wname){text, (uint32_t)strlen(text)};
}

static void
every_entry_is_found_once_and_is_well_formed(void **state)
{
	(void)state;
	size_t n;
	const struct rmi_import *list = rmi_import_list(&n);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(rmi_import_find(name_of(list[i].module), name_of(list[i].name)), &list[i]);
		size_t params = strcspn(list[i].type, ":");
		assert_true(params <= 9 && list[i].type[params] == ':');
		assert_int_equal(strspn(list[i].type, "iIfF:"), strlen(list[i].type));
		assert_true(strlen(list[i].type) - params <= 2);
	}
}

static void
there_are_no_sockets_to_open_and_no_threads(void **state)
{
	(void)state;
	assert_null(rmi_import_find(name_of("wasi_snapshot_preview1"), name_of("sock_open")));
	assert_null(rmi_import_find(name_of("wasi_snapshot_preview1"), name_of("sock_connect")));
	assert_null(rmi_import_find(name_of("wasi"), name_of("thread-spawn")));
	assert_null(rmi_import_find(name_of("env"), name_of("")));
	assert_null(rmi_import_find(name_of("wasmedge_process"), name_of("wasmedge_process_run")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_entry_is_found_once_and_is_well_formed),
	    cmocka_unit_test(there_are_no_sockets_to_open_and_no_threads),
	};
	return cmocka_run_group_tests_name("import_list", tests, NULL, NULL);
}
