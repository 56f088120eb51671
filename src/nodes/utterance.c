#include "nodes/utterance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
rmi_utterance_init(struct rmi_utterance *u, const struct rmi_utterance_rules *rules)
{
	*u = (struct rmi_utterance){.rules = *rules};
}

void
rmi_utterance_done(struct rmi_utterance *u)
{
	free(u->data);
	*u = (struct rmi_utterance){0};
}

static uint64_t
smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Forget the first frames of the buffer. */
static void
drop_front(struct rmi_utterance *u, uint64_t frames)
{
	u->frames -= frames;
	u->first += frames;
	if (u->frames > 0 && frames > 0) {
		memmove(u->data, u->data + frames * u->rules.unit, u->frames * u->rules.unit);
	}
}

static enum rme_err
append(struct rmi_utterance *u, const uint8_t *data, uint64_t frames)
{
	if (frames == 0) {
		return RME_OK;
	}
	size_t need = (size_t)(u->frames + frames) * u->rules.unit;
	if (need > u->cap) {
		size_t cap = need + need / 2;
		uint8_t *grown = realloc(u->data, cap);
		if (grown == NULL) {
			return RME_ENOMEM;
		}
		u->data = grown;
		u->cap = cap;
	}
	memcpy(u->data + u->frames * u->rules.unit, data, frames * u->rules.unit);
	u->frames += frames;
	return RME_OK;
}

static void
forget_speech(struct rmi_utterance *u)
{
	u->speaking = false;
	u->last_end = 0;
	u->n_speech = 0;
	u->probability = 0;
	u->n_probability = 0;
}

/*
 * Finish the utterance in the buffer after @p frames. Its bytes stay where they are until the next call: they are dropped
 * there, see settle().
 */
static void
finish(struct rmi_utterance *u, uint64_t frames, struct rmi_utterance_out *out)
{
	if (u->n_speech > 0 && u->n_speech >= u->rules.min_speech) {
		float p = u->n_probability > 0 ? (float)(u->probability / (double)u->n_probability) : NAN;
		*out = (struct rmi_utterance_out){u->data, frames, u->first, u->n_speech, p};
		u->last_end = frames;
	} else {
		u->last_end = 0;
	}
	uint64_t given = u->last_end;
	forget_speech(u);
	u->last_end = given;
}

/* Between utterances: drop what was given out, and what is too old for the pre-roll of the next one. */
static void
settle(struct rmi_utterance *u)
{
	if (u->speaking) {
		return;
	}
	drop_front(u, u->last_end);
	u->last_end = 0;
	if (u->frames > 2 * u->rules.pre_roll) {
		drop_front(u, u->frames - u->rules.pre_roll);
	}
}

static void
begin_if_speech(struct rmi_utterance *u, const struct rmi_utterance_piece *piece)
{
	if (!piece->is_speech || u->speaking) {
		return;
	}
	drop_front(u, u->frames - smaller(u->frames, u->rules.pre_roll));
	u->speaking = true;
}

/* Of a long silence only the end is of use. */
static void
skip_silence(struct rmi_utterance *u, struct rmi_utterance_piece *piece)
{
	if (u->speaking || piece->frames <= u->rules.pre_roll) {
		return;
	}
	uint64_t skip = piece->frames - u->rules.pre_roll;
	drop_front(u, u->frames);
	u->first += skip;
	piece->data += skip * u->rules.unit;
	piece->frames -= skip;
}

static void
count_speech(struct rmi_utterance *u, const struct rmi_utterance_piece *piece, uint64_t frames)
{
	if (!piece->is_speech) {
		return;
	}
	u->last_end = u->frames;
	u->n_speech += frames;
	if (isfinite(piece->probability)) {
		u->probability += (double)piece->probability * (double)frames;
		u->n_probability += frames;
	}
}

enum rme_err
rmi_utterance_push(struct rmi_utterance *u, struct rmi_utterance_piece *piece, struct rmi_utterance_out *out)
{
	*out = (struct rmi_utterance_out){0};
	settle(u);
	begin_if_speech(u, piece);
	skip_silence(u, piece);
	uint64_t take = piece->frames;
	if (u->speaking) {
		uint64_t room = u->frames < u->rules.max_length ? u->rules.max_length - u->frames : 0;
		take = smaller(take, room);
		if (!piece->is_speech) {
			take = smaller(take, u->last_end + u->rules.hang_over - u->frames);
		}
	}
	enum rme_err e = append(u, piece->data, take);
	if (e != RME_OK) {
		u->first += u->frames + piece->frames;
		u->frames = 0;
		forget_speech(u);
		piece->frames = 0;
		return e;
	}
	piece->data += take * u->rules.unit;
	piece->frames -= take;
	if (!u->speaking) {
		return RME_OK;
	}
	count_speech(u, piece, take);
	if (u->frames - u->last_end >= u->rules.hang_over && !piece->is_speech) {
		finish(u, u->last_end + u->rules.tail, out);
	} else if (u->frames >= u->rules.max_length) {
		finish(u, smaller(u->frames, u->last_end + u->rules.tail), out);
	}
	return RME_OK;
}

void
rmi_utterance_end(struct rmi_utterance *u, struct rmi_utterance_out *out)
{
	*out = (struct rmi_utterance_out){0};
	settle(u);
	if (u->speaking) {
		finish(u, smaller(u->frames, u->last_end + u->rules.tail), out);
	}
	u->last_end = u->frames;
}

void
rmi_utterance_clear(struct rmi_utterance *u)
{
	u->frames = 0;
	u->first = 0;
	forget_speech(u);
}
