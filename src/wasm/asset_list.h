#ifndef RMI_WASM_ASSET_LIST_H
#define RMI_WASM_ASSET_LIST_H

/** @file The files that a module is given before configure, out of its parameters. */

#include "core/asset.h"

struct rmi_asset_list;

/** Where the files come from when an instance starts: a list, or the host of a guest process. All-zero = there are none. */
struct rmi_asset_source {
	enum rme_err (*give)(void *ctx, const struct rmi_asset_sink *sink, struct rme_error *err);
	void *ctx;
};

/** True where the registry gives the module files. */
bool rmi_asset_list_wanted(const struct rme_module_entry *entry);
/**
 * Separate them from the other parameters.
 * @param[out] out     what rmi_asset_list_give() reads; NULL where the module takes no assets. Free it with rmi_asset_list_free()
 * @param[out] params  allocated: JSON object like @p json, with true or false in place of the paths
 */
RME_NODISCARD enum rme_err rmi_asset_list_take(struct rmi_asset_list **out, char **params,
    const struct rme_module_entry *entry, const char *json, struct rme_error *err);
/** A source that reads the files, in the order of the registry's parameters. @param list  NULL = none */
struct rmi_asset_source rmi_asset_list_source(struct rmi_asset_list *list);
/** Have all files given to @p sink. */
RME_NODISCARD enum rme_err
rmi_asset_give(const struct rmi_asset_source *source, const struct rmi_asset_sink *sink, struct rme_error *err);
void rmi_asset_list_free(struct rmi_asset_list *list);

#endif
