#ifndef RMI_NODES_ASR_PACK_H
#define RMI_NODES_ASR_PACK_H

/**
 * @file
 * Makes the model file of the module simple_asr out of a CMU Sphinx model, a pronouncing dictionary and a grammar: what the
 * grammar needs and nothing else. The format is modules/audio/simple_asr/asr_format.h. Any thread.
 */

#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_asr_pack_config {
	const char *model;      /**< folder */
	const char *dictionary; /**< file */
	const char *grammar;    /**< JSGF: text where it begins with "#JSGF", else a file */
};

/**
 * @param[out] out  the file, to be freed; at an address that is a multiple of 16
 * @return RME_OK, RME_ENOTFOUND (the text says what to install), RME_ECONFIG (grammar, or a word that is not in the dictionary),
 *         RME_EFORMAT, RME_EUNSUPPORTED, RME_ELIMIT, RME_EIO, RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_asr_pack(uint8_t **out, size_t *len, const struct rmi_asr_pack_config *config, struct rme_error *err);

#endif
