#ifndef RMI_CLI_MODULES_LOOK_H
#define RMI_CLI_MODULES_LOOK_H

/** @file What `rme modules` finds out about a module: its bytes, what the lock file and the gate say of them. */

#include "cli/modules_find.h"
#include "wasm/admission.h"

struct rmi_wasm_engine;
struct yyjson_mut_doc;

/** What wasm-modules.lock says of the bytes. */
enum rmi_pin { RMI_PIN_NONE, RMI_PIN_HOLDS, RMI_PIN_DIFFERS };

struct rmi_module_look {
	struct rmi_module_ref ref;
	struct rme_error file; /**< RME_OK = it was read */
	uint8_t *bytes;        /**< as they are */
	size_t len;
	uint8_t sha256[RMI_SHA256_BYTES];
	enum rmi_pin pin;
	struct rme_error admission; /**< RME_OK = admitted */
	struct rmi_admitted admitted;
};

/** Read and check a module, with the limits that its entry gives it. Whatever comes of it: rmi_module_look_done(). */
void rmi_module_look(struct rmi_module_look *out, const struct rmi_module_ref *ref);
void rmi_module_look_done(struct rmi_module_look *l);

/** "ok", "differs", "not pinned", "no file". Never NULL. */
const char *rmi_module_pin_text(const struct rmi_module_look *l);

/** The limit of linear memory, in pages, by which the gate judges a module. */
uint32_t rmi_module_pages_max(const struct rme_module_entry *entry);

/**
 * An engine that looks for machine code where `rme run` does.
 * @return NULL if it does not start; said with -v
 */
struct rmi_wasm_engine *rmi_modules_engine(const struct rmi_cli *cli);

/** The modules of the operands; of the registry, where there are none. @return an rmi_exit; what is wrong was told */
int rmi_modules_each(struct rmi_cli *cli, const struct rmi_args *args,
    int (*each)(void *ctx, const struct rmi_module_ref *ref), void *ctx);

/** Print a document's root as a line of JSON, and free the document. @return an rmi_exit */
int rmi_modules_print_json(struct rmi_cli *cli, struct yyjson_mut_doc *doc);

#endif
