/*
 * stock FOLDER FAST_VAD SENTENCE [CACHE] - WasmEdge by its C API as its documentation shows: compile ahead of time, load,
 * validate, instantiate, invoke. One thread, which is all that it can take without the guard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wasmedge/wasmedge.h>

#include "side.h"

enum { PATH_BYTES = 512, IDLE = 500, TRAPS = 40, MADE = 200, RESULT_BYTES = 4096, RESULT_AT = 16 };

static const char *const names[] = {"probe", "fir_scalar", "fir", "fir_simd", "fast_vad"};
enum { PROBE, FIR_SCALAR, FIR, FIR_SIMD, FAST_VAD, MODULES };

struct guest {
	WasmEdge_ModuleInstanceContext *instance;
	const WasmEdge_FunctionInstanceContext *process;
	uint8_t *memory;
	uint32_t in, out;
};

static WasmEdge_ConfigureContext *conf;
static WasmEdge_ExecutorContext *executor;
static WasmEdge_StoreContext *store;
static WasmEdge_ASTModuleContext *asts[MODULES];
static struct guest guests[MODULES];
static struct side_audio audio;
static char folder_of_code[] = "/tmp/rme-bench-stock.XXXXXX";

static WasmEdge_String
string_of(const char *s)
{
	return (WasmEdge_String){.Length = (uint32_t)strlen(s), .Buf = s};
}

static WasmEdge_Result
host_error(void *data, const WasmEdge_CallingFrameContext *frame, const WasmEdge_Value *params, WasmEdge_Value *results)
{
	(void)data;
	(void)frame;
	(void)params;
	(void)results;
	side_fail("stock: the module reports an error");
}

static WasmEdge_Result
host_now(void *data, const WasmEdge_CallingFrameContext *frame, const WasmEdge_Value *params, WasmEdge_Value *results)
{
	(void)data;
	(void)frame;
	(void)params;
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	results[0] = WasmEdge_ValueGenI64((int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
	return WasmEdge_Result_Success;
}

static void
check(WasmEdge_Result r, const char *what)
{
	if (!WasmEdge_ResultOK(r)) {
		side_fail("stock: %s: %s", what, WasmEdge_ResultGetMessage(r));
	}
}

static void
register_host(void)
{
	WasmEdge_ModuleInstanceContext *module = WasmEdge_ModuleInstanceCreate(string_of("env"));
	const WasmEdge_ValType text[] = {WasmEdge_ValTypeGenI32(), WasmEdge_ValTypeGenI32()};
	const WasmEdge_ValType time[] = {WasmEdge_ValTypeGenI64()};
	WasmEdge_FunctionTypeContext *error_type = WasmEdge_FunctionTypeCreate(text, 2, NULL, 0);
	WasmEdge_FunctionTypeContext *now_type = WasmEdge_FunctionTypeCreate(NULL, 0, time, 1);
	WasmEdge_ModuleInstanceAddFunction(
	    module, string_of("rme_error"), WasmEdge_FunctionInstanceCreate(error_type, host_error, NULL, 0));
	WasmEdge_ModuleInstanceAddFunction(
	    module, string_of("rme_now_ns"), WasmEdge_FunctionInstanceCreate(now_type, host_now, NULL, 0));
	check(WasmEdge_ExecutorRegisterImport(executor, store, module), "host functions");
}

static uint32_t
call(const struct guest *g, const char *name, const uint32_t *args, uint32_t n)
{
	WasmEdge_Value in[4], out[1];
	for (uint32_t i = 0; i < n; i++) {
		in[i] = WasmEdge_ValueGenI32((int32_t)args[i]);
	}
	const WasmEdge_FunctionInstanceContext *f = WasmEdge_ModuleInstanceFindFunction(g->instance, string_of(name));
	check(WasmEdge_ExecutorInvoke(executor, f, in, n, out, 1), name);
	return (uint32_t)WasmEdge_ValueGetI32(out[0]);
}

static struct guest
open_guest(int which)
{
	struct guest g = {.instance = NULL};
	const uint32_t in_bytes = SIDE_FRAME * sizeof(float), out_bytes = RESULT_BYTES, none = 0;
	check(WasmEdge_ExecutorInstantiate(executor, &g.instance, store, asts[which]), names[which]);
	g.process = WasmEdge_ModuleInstanceFindFunction(g.instance, string_of("process"));
	WasmEdge_MemoryInstanceContext *memory = WasmEdge_ModuleInstanceFindMemory(g.instance, string_of("memory"));
	g.memory = WasmEdge_MemoryInstanceGetPointer(memory, 0, 1);
	g.in = call(&g, "rme_alloc", &in_bytes, 1);
	g.out = call(&g, "rme_alloc", &out_bytes, 1);
	g.memory[g.in] = 0;
	(void)call(&g, "initialize", &none, 1);
	return g;
}

static WasmEdge_Result
process(const struct guest *g, const void *data, uint32_t len)
{
	const uint32_t room = RESULT_BYTES - RESULT_AT;
	WasmEdge_Value out[1],
	    args[4] = {WasmEdge_ValueGenI32((int32_t)g->in), WasmEdge_ValueGenI32((int32_t)len),
	        WasmEdge_ValueGenI32((int32_t)(g->out + RESULT_AT)), WasmEdge_ValueGenI32((int32_t)g->out)};
	memcpy(g->memory + g->in, data, len);
	memcpy(g->memory + g->out, &room, sizeof(room));
	return WasmEdge_ExecutorInvoke(executor, g->process, args, 4, out, 1);
}

static void
must_process(const struct guest *g, const void *data, uint32_t len)
{
	check(process(g, data, len), "process");
}

static void
measure_kernel(int which, struct side_answer *a)
{
	const uint8_t *frame = side_frame();
	double start = side_now_ns();
	if (which == FAST_VAD) {
		for (int i = 0; i < SIDE_VAD_BATCH; i++) {
			must_process(&guests[which], side_next_item(&audio), SIDE_VAD_ITEM);
		}
		side_add(a, (side_now_ns() - start) / SIDE_VAD_BATCH / 2);
	} else {
		must_process(&guests[which], frame, SIDE_FRAME * sizeof(float));
		side_add(a, (side_now_ns() - start) / SIDE_REPEATS);
	}
}

static void
measure_call(int n_args, struct side_answer *a)
{
	const char *name = n_args == 0 ? "reset" : "add";
	const WasmEdge_FunctionInstanceContext *f =
	    WasmEdge_ModuleInstanceFindFunction(guests[PROBE].instance, string_of(name));
	WasmEdge_Value out[1];
	const WasmEdge_Value args[2] = {WasmEdge_ValueGenI32(2), WasmEdge_ValueGenI32(3)};
	double start = side_now_ns();
	for (int i = 0; i < SIDE_CALLS; i++) {
		check(WasmEdge_ExecutorInvoke(executor, f, args, (uint32_t)n_args, out, 1), name);
	}
	side_add(a, (side_now_ns() - start) / SIDE_CALLS);
}

static void
measure_item(int arg, struct side_answer *a)
{
	(void)arg;
	double start = side_now_ns();
	for (int i = 0; i < SIDE_CALLS; i++) {
		must_process(&guests[PROBE], "x", 1);
	}
	side_add(a, (side_now_ns() - start) / SIDE_CALLS);
}

static void
measure_host_call(int arg, struct side_answer *a)
{
	(void)arg;
	double start = side_now_ns();
	must_process(&guests[PROBE], "h", 1);
	side_add(a, (side_now_ns() - start) / SIDE_HOST_CALLS);
}

static void
measure_traps(int arg, struct side_answer *a)
{
	(void)arg;
	double start = side_now_ns();
	for (int i = 0; i < TRAPS; i++) {
		if (WasmEdge_ResultOK(process(&guests[PROBE], "t", 1))) {
			side_fail("stock: an access outside the memory did not trap");
		}
	}
	side_add(a, (side_now_ns() - start) / TRAPS);
}

static void
measure_instances(int end, struct side_answer *a)
{
	double made = 0, ended = 0;
	for (int i = 0; i < MADE; i++) {
		WasmEdge_ModuleInstanceContext *in = NULL;
		double start = side_now_ns();
		check(WasmEdge_ExecutorInstantiate(executor, &in, store, asts[PROBE]), "instantiate");
		double middle = side_now_ns();
		WasmEdge_ModuleInstanceDelete(in);
		made += middle - start;
		ended += side_now_ns() - middle;
	}
	side_add(a, (end ? ended : made) / MADE);
}

static void
measure_idle(int which, struct side_answer *a)
{
	static struct guest idle[IDLE];
	double before = side_rss_kib();
	for (int i = 0; i < IDLE; i++) {
		idle[i] = open_guest(which);
		must_process(&idle[i], which == FAST_VAD ? (const char *)audio.data : "x",
		    which == FAST_VAD ? SIDE_VAD_ITEM : 1);
	}
	side_add(a, (side_rss_kib() - before) / IDLE);
	for (int i = 0; i < IDLE; i++) {
		WasmEdge_ModuleInstanceDelete(idle[i].instance);
	}
}

static const struct row {
	const char *name;
	void (*measure)(int arg, struct side_answer *a);
	int arg;
} rows[] = {
    {"fir_scalar", measure_kernel, FIR_SCALAR},
    {"fir", measure_kernel, FIR},
    {"fir_simd", measure_kernel, FIR_SIMD},
    {"fast_vad", measure_kernel, FAST_VAD},
    {"entry_nop", measure_call, 0},
    {"entry_add", measure_call, 2},
    {"item", measure_item, 0},
    {"host_call", measure_host_call, 0},
    {"trap", measure_traps, 0},
    {"instance_new", measure_instances, 0},
    {"instance_free", measure_instances, 1},
    {"idle", measure_idle, PROBE},
    {"idle_fast_vad", measure_idle, FAST_VAD},
};

void
side_measure(const char *row, struct side_answer *a)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(row, rows[i].name) == 0) {
			rows[i].measure(rows[i].arg, a);
		}
	}
}

static void
compile(const char *wasm, const char *object)
{
	WasmEdge_CompilerContext *compiler = WasmEdge_CompilerCreate(conf);
	check(WasmEdge_CompilerCompile(compiler, wasm, object), wasm);
	WasmEdge_CompilerDelete(compiler);
}

static void
load(int which, const char *object)
{
	WasmEdge_LoaderContext *loader = WasmEdge_LoaderCreate(conf);
	WasmEdge_ValidatorContext *validator = WasmEdge_ValidatorCreate(conf);
	check(WasmEdge_LoaderParseFromFile(loader, &asts[which], object), object);
	check(WasmEdge_ValidatorValidate(validator, asts[which]), object);
	WasmEdge_LoaderDelete(loader);
	WasmEdge_ValidatorDelete(validator);
	guests[which] = open_guest(which);
}

static void
start_engine(void)
{
	WasmEdge_LogOff();
	conf = WasmEdge_ConfigureCreate();
	WasmEdge_ConfigureCompilerSetOptimizationLevel(conf, WasmEdge_CompilerOptimizationLevel_O3);
	WasmEdge_ConfigureCompilerSetOutputFormat(conf, WasmEdge_CompilerOutputFormat_Native);
	executor = WasmEdge_ExecutorCreate(conf, NULL);
	store = WasmEdge_StoreCreate();
	register_host();
}

static void
path_of_code(char path[PATH_BYTES], const char *folder, const char *name)
{
	(void)snprintf(path, PATH_BYTES, "%s/%s.so", folder, name);
}

/* With the code in the cache, or put there. */
static void
start_cold(const char *fast_vad, const char *cache)
{
	char object[PATH_BYTES];
	start_engine();
	path_of_code(object, cache, "stock");
	if (access(object, R_OK) != 0) {
		compile(fast_vad, object);
	}
	load(FAST_VAD, object);
	must_process(&guests[FAST_VAD], "\0\0", 2);
	side_say_ready();
}

int
main(int argc, char **argv)
{
	char wasm[PATH_BYTES], object[PATH_BYTES];
	if (argc == 5) {
		start_cold(argv[2], argv[4]);
		return 0;
	}
	if (argc != 4 || mkdtemp(folder_of_code) == NULL) {
		side_fail("usage: stock FOLDER FAST_VAD SENTENCE [CACHE]");
	}
	audio = side_read_audio(argv[3]);
	start_engine();
	for (int i = 0; i < MODULES; i++) {
		(void)snprintf(wasm, sizeof(wasm), "%s/%s.wasm", argv[1], names[i]);
		path_of_code(object, folder_of_code, names[i]);
		compile(i == FAST_VAD ? argv[2] : wasm, object);
		load(i, object);
		(void)unlink(object);
	}
	(void)rmdir(folder_of_code);
	side_serve();
	return 0;
}
