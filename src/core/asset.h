#ifndef RMI_CORE_ASSET_H
#define RMI_CORE_ASSET_H

/**
 * @file
 * Files that a module works with (models, vocabularies): parameters of type `asset`. The host reads them, since a module
 * sees no files, and hands the bytes over before configure.
 */

#include <rme/packet.h>
#include "core/module_entry.h"

enum { RMI_ASSET_NAME_MAX = 128 /**< NUL included */ };

/** Takes one file: "model", or "model/means" where the parameter names a folder. The bytes are valid during the call. */
struct rmi_asset_sink {
	enum rme_err (*take)(void *ctx, const char *name, struct rme_bytes bytes, struct rme_error *err);
	void *ctx;
};

/**
 * Read what @p path names and give it to @p sink: the file, or those of param->files inside the folder, in their order.
 * Text that begins with '#' or holds an end of line is content itself.
 * @return RME_OK; RME_ENOTFOUND with a text that says what is missing and what to install; RME_ELIMIT (param->max, of all
 *         files together); RME_EIO; RME_ENOMEM; the sink's error
 */
RME_NODISCARD enum rme_err rmi_asset_read(
    const struct rme_module_param *param, const char *path, const struct rmi_asset_sink *sink, struct rme_error *err);

#endif
