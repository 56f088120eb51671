#ifndef RME_ASR_MODEL_H
#define RME_ASR_MODEL_H

/* A model file as the decoder sees it: checked, and used where it lies. */

#include "asr_format.h"

struct asr_model {
	const struct asr_header *header;
	const uint8_t *means, *weights, *mixw;
	const struct asr_scale *scales;
	const uint16_t *codebook;
	const float *transition;
	const struct asr_phone *phones;
	const struct asr_node *nodes;
	const struct asr_point *points;
	const struct asr_arc *arcs;
	const struct asr_word *words;
	const char *text;
	uint32_t n_dims; /* of all streams */
};

/*
 * Check @p data, every index in it too: nothing that is read later can lead out of it. It must stay, at an address that is a
 * multiple of 16. Returns 0, or -1 and what is wrong in @p why.
 */
int asr_model_open(struct asr_model *m, const uint8_t *data, uint32_t len, const char **why);

/* Where the arcs of a node or point (n_nodes + its number) end. */
uint32_t asr_model_arcs_end(const struct asr_model *m, uint32_t from);

#endif
