/* The host library as an addon of Node.js: each function of the table without arguments, but for start(path). */
#include <node_api.h>
#include <stdint.h>

#include "host_library.h"

enum { PATH_BYTES = 1024 };

static napi_value
give_number(napi_env env, int n)
{
	napi_value v = NULL;
	if (n < 0) {
		(void)napi_throw_error(env, NULL, wh_error());
	} else {
		(void)napi_create_int32(env, n, &v);
	}
	return v;
}

static napi_value
start(napi_env env, napi_callback_info info)
{
	napi_value arg;
	size_t n = 1;
	char path[PATH_BYTES] = "";
	if (napi_get_cb_info(env, info, &n, &arg, NULL, NULL) != napi_ok ||
	    napi_get_value_string_utf8(env, arg, path, sizeof(path), NULL) != napi_ok) {
		(void)napi_throw_type_error(env, NULL, "start(path)");
		return NULL;
	}
	return give_number(env, wh_start(path));
}

static const struct function {
	const char *name;
	int (*call)(void);
} functions[] = {
    {"stop", wh_stop},
    {"echo", wh_echo},
    {"trap", wh_trap},
    {"loop", wh_loop},
    {"fault", wh_fault},
    {"hasHandler", wh_has_handler},
};

static napi_value
call(napi_env env, napi_callback_info info)
{
	void *index;
	(void)napi_get_cb_info(env, info, NULL, NULL, NULL, &index);
	return give_number(env, functions[(uintptr_t)index].call());
}

static napi_value
guard(napi_env env, napi_callback_info info)
{
	(void)info;
	napi_value v = NULL;
	(void)napi_create_string_utf8(env, wh_guard(), NAPI_AUTO_LENGTH, &v);
	return v;
}

static void
add(napi_env env, napi_value exports, const char *name, napi_callback fn, uintptr_t index)
{
	napi_value f;
	if (napi_create_function(env, name, NAPI_AUTO_LENGTH, fn, (void *)index, &f) == napi_ok) {
		(void)napi_set_named_property(env, exports, name, f);
	}
}

NAPI_MODULE_INIT()
{
	add(env, exports, "start", start, 0);
	add(env, exports, "guard", guard, 0);
	for (uintptr_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		add(env, exports, functions[i].name, call, i);
	}
	return exports;
}
