#ifndef RMI_NODES_CMU_MODEL_H
#define RMI_NODES_CMU_MODEL_H

/**
 * @file
 * Acoustic models in the files of CMU Sphinx: mdef, means, variances, sendump, transition_matrices, feat.params. Only models
 * with shared codebooks (semi-continuous and phonetically tied). Any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

enum {
	RMI_CMU_STREAMS_MAX = 4,
	RMI_CMU_STATES_MAX = 5,
	RMI_CMU_PHONES_MAX = 200,
	RMI_CMU_TRIPHONES_MAX = 1 << 20,
	RMI_CMU_SENONES_MAX = 1 << 16,
	RMI_CMU_FILE_MAX = 64 << 20,
};

/** Where in a word a phone stands. */
enum rmi_cmu_position { RMI_CMU_INTERNAL = 0, RMI_CMU_BEGIN = 1, RMI_CMU_END = 2, RMI_CMU_SINGLE = 3 };

/** A phone in its context. */
struct rmi_cmu_triphone {
	uint32_t sequence; /**< of senones */
	uint32_t tmat;
	uint8_t position, base, left, right;
};

struct rmi_cmu_model {
	uint32_t n_streams, dims[RMI_CMU_STREAMS_MAX], n_dims;
	uint32_t n_codebooks, n_densities;
	float *means, *variances; /**< [codebook][stream][density][dim of stream] */
	uint32_t n_senones;
	uint8_t *mixw; /**< [stream][density][senone]: -ln of the weight in steps of 1024 ln 1.0001 */
	uint32_t n_tmats, n_states;
	float *transition;            /**< [tmat][state][3]: probabilities of staying, going on, leaving one out */
	uint32_t n_base, n_triphones; /**< phones without context come first among the triphones */
	char **phones;                /**< [n_base] names */
	uint32_t silence;
	struct rmi_cmu_triphone *triphones;
	uint32_t *by_context; /**< hash table of n_slots numbers of triphones */
	uint32_t n_slots;
	uint32_t n_sequences;
	uint16_t *sequences; /**< [sequence][state]: senones */
	uint8_t *codebook;   /**< [senone] */
	double lower_hz, upper_hz;
	uint32_t n_filters, lifter;
	bool differences; /**< its features are 13 cepstra, their differences and second differences */
	char *names;      /**< what phones points into */
};

/**
 * Read a model.
 * @param[out] out  release with rmi_cmu_model_done(), also after an error
 * @return RME_OK, RME_ENOTFOUND (the text says what to install), RME_EFORMAT, RME_ELIMIT, RME_ENOMEM, RME_EIO
 */
RME_NODISCARD enum rme_err rmi_cmu_model_read(struct rmi_cmu_model *out, const char *folder, struct rme_error *err);
/** Accepts an all-zero one. */
void rmi_cmu_model_done(struct rmi_cmu_model *m);

/** The number of a phone; n_base where there is none. */
uint32_t rmi_cmu_phone(const struct rmi_cmu_model *m, const char *name, size_t len);

/**
 * The model of a phone between two others; where training had not seen it, the closest there is, in the end the phone without
 * context. Never NULL. All three are numbers of phones.
 */
const struct rmi_cmu_triphone *rmi_cmu_triphone(
    const struct rmi_cmu_model *m, enum rmi_cmu_position position, uint32_t base, uint32_t left, uint32_t right);

#endif
