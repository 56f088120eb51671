#include "wasm/wasmedge_api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static const char library[] = "libwasmedge.so.0";

enum { KNOWN_MAJOR = 0, KNOWN_MINOR = 14 };

static const struct symbol {
	const char *name;
	size_t offset;
} symbols[] = {
#define SYMBOL(name) {"WasmEdge_" #name, offsetof(struct rmi_wasmedge, name)},
    RMI_WASMEDGE_FUNCTIONS(SYMBOL)
#undef SYMBOL
};

static enum rme_err
fill_table(struct rmi_wasmedge *out, void *handle, struct rme_error *err)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *f = dlsym(handle, symbols[i].name);
		if (f == NULL) {
			return rme_error_set(err, RME_EUNSUPPORTED, library, "has no %s; version %d.%d is needed",
			    symbols[i].name, KNOWN_MAJOR, KNOWN_MINOR);
		}
		memcpy(
		    (char *)out + symbols[i].offset, &f, sizeof(f)); /* POSIX: object and function pointers are alike */
	}
	return RME_OK;
}

enum rme_err
rmi_wasmedge_load(struct rmi_wasmedge *out, struct rme_error *err)
{
	void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
	if (handle == NULL) {
		return rme_error_set(
		    err, RME_EUNSUPPORTED, library, "cannot be loaded (%s); install libwasmedge0", dlerror());
	}
	enum rme_err e = fill_table(out, handle, err);
	if (e != RME_OK) {
		return e;
	}
	if (out->VersionGetMajor() != KNOWN_MAJOR || out->VersionGetMinor() != KNOWN_MINOR) {
		return rme_error_set(err, RME_EUNSUPPORTED, library, "version %s is installed, %d.%d is needed",
		    out->VersionGet(), KNOWN_MAJOR, KNOWN_MINOR);
	}
	out->LogOff();
	return RME_OK;
}
