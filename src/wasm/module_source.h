#ifndef RMI_WASM_MODULE_SOURCE_H
#define RMI_WASM_MODULE_SOURCE_H

/** @file The bytes of a module on their way in: read, compared with their pin, admitted. Nothing of them has been run. */

#include <stdint.h>
#include <rme/err.h>
#include <rme/packet.h>
#include "core/module_entry.h"
#include "wasm/admission.h"
#include "wasm/module.h"

struct rmi_module_source {
	struct rmi_wasm_engine *e; /**< for whoever opens it; not looked at here */
	const struct rmi_wasm_module_spec *spec;
	const char *name;                /**< the spec's, or the file's */
	struct rme_module_limits limits; /**< of the spec, with defaults */
	uint8_t *file;                   /**< ours where it was read */
	struct rme_bytes bytes;          /**< as they are in the file */
	uint8_t sha256[RMI_SHA256_BYTES];
	struct rmi_admitted admitted;
};

/**
 * Read, check and admit. @p spec is borrowed until rmi_module_source_done(), which is to be called whatever comes of it.
 * @return RME_OK; RME_ENOTFOUND, RME_EIO (file); RME_EDENIED (other sha256); what rmi_admit() returns
 */
RME_NODISCARD enum rme_err
rmi_module_source_read(struct rmi_module_source *o, const struct rmi_wasm_module_spec *spec, struct rme_error *err);
void rmi_module_source_done(struct rmi_module_source *o);

#endif
