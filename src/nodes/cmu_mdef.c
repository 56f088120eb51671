/* Which phones there are, in which contexts, and which senones they are made of. */

#include <stdlib.h>
#include <string.h>
#include "nodes/cmu_files.h"

static enum rme_err
no_memory(struct rme_error *err)
{
	return rme_error_set(err, RME_ENOMEM, "speech model", "no memory");
}

static uint32_t
slot_of(const struct rmi_cmu_model *m, const struct rmi_cmu_triphone *t)
{
	uint32_t key = ((uint32_t)t->base << 24) ^ ((uint32_t)t->left << 16) ^ ((uint32_t)t->right << 8) ^ t->position;
	key *= 2654435761U;
	return (key ^ key >> 15) & (m->n_slots - 1);
}

static bool
same_context(const struct rmi_cmu_triphone *a, const struct rmi_cmu_triphone *b)
{
	return a->base == b->base && a->left == b->left && a->right == b->right && a->position == b->position;
}

/* Slots hold the number plus one; 0 = free. */
static void
index_contexts(struct rmi_cmu_model *m)
{
	for (uint32_t i = m->n_base; i < m->n_triphones; i++) {
		uint32_t at = slot_of(m, &m->triphones[i]);
		while (m->by_context[at] != 0) {
			at = (at + 1) & (m->n_slots - 1);
		}
		m->by_context[at] = i + 1;
	}
}

static const struct rmi_cmu_triphone *
find(const struct rmi_cmu_model *m, const struct rmi_cmu_triphone *want)
{
	for (uint32_t at = slot_of(m, want); m->by_context[at] != 0; at = (at + 1) & (m->n_slots - 1)) {
		const struct rmi_cmu_triphone *t = &m->triphones[m->by_context[at] - 1];
		if (same_context(t, want)) {
			return t;
		}
	}
	return NULL;
}

/* Noises count as silence to their neighbors. */
static uint8_t
context(const struct rmi_cmu_model *m, uint32_t phone)
{
	return (uint8_t)(m->phones[phone][0] == '+' ? m->silence : phone);
}

const struct rmi_cmu_triphone *
rmi_cmu_triphone(
    const struct rmi_cmu_model *m, enum rmi_cmu_position position, uint32_t base, uint32_t left, uint32_t right)
{
	static const enum rmi_cmu_position nearest[4][3] = {
	    {RMI_CMU_BEGIN, RMI_CMU_END, RMI_CMU_SINGLE},
	    {RMI_CMU_INTERNAL, RMI_CMU_SINGLE, RMI_CMU_END},
	    {RMI_CMU_INTERNAL, RMI_CMU_SINGLE, RMI_CMU_BEGIN},
	    {RMI_CMU_BEGIN, RMI_CMU_END, RMI_CMU_INTERNAL},
	};
	struct rmi_cmu_triphone want = {
	    .position = (uint8_t)position,
	    .base = (uint8_t)base,
	    .left = context(m, left),
	    .right = context(m, right),
	};
	const struct rmi_cmu_triphone *t = find(m, &want);
	for (uint32_t i = 0; t == NULL && i < 3; i++) {
		want.position = (uint8_t)nearest[position][i];
		t = find(m, &want);
	}
	return t != NULL ? t : &m->triphones[base];
}

uint32_t
rmi_cmu_phone(const struct rmi_cmu_model *m, const char *name, size_t len)
{
	uint32_t i = 0;
	while (i < m->n_base && !(strncmp(m->phones[i], name, len) == 0 && m->phones[i][len] == '\0')) {
		i++;
	}
	return i;
}

static bool
take_names(struct rmi_cursor *c, struct rmi_cmu_model *m)
{
	size_t start = c->at;
	const uint8_t *first = c->data + c->at;
	for (uint32_t i = 0; i < m->n_base; i++) {
		while (rmi_cursor_u8(c) != 0) {
		}
	}
	size_t len = c->at - start;
	m->names = c->bad ? NULL : malloc(len + 1);
	m->phones = (char **)calloc(m->n_base, sizeof(char *));
	if (m->names == NULL || m->phones == NULL) {
		return false;
	}
	memcpy(m->names, first, len);
	char *at = m->names;
	for (uint32_t i = 0; i < m->n_base; i++) {
		m->phones[i] = at;
		at += strlen(at) + 1;
	}
	while (c->at % 4 != 0 && !c->bad) {
		(void)rmi_cursor_u8(c);
	}
	return !c->bad;
}

static bool
take_triphones(struct rmi_cursor *c, struct rmi_cmu_model *m)
{
	for (uint32_t i = 0; i < m->n_triphones; i++) {
		struct rmi_cmu_triphone *t = &m->triphones[i];
		t->sequence = rmi_cursor_u32(c);
		t->tmat = rmi_cursor_u32(c);
		t->position = rmi_cursor_u8(c);
		t->base = rmi_cursor_u8(c);
		t->left = rmi_cursor_u8(c);
		t->right = rmi_cursor_u8(c);
		if (i < m->n_base) {
			t->base = (uint8_t)i;
			t->position = 0;
		}
		if (c->bad || t->sequence >= m->n_sequences || t->position > RMI_CMU_SINGLE || t->base >= m->n_base ||
		    t->left >= m->n_base || t->right >= m->n_base) {
			return false;
		}
	}
	return rmi_cursor_u32(c) != 0;
}

/* Senone sequences; the senones of a phone belong to its codebook. */
static bool
take_sequences(struct rmi_cursor *c, struct rmi_cmu_model *m)
{
	for (size_t i = 0; i < (size_t)m->n_sequences * m->n_states; i++) {
		m->sequences[i] = rmi_cursor_u16(c);
		if (m->sequences[i] >= m->n_senones) {
			return false;
		}
	}
	for (uint32_t i = 0; i < m->n_triphones; i++) {
		for (uint32_t j = 0; j < m->n_states; j++) {
			size_t at = (size_t)m->triphones[i].sequence * m->n_states + j;
			m->codebook[m->sequences[at]] = m->triphones[i].base;
		}
	}
	return !c->bad;
}

static bool
between(uint32_t v, uint32_t min, uint32_t max)
{
	return v >= min && v <= max;
}

static bool
take_counts(struct rmi_cursor *c, struct rmi_cmu_model *m, uint32_t *n_tree)
{
	m->n_base = rmi_cursor_u32(c);
	m->n_triphones = rmi_cursor_u32(c);
	m->n_states = rmi_cursor_u32(c);
	(void)rmi_cursor_u32(c); /* senones without context */
	m->n_senones = rmi_cursor_u32(c);
	(void)rmi_cursor_u32(c); /* transition matrices: counted where they are read */
	m->n_sequences = rmi_cursor_u32(c);
	(void)rmi_cursor_u32(c); /* phones of context */
	*n_tree = rmi_cursor_u32(c);
	m->silence = rmi_cursor_u32(c);
	return !c->bad && between(m->n_base, 1, RMI_CMU_PHONES_MAX) &&
	       between(m->n_triphones, m->n_base, RMI_CMU_TRIPHONES_MAX) &&
	       between(m->n_states, 1, RMI_CMU_STATES_MAX) && between(m->n_senones, 1, RMI_CMU_SENONES_MAX) &&
	       between(m->n_sequences, 1, RMI_CMU_TRIPHONES_MAX) && m->silence < m->n_base && *n_tree <= (1U << 24);
}

static bool
take_room(struct rmi_cmu_model *m)
{
	for (m->n_slots = 1024; m->n_slots < 2 * m->n_triphones; m->n_slots *= 2) {
	}
	m->triphones = calloc(m->n_triphones, sizeof(*m->triphones));
	m->by_context = calloc(m->n_slots, sizeof(*m->by_context));
	m->sequences = calloc((size_t)m->n_sequences * m->n_states, sizeof(*m->sequences));
	m->codebook = calloc(m->n_senones, sizeof(*m->codebook));
	return m->triphones != NULL && m->by_context != NULL && m->sequences != NULL && m->codebook != NULL;
}

enum rme_err
rmi_cmu_read_mdef(struct rmi_cmu_model *m, const char *folder, struct rme_error *err)
{
	struct rmi_cmu_bytes f;
	uint32_t n_tree = 0;
	enum rme_err e = rmi_cmu_open(&f, folder, "mdef", err);
	if (e != RME_OK) {
		return e;
	}
	const uint8_t *magic = rmi_cursor_bytes(&f.at, 4);
	bool ok = magic != NULL && memcmp(magic, "BMDF", 4) == 0 && rmi_cursor_u32(&f.at) == 1;
	(void)rmi_cursor_bytes(&f.at, rmi_cursor_u32(&f.at)); /* a description for people */
	ok = ok && take_counts(&f.at, m, &n_tree);
	if (ok && !take_room(m)) {
		free(f.data);
		return no_memory(err);
	}
	ok = ok && take_names(&f.at, m);
	(void)rmi_cursor_bytes(&f.at, (size_t)n_tree * 8); /* a search tree over the contexts */
	ok = ok && take_triphones(&f.at, m) && take_sequences(&f.at, m);
	if (ok) {
		index_contexts(m);
	}
	e = ok ? RME_OK : rmi_cmu_broken(&f, err);
	free(f.data);
	return e;
}
