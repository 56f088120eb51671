#ifndef RMI_WASM_WASMEDGE_API_H
#define RMI_WASM_WASMEDGE_API_H

/**
 * @file
 * libwasmedge behind a table of its functions, loaded when first needed: a program that runs no module does not pay the
 * 15 ms and 45 MB that it and LLVM cost.
 *
 * **Versions.** 0.14 is what is known and tested. 0.15 and 0.16 have the same functions; there the guard is `interruptible`
 * and fibers are off until somebody has tried them. From 0.17 on it is refused. What changes, so that nobody has to find
 * out again:
 * - 0.15: thread-local state is saved around nested calls, and its layout is another (fibers); a stack trace is recorded
 *   at every trap (slower traps); LogSetCallback; Proposal and ErrCode renumbered (we compare none but success).
 * - 0.15-0.17: compiled code has version 2, from then on 3: a loader refuses that of others, so the version is in the
 *   cache's key.
 * - 0.16: WASI and GC fixes that do not concern us (neither is used).
 * - 0.17: the interpreter runs and compiled code is refused unless ConfigureSetRunMode(AOT) was called;
 *   SetForceInterpreter is deprecated; memory sizes are 64 bits wide (MemoryInstanceGetPageSize, ...GetPointer); limits
 *   are passed by pointer (TableTypeCreate and the like, which we do not use); functions have ELF versions.
 * - All up to 0.17: signal handlers are installed and reset as in 0.14 (pin.c, fault_guard.c stay needed).
 */

#include <stdbool.h>
#include <rme/err.h>
#include <wasmedge/wasmedge.h>

/* One line per function that is used. */
#define RMI_WASMEDGE_FUNCTIONS(X) \
	X(VersionGet) \
	X(VersionGetMajor) \
	X(VersionGetMinor) \
	X(LogOff) \
	X(ValTypeGenI32) \
	X(ValTypeGenI64) \
	X(ValTypeGenF32) \
	X(ValTypeGenF64) \
	X(ResultGen) \
	X(ResultGetMessage) \
	X(ConfigureCreate) \
	X(ConfigureDelete) \
	X(ConfigureCompilerSetOptimizationLevel) \
	X(ConfigureCompilerSetOutputFormat) \
	X(ConfigureCompilerSetInterruptible) \
	X(CompilerCreate) \
	X(CompilerCompileFromBytes) \
	X(CompilerDelete) \
	X(LoaderCreate) \
	X(LoaderParseFromFile) \
	X(LoaderParseFromBytes) \
	X(LoaderDelete) \
	X(ValidatorCreate) \
	X(ValidatorValidate) \
	X(ValidatorDelete) \
	X(ASTModuleDelete) \
	X(ExecutorCreate) \
	X(ExecutorInstantiate) \
	X(ExecutorRegisterImport) \
	X(ExecutorInvoke) \
	X(ExecutorAsyncInvoke) \
	X(ExecutorDelete) \
	X(StoreCreate) \
	X(StoreDelete) \
	X(ModuleInstanceCreate) \
	X(ModuleInstanceAddFunction) \
	X(ModuleInstanceFindFunction) \
	X(ModuleInstanceFindMemory) \
	X(ModuleInstanceDelete) \
	X(FunctionTypeCreate) \
	X(FunctionTypeDelete) \
	X(FunctionInstanceCreate) \
	X(FunctionInstanceDelete) \
	X(MemoryInstanceGetPointer) \
	X(MemoryInstanceGetPageSize) \
	X(AsyncWait) \
	X(AsyncCancel) \
	X(AsyncDelete)

struct rmi_wasmedge {
#define RMI_WASMEDGE_MEMBER(name) __typeof__(&WasmEdge_##name) name;
	RMI_WASMEDGE_FUNCTIONS(RMI_WASMEDGE_MEMBER)
#undef RMI_WASMEDGE_MEMBER
};

/**
 * Load the library (it stays loaded) and fill the table. Any thread.
 * @return RME_OK, RME_EUNSUPPORTED (not installed, or a version that is not known)
 */
RME_NODISCARD enum rme_err rmi_wasmedge_load(struct rmi_wasmedge *out, struct rme_error *err);

/** Whether it is a version that the guard by signals was made for. */
static inline bool
rmi_wasmedge_known(const struct rmi_wasmedge *we)
{
	return we->VersionGetMajor() == 0 && we->VersionGetMinor() == 14;
}

/** Text of a result without prefix, e.g. "out of bounds memory access". */
static inline const char *
rmi_wasmedge_text(const struct rmi_wasmedge *we, WasmEdge_Result r)
{
	return we->ResultGetMessage(r);
}

#endif
