#include "wasm/wasmedge_api.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static const char library[] = "libwasmedge.so.0";

enum { MAJOR = 0, FIRST_MINOR = 14, LAST_MINOR = 16 }; /* see the header */

static const struct symbol {
	const char *name;
	size_t offset;
} symbols[] = {
#define SYMBOL(name) {"WasmEdge_" #name, offsetof(struct rmi_wasmedge, name)},
    RMI_WASMEDGE_FUNCTIONS(SYMBOL)
#undef SYMBOL
};

/* Before anything else is looked up: another version may lack some of it. */
static enum rme_err
check_version(void *handle, struct rme_error *err)
{
	struct rmi_wasmedge v;
	void *text = dlsym(handle, "WasmEdge_VersionGet");
	void *major = dlsym(handle, "WasmEdge_VersionGetMajor"), *minor = dlsym(handle, "WasmEdge_VersionGetMinor");
	if (text == NULL || major == NULL || minor == NULL) {
		return rme_error_set(
		    err, RME_EUNSUPPORTED, library, "does not say its version; %d.%d is needed", MAJOR, FIRST_MINOR);
	}
	memcpy(&v.VersionGet, &text, sizeof(text));
	memcpy(&v.VersionGetMajor, &major, sizeof(major));
	memcpy(&v.VersionGetMinor, &minor, sizeof(minor));
	uint32_t n = v.VersionGetMinor();
	if (v.VersionGetMajor() != MAJOR || n < FIRST_MINOR || n > LAST_MINOR) {
		return rme_error_set(err, RME_EUNSUPPORTED, library, "version %s is installed, %d.%d is needed",
		    v.VersionGet(), MAJOR, FIRST_MINOR);
	}
	return RME_OK;
}

static enum rme_err
fill_table(struct rmi_wasmedge *out, void *handle, struct rme_error *err)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *f = dlsym(handle, symbols[i].name);
		if (f == NULL) {
			return rme_error_set(err, RME_EUNSUPPORTED, library, "has no %s; version %d.%d is needed",
			    symbols[i].name, MAJOR, FIRST_MINOR);
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
	enum rme_err e = check_version(handle, err);
	e = e != RME_OK ? e : fill_table(out, handle, err);
	if (e != RME_OK) {
		return e;
	}
	out->LogOff();
	return RME_OK;
}
