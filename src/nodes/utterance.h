#ifndef RMI_NODES_UTTERANCE_H
#define RMI_NODES_UTTERANCE_H

/**
 * @file
 * Cuts utterances out of a stream of frames, each piece of which is speech or not. Frames are opaque bytes here; times are
 * counted in frames. One thread at a time.
 *
 * An utterance begins with the first piece of speech, and some frames before it (pre_roll). It ends when no speech has come
 * for hang_over frames; what is given out ends `tail` frames after the last speech. At max_length it is cut, and what comes
 * next begins another one. Utterances with less than min_speech frames of speech are dropped. No frame is given out twice.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <rme/err.h>

struct rmi_utterance_rules {
	uint64_t pre_roll, hang_over, tail, min_speech,
	    max_length; /**< frames; tail <= hang_over, pre_roll < max_length */
	size_t unit;    /**< bytes of a frame */
};

/** What is in the buffer; all-zero = nothing. Members belong to utterance.c. */
struct rmi_utterance {
	struct rmi_utterance_rules rules;
	uint8_t *data;
	size_t cap;         /* bytes */
	uint64_t frames;    /* in data */
	uint64_t first;     /* number of the first of them in the stream */
	bool speaking;      /* an utterance has begun; it is at the front of data */
	uint64_t last_end;  /* frames in data up to the end of the last speech */
	uint64_t n_speech;  /* frames of speech */
	double probability; /* sum over frames of speech that have one */
	uint64_t n_probability;
};

/** A finished one, borrowed until the next call. */
struct rmi_utterance_out {
	const uint8_t *data;
	uint64_t frames;
	uint64_t first;   /**< number of its first frame in the stream */
	uint64_t speech;  /**< frames of speech in it */
	float confidence; /**< mean probability of its speech, NaN = not known */
};

void rmi_utterance_init(struct rmi_utterance *u, const struct rmi_utterance_rules *rules);
void rmi_utterance_done(struct rmi_utterance *u);

/** A piece of the stream. */
struct rmi_utterance_piece {
	const uint8_t *data;
	uint64_t frames;
	bool is_speech;
	float probability; /**< NaN = not known */
};

/**
 * Take as much of @p piece as goes before an utterance is finished; the piece is shortened by what was taken. Call again
 * until it is empty.
 * @param[out] out  out->frames is 0 where none is finished
 * @return RME_OK, RME_ENOMEM (the piece is lost)
 */
RME_NODISCARD enum rme_err
rmi_utterance_push(struct rmi_utterance *u, struct rmi_utterance_piece *piece, struct rmi_utterance_out *out);

/** The stream ends or jumps: finish the utterance under way, forget the rest. @p out as above. */
void rmi_utterance_end(struct rmi_utterance *u, struct rmi_utterance_out *out);

/** Forget everything but the rules. */
void rmi_utterance_clear(struct rmi_utterance *u);

#endif
