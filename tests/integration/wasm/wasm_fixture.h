#ifndef TEST_WASM_FIXTURE_H
#define TEST_WASM_FIXTURE_H

/** @file What the tests of modules share: a cache folder of their own, an engine, modules by name, readable failures. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/module.h"

/** Of the test under way. */
extern struct rme_error fixture_err;
extern struct rmi_wasm_engine *fixture_engine;
/** Lines that the log got, joined by end of line. */
extern char fixture_log[16384];

/** Group setup and teardown: a runtime and an engine over an empty cache folder. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/** The folder of the cache. */
const char *fixture_cache_dir(void);
/** Remove a folder and its files. */
void fixture_remove_folder(const char *path);
struct rme_runtime *fixture_runtime(void);

/** Where modules run in this test: as RME_TEST_ISOLATION says, else in this process. */
enum rme_isolation fixture_isolation(void);

/** Path of a test module; valid until the next call. */
const char *fixture_path(const char *name);
/** Open a test module with these limits (0 = default). */
struct rmi_wasm_module *fixture_open_limited(const char *name, struct rme_module_limits limits);
struct rmi_wasm_module *fixture_open(const char *name);
/** An instance of it that is bound to the session. */
struct rmi_wasm_instance *fixture_instance(struct rmi_wasm_module *m, const struct rmi_guest_env *env);

/** Process text, expect success, and compare the output. */
void fixture_expect(struct rmi_wasm_instance *in, const char *data, const char *output);
/** Process text, expect an error with this code and text. */
void fixture_expect_error(struct rmi_wasm_instance *in, const char *data, enum rme_err code, const char *text);
/** Expect fixture_err to be this. */
void fixture_assert_error(enum rme_err got, enum rme_err code, const char *text);

#endif
