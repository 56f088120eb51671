#ifndef RME_ASR_FORMAT_H
#define RME_ASR_FORMAT_H

/*
 * The model file of simple_asr: an acoustic model, cut down to what one grammar needs, and the grammar as a graph of hidden
 * Markov models. `rme-asr-pack` writes it from the files of a CMU Sphinx model; asr_model.c reads it. Little-endian, every
 * section aligned to 16 bytes, so that it is used where it lies. The format is described in docs/design/asr.md.
 */

#include <stdint.h>

enum {
	ASR_STREAMS_MAX = 4,
	ASR_DIMS_MAX = 64,       /* of all streams together */
	ASR_STATES_MAX = 5,      /* of a hidden Markov model */
	ASR_DENSITIES_MAX = 256, /* per codebook and stream; a multiple of 16 */
	ASR_CODEBOOKS_MAX = 256,
	ASR_SENONES_MAX = 16384,
	ASR_TMATS_MAX = 256,
	ASR_PHONES_MAX = 256,
	ASR_NODES_MAX = 65536,
	ASR_POINTS_MAX = 65536,
	ASR_ARCS_MAX = 1 << 20,
	ASR_WORDS_MAX = 4096,
	ASR_TEXT_MAX = 65536, /* bytes of all words */
	ASR_FILTERS_MAX = 40,
	ASR_FILE_MAX = 12 << 20,
};

#define ASR_MAGIC     "RMEASR1\n"
#define ASR_NO_WORD   0xffffu
#define ASR_LOG_ZERO  (-1.0e20f)  /* of what cannot be */
#define ASR_MIXW_UNIT 0.10239488f /* a step of the mixture weights: 1024 ln 1.0001 */

enum asr_section {
	ASR_MEANS,      /* u8 [codebook][stream: dim][density] */
	ASR_WEIGHTS,    /* u8, likewise: logarithm of 1 / (2 variance) */
	ASR_SCALES,     /* struct asr_scale [dim] */
	ASR_MIXW,       /* u8 [senone][stream][density]: -ln of the weight in units */
	ASR_CODEBOOK,   /* u16 [senone] */
	ASR_TRANSITION, /* f32 [tmat][state][3]: ln of staying, going on, leaving one out */
	ASR_PHONES,     /* struct asr_phone: what the phone loop is made of */
	ASR_NODES,      /* struct asr_node */
	ASR_POINTS,     /* struct asr_point */
	ASR_ARCS,       /* struct asr_arc */
	ASR_WORDS,      /* struct asr_word */
	ASR_TEXT,       /* the words' letters */
	ASR_SECTIONS
};

enum asr_feature {
	ASR_FEATURE_GIVEN = 0,  /* the decoder is handed features: no front end */
	ASR_FEATURE_CEPSTRA = 1 /* 13 mel cepstra, differences and second differences over 3 streams */
};

struct asr_header {
	char magic[8];
	uint32_t bytes; /* of the whole file */
	uint32_t feature, n_streams, dims[ASR_STREAMS_MAX];
	uint32_t n_densities, n_codebooks, n_senones, n_tmats, n_states;
	uint32_t n_phones, n_nodes, n_points, n_arcs, n_words;
	uint32_t start;     /* point where every sentence begins */
	uint32_t n_filters; /* of the mel filter bank */
	uint16_t edges[ASR_FILTERS_MAX +
	               2];   /* filter i rises from bin edges[i] and falls to edges[i + 2] (512-point spectrum) */
	uint32_t lifter;     /* 0 = none */
	float phone_penalty; /* ln, at each phone of the loop */
	float grade[3];      /* confidence = sigmoid(grade . (1, mean LLR, worst word's LLR)) */
	float threshold;     /* below this confidence the utterance is rejected */
	char grammar[32];    /* its name, NUL-terminated */
	uint32_t offset[ASR_SECTIONS];
};

/* value = low + step * byte */
struct asr_scale {
	float mean_low, mean_step;
	float weight_low, weight_step;
};

struct asr_phone {
	uint16_t senone[ASR_STATES_MAX];
	uint16_t tmat;
};

/* A hidden Markov model within the graph. Its arcs are those from first_arc to the next node's, the first point's for the last. */
struct asr_node {
	uint16_t senone[ASR_STATES_MAX];
	uint16_t tmat;
	uint32_t first_arc;
	uint16_t word; /* that ends here, or ASR_NO_WORD */
	uint16_t reserved;
};

/* Where words meet: takes no time. Its arcs go to nodes. */
struct asr_point {
	uint32_t first_arc;
	float last; /* ln of ending the sentence here, ASR_LOG_ZERO where it may not */
};

struct asr_arc {
	uint32_t to; /* a node, or n_nodes + a point */
	float weight;
};

struct asr_word {
	uint32_t text, len; /* len 0: a filler such as silence */
};

#endif
