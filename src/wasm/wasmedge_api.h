#ifndef RMI_WASM_WASMEDGE_API_H
#define RMI_WASM_WASMEDGE_API_H

/**
 * @file
 * libwasmedge behind a table of its functions, loaded when first needed: a program that runs no module does not pay the
 * 15 ms and 45 MB that it and LLVM cost.
 *
 * **Versions.** 0.14 is what is known and tested. What changes later, so that nobody has to find out again: 0.15 saves
 * its thread-local state around nested calls and records a stack trace at every trap; 0.17 runs the interpreter unless
 * RunMode is set to AOT, widens memory sizes to 64 bit, passes limits by pointer, and renumbers proposals and error
 * codes. Compiled code of one minor version is refused by the next.
 */

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

/** Text of a result without prefix, e.g. "out of bounds memory access". */
static inline const char *
rmi_wasmedge_text(const struct rmi_wasmedge *we, WasmEdge_Result r)
{
	return we->ResultGetMessage(r);
}

#endif
