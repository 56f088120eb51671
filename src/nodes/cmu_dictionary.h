#ifndef RMI_NODES_CMU_DICTIONARY_H
#define RMI_NODES_CMU_DICTIONARY_H

/** @file Pronouncing dictionaries in the form of CMU Sphinx: a word and its phones on each line, "word(2)" for another way. */

#include <stddef.h>
#include <stdint.h>
#include "nodes/cmu_files.h"

struct rmi_cmu_dictionary {
	struct rmi_cmu_bytes file;
	uint32_t *slots; /**< hash table of where lines begin, plus one; 0 = free */
	uint32_t n_slots;
};

/** @param[out] out  release with rmi_cmu_dictionary_done(), also after an error */
RME_NODISCARD enum rme_err
rmi_cmu_dictionary_read(struct rmi_cmu_dictionary *out, const char *path, struct rme_error *err);
/** Accepts an all-zero one. */
void rmi_cmu_dictionary_done(struct rmi_cmu_dictionary *d);

/**
 * The next pronunciation of a word: its phones with spaces between, not NUL-terminated.
 * @param step  0 at first; kept by the caller
 * @return NULL where there is no further one
 */
const char *rmi_cmu_pronunciation(const struct rmi_cmu_dictionary *d, const char *word, size_t *len, uint32_t *step);

#endif
