#ifndef RME_ASR_SEARCH_H
#define RME_ASR_SEARCH_H

/*
 * Viterbi search through the grammar's graph by token passing (Young, Russell and Thornton 1989), with beams, and a loop of
 * all phones beside it: how well the best sequence of any phones fits says how far the grammar's sentence can be believed.
 */

#include "asr_model.h"

enum {
	ASR_FRAMES_MAX = 3000,     /* 30 s */
	ASR_RECORDS_MAX = 1 << 16, /* word ends that are remembered */
	ASR_RESULT_WORDS_MAX = 256,
};

#define ASR_NONE 0xffffffffu

struct asr_token {
	float score;     /* relative to the frame's best */
	float grammar;   /* of it, what comes from the graph's arcs */
	uint32_t record; /* the last word that ended, or ASR_NONE */
};

/* A word that ended. */
struct asr_record {
	uint32_t before; /* the record of the word before, or ASR_NONE; a smaller number than its own */
	uint32_t frame;  /* the first one after it */
	float score, grammar;
	uint32_t word;
};

struct asr_point_token {
	struct asr_token token;
	uint32_t word; /* of the node it came from, or ASR_NO_WORD */
};

struct asr_search {
	const struct asr_model *model;
	struct asr_token *state; /* [node][state] */
	struct asr_token *entry; /* [node] */
	struct asr_point_token *point;
	struct asr_record *records;
	uint32_t *moved;   /* [record]: for clearing out */
	uint32_t *touched; /* points reached in this frame */
	float *loop;       /* [phone][state] */
	float *loop_best;  /* [frame]: score of the best sequence of phones up to it */
	uint8_t *alive;    /* [node] */
	uint32_t n_touched, n_records, n_frames;
	float best, loop_base;
	double shift, loop_shift; /* what was taken off the scores so far */
	int failed;               /* more records than there is room for */
};

struct asr_result_word {
	uint32_t word, start, end; /* frames; end is the first one after it */
	float llr;                 /* ln likelihood ratio to any phones, per frame */
	int filler;
};

struct asr_result {
	struct asr_result_word words[ASR_RESULT_WORDS_MAX]; /* with fillers */
	uint32_t n_words;
	uint32_t n_frames;
	int complete; /* the utterance ends where the grammar may end */
};

uint64_t asr_search_bytes(const struct asr_model *m);
void asr_search_init(struct asr_search *s, const struct asr_model *m, uint8_t *arena);

/* A new utterance. */
void asr_search_begin(struct asr_search *s);
/* One frame, at most ASR_FRAMES_MAX of them. @p senone: ln likelihoods */
void asr_search_frame(struct asr_search *s, const float *senone);
/* Returns 0, or -1 where the search ran out of room. */
int asr_search_end(struct asr_search *s, struct asr_result *out);

#endif
