#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "wasm/admission.h"
#include "wasm/import_list.h"
#include "wasm/module_limits.h"
#include "wasm_bytes.h"

/* A module as the interface wants it, with knobs for what can be wrong. Zero = right. */
struct recipe {
	const char *import_module, *import_name;
	uint8_t import_kind;
	uint32_t import_type;
	const char *without; /* export that is left out */
	const char *extra;   /* function export of type () -> i32 */
	const char *custom;  /* custom section in front */
	bool windows, start, two_memories, hide_memory;
	uint32_t memory_min, memory_max;
	uint8_t memory_flags;
	uint32_t table_min, table_max;
	uint32_t locals, local_groups;
	uint32_t body_bytes, n_bodies_missing;
	uint32_t elements;
};

enum { TYPE_PROCESS, TYPE_INITIALIZE, TYPE_CLEANUP, TYPE_FREE, TYPE_CALL_REMOTE, TYPE_COUNT };

static struct wasm_bytes whole, part;
static struct rme_error err;

static void
begin(void)
{
	part.n = 0;
}

static void
end(uint8_t id)
{
	put_section(&whole, id, &part);
}

static void
put_types(void)
{
	begin();
	put_u32(&part, TYPE_COUNT);
	put(&part, "\x60\x04\x7f\x7f\x7f\x7f\x01\x7f", 8);
	put(&part, "\x60\x01\x7f\x01\x7f", 5);
	put(&part, "\x60\x00\x01\x7f", 4);
	put(&part, "\x60\x01\x7f\x00", 4);
	put(&part, "\x60\x06\x7f\x7f\x7f\x7f\x7f\x7f\x01\x7f", 10);
	end(1);
}

static void
put_imports(const struct recipe *k)
{
	if (k->import_name == NULL) {
		return;
	}
	begin();
	put_u32(&part, 1);
	put_name(&part, k->import_module);
	put_name(&part, k->import_name);
	put_u32(&part, k->import_kind);
	put_u32(&part, k->import_type);
	end(2);
}

static const uint32_t function_types[] = {TYPE_PROCESS, TYPE_INITIALIZE, TYPE_CLEANUP, TYPE_INITIALIZE, TYPE_FREE};
enum { N_FUNCTIONS = 5 };

static void
put_table(const struct recipe *k)
{
	begin();
	put_u32(&part, 1);
	put(&part, k->table_max > 0 ? "\x70\x01" : "\x70\x00", 2);
	put_u32(&part, k->table_min);
	if (k->table_max > 0) {
		put_u32(&part, k->table_max);
	}
	end(4);
}

static void
put_memory(const struct recipe *k)
{
	begin();
	put_u32(&part, k->two_memories ? 2 : 1);
	for (int i = 0; i < (k->two_memories ? 2 : 1); i++) {
		uint8_t flags = (uint8_t)(k->memory_flags | (k->memory_max > 0 ? 1 : 0));
		put(&part, &flags, 1);
		put_u32(&part, k->memory_min > 0 ? k->memory_min : 2);
		if (k->memory_max > 0) {
			put_u32(&part, k->memory_max);
		}
	}
	end(5);
}

static void
put_globals(const struct recipe *k)
{
	begin();
	put_u32(&part, k->windows ? 4 : 0);
	for (uint32_t i = 0; i < (k->windows ? 4u : 0); i++) {
		put(&part, "\x7f\x00\x41", 3);
		put_u32(&part, 16 + i); /* small enough to be the same signed */
		put(&part, "\x0b", 1);
	}
	end(6);
}

static void
put_exports(const struct recipe *k)
{
	static const char *const names[N_FUNCTIONS] = {"process", "initialize", "cleanup", "malloc", "free"};
	static const char *const globals[4] = {"rme_in", "rme_in_size", "rme_out", "rme_out_size"};
	struct wasm_bytes *list = malloc(sizeof(*list));
	assert_non_null(list);
	uint32_t n = 0;
	uint32_t imports = k->import_name != NULL && k->import_kind == 0;
	list->n = 0;
	for (uint32_t i = 0; i < N_FUNCTIONS; i++) {
		if (k->without == NULL || strcmp(names[i], k->without) != 0) {
			put_name(list, names[i]);
			put(list, "\x00", 1);
			put_u32(list, imports + i);
			n++;
		}
	}
	if (k->extra != NULL) {
		put_name(list, k->extra);
		put(list, "\x00", 1);
		put_u32(list, imports + 2);
		n++;
	}
	for (uint32_t i = 0; k->windows && i < 4; i++, n++) {
		put_name(list, globals[i]);
		put(list, "\x03", 1);
		put_u32(list, i);
	}
	put_name(list, k->hide_memory ? "mem" : "memory");
	put(list, "\x02\x00", 2);
	begin();
	put_u32(&part, n + 1);
	put(&part, list->p, list->n);
	end(7);
	free(list);
}

static void
put_elements(const struct recipe *k)
{
	begin();
	put_u32(&part, 1);
	put(&part, "\x00\x41\x00\x0b", 4); /* active, table 0, offset 0 */
	put_u32(&part, k->elements);
	for (uint32_t i = 0; i < k->elements; i++) {
		put_u32(&part, 0);
	}
	end(9);
}

static void
put_bodies(const struct recipe *k)
{
	begin();
	put_u32(&part, N_FUNCTIONS - k->n_bodies_missing);
	for (uint32_t i = 0; i < N_FUNCTIONS - k->n_bodies_missing; i++) {
		uint32_t groups = k->local_groups > 0 ? k->local_groups : (k->locals > 0 ? 1 : 0);
		struct wasm_bytes *body = malloc(sizeof(*body));
		assert_non_null(body);
		body->n = 0;
		put_u32(body, groups);
		for (uint32_t g = 0; g < groups; g++) {
			put_u32(body, k->locals);
			put(body, "\x7f", 1);
		}
		while (body->n + 2 < k->body_bytes) {
			put(body, "\x01", 1); /* nop */
		}
		put(body, "\x00\x0b", 2); /* unreachable end */
		put_u32(&part, (uint32_t)body->n);
		if (part.n + body->n < sizeof(part.p)) {
			put(&part, body->p, body->n);
		}
		free(body);
		if (k->body_bytes > 0) {
			break; /* one of them is enough to be refused */
		}
	}
	end(10);
}

static void
cook(const struct recipe *k)
{
	put_header(&whole);
	if (k->custom != NULL) {
		begin();
		put_name(&part, k->custom);
		put(&part, "native code", 11);
		end(0);
	}
	put_types();
	put_imports(k);
	begin();
	put_u32(&part, N_FUNCTIONS);
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		put_u32(&part, function_types[i]);
	}
	end(3);
	put_table(k);
	put_memory(k);
	put_globals(k);
	put_exports(k);
	if (k->start) {
		begin();
		put_u32(&part, 0);
		end(8);
	}
	put_elements(k);
	put_bodies(k);
	if (k->custom != NULL) {
		begin();
		put_name(&part, k->custom);
		end(0);
	}
}

static enum rme_err
admit_bytes(struct rmi_admitted *out)
{
	const struct rmi_admission_policy policy = {.memory_pages_max = 64};
	memset(out, 0, sizeof(*out));
	/* a copy of the exact length, so that a sanitizer sees reads past the end */
	uint8_t *copy = malloc(whole.n);
	assert_non_null(copy);
	memcpy(copy, whole.p, whole.n);
	enum rme_err e = rmi_admit(out, copy, whole.n, &policy, &err);
	free(copy);
	return e;
}

static void
assert_admitted(const struct recipe *k, struct rmi_admitted *out)
{
	cook(k);
	enum rme_err e = admit_bytes(out);
	if (e != RME_OK) {
		fail_msg("%s: %s", rme_err_name(e), err.text);
	}
}

static void
assert_refused(const struct recipe *k, enum rme_err code, const char *text)
{
	struct rmi_admitted out;
	cook(k);
	assert_int_equal(admit_bytes(&out), code);
	assert_null(out.wasm);
	if (strstr(err.text, text) == NULL) {
		fail_msg("\"%s\" does not say \"%s\"", err.text, text);
	}
}

static bool
contains(const struct rmi_admitted *a, const void *bytes, size_t len)
{
	return memmem(a->wasm, a->len, bytes, len) != NULL;
}

static void
plain_module_is_admitted(void **state)
{
	(void)state;
	struct rmi_admitted a;
	assert_admitted(&(struct recipe){0}, &a);
	assert_int_equal(a.summary.n_functions, N_FUNCTIONS);
	assert_int_equal(a.summary.alloc, RMI_ALLOC_MALLOC);
	assert_true(rmi_module_exports(&a.summary, RMI_EXPORT_PROCESS));
	assert_false(rmi_module_exports(&a.summary, RMI_EXPORT_NEXT));
	assert_int_equal(a.summary.memory_pages_min, 2);
	uint8_t hash[RMI_SHA256_BYTES];
	rmi_sha256_of(a.wasm, a.len, hash);
	assert_memory_equal(a.sha256, hash, sizeof(hash));
	rmi_admitted_done(&a);
}

static void
what_comes_out_is_admitted_again_unchanged(void **state)
{
	(void)state;
	struct rmi_admitted a, b;
	assert_admitted(&(struct recipe){.custom = "name", .table_min = 3}, &a);
	memcpy(whole.p, a.wasm, a.len);
	whole.n = a.len;
	assert_int_equal(admit_bytes(&b), RME_OK);
	assert_int_equal(b.len, a.len);
	assert_memory_equal(b.wasm, a.wasm, a.len);
	rmi_admitted_done(&a);
	rmi_admitted_done(&b);
}

static void
custom_sections_are_dropped(void **state)
{
	(void)state;
	struct rmi_admitted a;
	assert_admitted(&(struct recipe){.custom = "wasmedge"}, &a);
	assert_false(contains(&a, "wasmedge", 8));
	assert_false(contains(&a, "native code", 11));
	assert_true(a.summary.dropped_bytes > 0);
	rmi_admitted_done(&a);
}

static void
maxima_are_set_to_the_policy(void **state)
{
	(void)state;
	struct rmi_admitted a;
	assert_admitted(&(struct recipe){.table_min = 5}, &a);
	assert_true(contains(&a, "\x05\x04\x01\x01\x02\x40", 6));             /* memory: 2..64 pages */
	assert_true(contains(&a, "\x04\x07\x01\x70\x01\x05\x80\x80\x04", 9)); /* table: 5..65536 */
	assert_int_equal(a.summary.memory_pages_max, 64);
	rmi_admitted_done(&a);
	assert_admitted(&(struct recipe){.memory_max = 65536, .table_max = UINT32_MAX}, &a);
	assert_true(contains(&a, "\x05\x04\x01\x01\x02\x40", 6));
	assert_true(contains(&a, "\x04\x07\x01\x70\x01\x00\x80\x80\x04", 9));
	rmi_admitted_done(&a);
	assert_admitted(&(struct recipe){.memory_max = 7}, &a);
	assert_int_equal(a.summary.memory_pages_max, 7);
	assert_true(contains(&a, "\x05\x04\x01\x01\x02\x07", 6));
	rmi_admitted_done(&a);
}

static void
bombs_are_refused(void **state)
{
	(void)state;
	assert_refused(&(struct recipe){.memory_min = 65}, RME_ELIMIT, "raise limits.memory");
	assert_refused(&(struct recipe){.memory_min = UINT32_MAX}, RME_ELIMIT, "memory section");
	assert_refused(&(struct recipe){.table_min = UINT32_MAX}, RME_ELIMIT, "a table of 4294967295 entries");
	assert_refused(&(struct recipe){.locals = 50000000}, RME_ELIMIT, "50000000 locals");
	assert_refused(&(struct recipe){.locals = UINT32_MAX, .local_groups = 4000}, RME_ELIMIT, "locals");
	assert_refused(&(struct recipe){.local_groups = 4097}, RME_ELIMIT, "groups of locals");
	assert_refused(&(struct recipe){.body_bytes = (256 << 10) + 1}, RME_ELIMIT, "split it");
	assert_refused(&(struct recipe){.elements = 131073}, RME_ELIMIT, "table elements");
}

static void
features_that_are_off_are_refused(void **state)
{
	(void)state;
	assert_refused(&(struct recipe){.memory_flags = 2}, RME_EUNSUPPORTED, "shared or 64-bit");
	assert_refused(&(struct recipe){.memory_flags = 4}, RME_EUNSUPPORTED, "shared or 64-bit");
	assert_refused(&(struct recipe){.two_memories = true}, RME_EUNSUPPORTED, "2 memories");
	assert_refused(&(struct recipe){.start = true}, RME_EMODULE, "export _initialize instead");
}

static void
imports_must_be_on_the_list(void **state)
{
	(void)state;
	struct rmi_admitted a;
	assert_admitted(
	    &(struct recipe){
	        .import_module = "env", .import_name = "call_remote_service", .import_type = TYPE_CALL_REMOTE},
	    &a);
	assert_int_equal(a.summary.imports, 1u << RMI_IMPORT_CALL_REMOTE_SERVICE);
	rmi_admitted_done(&a);
	assert_refused(&(struct recipe){.import_module = "env", .import_name = "system", .import_type = TYPE_FREE},
	    RME_EMODULE, "no function env.system");
	assert_refused(
	    &(struct recipe){
	        .import_module = "wasi_snapshot_preview1", .import_name = "sock_open", .import_type = TYPE_PROCESS},
	    RME_EMODULE, "sock_open");
	assert_refused(
	    &(struct recipe){.import_module = "env", .import_name = "call_remote_service", .import_type = TYPE_PROCESS},
	    RME_EMODULE, "as (i32 i32 i32 i32)->i32, the host has (i32 i32 i32 i32 i32 i32)->i32");
	assert_refused(&(struct recipe){.import_module = "env", .import_name = "memory", .import_kind = 2}, RME_EMODULE,
	    "imports memory env.memory");
	assert_refused(&(struct recipe){.import_module = "env", .import_name = "rme_error", .import_type = 77},
	    RME_EMODULE, "type 77 does not exist");
}

static void
the_interface_is_checked(void **state)
{
	(void)state;
	assert_refused(&(struct recipe){.without = "process"}, RME_EMODULE, "process (i32 i32 i32 i32)->i32");
	assert_refused(&(struct recipe){.without = "initialize"}, RME_EMODULE, "no function initialize (i32)->i32");
	assert_refused(&(struct recipe){.without = "cleanup"}, RME_EMODULE, "cleanup ()->i32");
	assert_refused(&(struct recipe){.without = "free"}, RME_EMODULE, "no allocator");
	assert_refused(&(struct recipe){.hide_memory = true}, RME_EMODULE, "export it as \"memory\"");
	assert_refused(
	    &(struct recipe){.extra = "next"}, RME_EMODULE, "exports next as ()->i32, it must be (i32 i32)->i32");
	assert_refused(&(struct recipe){.extra = "_initialize"}, RME_EMODULE, "it must be ()->()");
	assert_refused(&(struct recipe){.n_bodies_missing = 1}, RME_EMODULE, "5 functions are declared, 4 have a body");
}

static void
windows_stand_in_for_an_allocator(void **state)
{
	(void)state;
	struct rmi_admitted a;
	assert_admitted(&(struct recipe){.without = "malloc", .windows = true}, &a);
	assert_int_equal(a.summary.alloc, RMI_ALLOC_WINDOWS);
	assert_int_equal(a.summary.in.address, 16);
	assert_int_equal(a.summary.in.size_address, 17);
	assert_int_equal(a.summary.out.address, 18);
	assert_int_equal(a.summary.out.size_address, 19);
	rmi_admitted_done(&a);
}

static void
another_function_name_is_looked_for(void **state)
{
	(void)state;
	const struct rmi_admission_policy policy = {.memory_pages_max = 64, .function_name = "detect"};
	struct rmi_admitted a = {0};
	cook(&(struct recipe){0});
	assert_int_equal(rmi_admit(&a, whole.p, whole.n, &policy, &err), RME_EMODULE);
	assert_non_null(strstr(err.text, "no function detect"));
}

static void
every_truncation_and_every_flipped_byte_is_survived(void **state)
{
	(void)state;
	struct rmi_admitted a;
	cook(&(struct recipe){.custom = "name", .windows = true, .elements = 3, .locals = 2});
	size_t n = whole.n;
	for (whole.n = 0; whole.n < n; whole.n++) {
		enum rme_err e = admit_bytes(&a);
		/* the last section is a custom one: without it the module is whole */
		if (e == RME_OK) {
			assert_true(whole.n >= n - 7);
			rmi_admitted_done(&a);
		}
	}
	for (size_t at = 0; at < n; at++) {
		for (int bit = 0; bit < 8; bit++) {
			whole.p[at] ^= (uint8_t)(1 << bit);
			if (admit_bytes(&a) == RME_OK) {
				rmi_admitted_done(&a);
			}
			whole.p[at] ^= (uint8_t)(1 << bit);
		}
	}
}

static void
other_files_are_named(void **state)
{
	(void)state;
	struct rmi_admitted a;
	whole.n = 0;
	put(&whole,
	    "\x7f"
	    "ELF\2\1\1\0",
	    8);
	assert_int_equal(admit_bytes(&a), RME_EMODULE);
	assert_non_null(strstr(err.text, "not a WebAssembly file"));
	whole.n = 0;
	put(&whole, "\0asm\x0d\0\1\0", 8);
	assert_int_equal(admit_bytes(&a), RME_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "component"));
	put_header(&whole);
	assert_int_equal(admit_bytes(&a), RME_EMODULE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_module_is_admitted),
	    cmocka_unit_test(what_comes_out_is_admitted_again_unchanged),
	    cmocka_unit_test(custom_sections_are_dropped),
	    cmocka_unit_test(maxima_are_set_to_the_policy),
	    cmocka_unit_test(bombs_are_refused),
	    cmocka_unit_test(features_that_are_off_are_refused),
	    cmocka_unit_test(imports_must_be_on_the_list),
	    cmocka_unit_test(the_interface_is_checked),
	    cmocka_unit_test(windows_stand_in_for_an_allocator),
	    cmocka_unit_test(another_function_name_is_looked_for),
	    cmocka_unit_test(every_truncation_and_every_flipped_byte_is_survived),
	    cmocka_unit_test(other_files_are_named),
	};
	return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
