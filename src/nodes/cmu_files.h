#ifndef RMI_NODES_CMU_FILES_H
#define RMI_NODES_CMU_FILES_H

/** @file The single files of a CMU Sphinx model; parts of rmi_cmu_model_read(). */

#include "base/cursor.h"
#include "nodes/cmu_model.h"

/** A file in memory. */
struct rmi_cmu_bytes {
	uint8_t *data; /**< with a NUL after it; to be freed */
	struct rmi_cursor at;
	const char *name;
};

/**
 * Read a whole file.
 * @param folder  NULL where name is a whole path
 */
RME_NODISCARD enum rme_err
rmi_cmu_open(struct rmi_cmu_bytes *out, const char *folder, const char *name, struct rme_error *err);
/** The error that says which file is broken. */
enum rme_err rmi_cmu_broken(const struct rmi_cmu_bytes *f, struct rme_error *err);

enum rme_err rmi_cmu_read_mdef(struct rmi_cmu_model *m, const char *folder, struct rme_error *err);
/** From sendump where it is there, else from mixture_weights. */
enum rme_err rmi_cmu_read_weights(struct rmi_cmu_model *m, const char *folder, struct rme_error *err);

/** Past the text header of a file of numbers; false where there is none, or the bytes are in another order. */
bool rmi_cmu_skip_header(struct rmi_cursor *c);
/** @p n numbers; false where they are not there, or not finite. */
bool rmi_cmu_take_floats(struct rmi_cursor *c, size_t n, float *out);

#endif
