/* The mixture weights of senones: in bytes (sendump), or as floats (mixture_weights). */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "nodes/cmu_files.h"

static const float step = 0.10239488F; /* 1024 ln 1.0001 */
static const float smallest = 1e-7F;

/* What the header of a sendump says. */
struct sendump {
	bool big_endian;
	uint32_t clusters, bits;
};

static uint32_t
take_number(struct rmi_cursor *c, bool big_endian)
{
	uint32_t v = rmi_cursor_u32(c);
	return big_endian ? __builtin_bswap32(v) : v;
}

/* Strings, each with its length before it, until one of length 0. */
static bool
take_header(struct rmi_cursor *c, struct sendump *h)
{
	uint32_t first = rmi_cursor_u32(c);
	h->big_endian = first > 0xffff;
	c->at = 0;
	for (uint32_t n = take_number(c, h->big_endian); n != 0; n = take_number(c, h->big_endian)) {
		const char *text = (const char *)rmi_cursor_bytes(c, n);
		if (text == NULL) {
			return false;
		}
		if (text[n - 1] != '\0') {
			continue; /* padding */
		}
		if (strncmp(text, "cluster_count ", 14) == 0) {
			h->clusters = (uint32_t)strtoul(text + 14, NULL, 10);
		} else if (strncmp(text, "cluster_bits ", 13) == 0) {
			h->bits = (uint32_t)strtoul(text + 13, NULL, 10);
		}
	}
	return !c->bad;
}

/* Two weights to the byte, the even senone's in the low half, by way of a table. */
static bool
take_clustered(struct rmi_cursor *c, struct rmi_cmu_model *m)
{
	const uint8_t *table = rmi_cursor_bytes(c, 16);
	size_t row = (m->n_senones + 1) / 2;
	for (uint32_t i = 0; table != NULL && i < m->n_streams * m->n_densities; i++) {
		const uint8_t *bytes = rmi_cursor_bytes(c, row);
		if (bytes == NULL) {
			return false;
		}
		for (uint32_t s = 0; s < m->n_senones; s++) {
			uint32_t two = bytes[s / 2];
			m->mixw[(size_t)i * m->n_senones + s] = table[s % 2 == 0 ? two & 15 : two >> 4];
		}
	}
	return table != NULL;
}

static bool
take_plain(struct rmi_cursor *c, struct rmi_cmu_model *m, bool big_endian)
{
	size_t n = (size_t)m->n_streams * m->n_densities * m->n_senones;
	if (take_number(c, big_endian) != m->n_densities || take_number(c, big_endian) != m->n_senones) {
		return false;
	}
	const uint8_t *bytes = rmi_cursor_bytes(c, n);
	if (bytes != NULL) {
		memcpy(m->mixw, bytes, n);
	}
	return bytes != NULL;
}

static bool
take_sendump(struct rmi_cursor *c, struct rmi_cmu_model *m)
{
	struct sendump h = {0};
	if (!take_header(c, &h)) {
		return false;
	}
	return h.clusters == 0 ? take_plain(c, m, h.big_endian) : h.bits == 4 && take_clustered(c, m);
}

/* Counts of one senone and stream become probabilities, and these bytes. */
static void
put_row(struct rmi_cmu_model *m, const float *row, size_t senone, size_t stream)
{
	float sum = 0.0F;
	for (uint32_t d = 0; d < m->n_densities; d++) {
		sum += row[d];
	}
	for (uint32_t d = 0; d < m->n_densities; d++) {
		float p = sum > 0.0F ? row[d] / sum : 0.0F;
		long q = lroundf(-logf(fmaxf(p, smallest)) / step);
		m->mixw[(stream * m->n_densities + d) * m->n_senones + senone] = (uint8_t)(q > 255 ? 255
		                                                                           : q < 0 ? 0
		                                                                                   : q);
	}
}

static bool
take_mixture_weights(struct rmi_cursor *c, struct rmi_cmu_model *m)
{
	float row[256];
	if (!rmi_cmu_skip_header(c) || rmi_cursor_u32(c) != m->n_senones || rmi_cursor_u32(c) != m->n_streams ||
	    rmi_cursor_u32(c) != m->n_densities || rmi_cursor_u32(c) != m->n_senones * m->n_streams * m->n_densities) {
		return false;
	}
	for (size_t i = 0; i < (size_t)m->n_senones * m->n_streams; i++) {
		if (!rmi_cmu_take_floats(c, m->n_densities, row)) {
			return false;
		}
		put_row(m, row, i / m->n_streams, i % m->n_streams);
	}
	return true;
}

enum rme_err
rmi_cmu_read_weights(struct rmi_cmu_model *m, const char *folder, struct rme_error *err)
{
	struct rmi_cmu_bytes f;
	enum rme_err e = rmi_cmu_open(&f, folder, "sendump", err);
	bool floats = e == RME_ENOTFOUND;
	e = floats ? rmi_cmu_open(&f, folder, "mixture_weights", err) : e;
	if (e != RME_OK) {
		return e;
	}
	m->mixw = calloc((size_t)m->n_streams * m->n_densities, m->n_senones);
	if (m->mixw == NULL) {
		e = rme_error_set(err, RME_ENOMEM, "speech model", "no memory");
	} else if (!(floats ? take_mixture_weights(&f.at, m) : take_sendump(&f.at, m))) {
		e = rmi_cmu_broken(&f, err);
	}
	free(f.data);
	return e;
}
