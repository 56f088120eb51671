#include "nodes/cmu_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nodes/cmu_files.h"

enum { PATH_BYTES_MAX = 4096, BYTE_ORDER_MARK = 0x11223344 };

static enum rme_err
read_stream(struct rmi_cmu_bytes *out, FILE *f, struct rme_error *err)
{
	size_t cap = 1 << 16, len = 0;
	uint8_t *data = malloc(cap + 1);
	for (size_t n = 1; data != NULL && n > 0 && len <= RMI_CMU_FILE_MAX;) {
		if (len == cap) {
			uint8_t *grown = realloc(data, 2 * cap + 1);
			if (grown == NULL) {
				free(data);
				data = NULL;
				break;
			}
			data = grown;
			cap *= 2;
		}
		n = fread(data + len, 1, cap - len, f);
		len += n;
	}
	if (data == NULL) {
		return rme_error_set(err, RME_ENOMEM, "speech model", "no memory");
	}
	if (ferror(f) || len > RMI_CMU_FILE_MAX) {
		free(data);
		return ferror(f) ? rme_error_set(err, RME_EIO, "speech model", "%.160s cannot be read", out->name)
		                 : rme_error_set(err, RME_ELIMIT, "speech model", "%.160s is too large", out->name);
	}
	data[len] = '\0';
	out->data = data;
	out->at = rmi_cursor(data, len);
	return RME_OK;
}

enum rme_err
rmi_cmu_open(struct rmi_cmu_bytes *out, const char *folder, const char *name, struct rme_error *err)
{
	char path[PATH_BYTES_MAX];
	int n = snprintf(path, sizeof(path), "%s%s%s", folder != NULL ? folder : "", folder != NULL ? "/" : "", name);
	FILE *f = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;
	*out = (struct rmi_cmu_bytes){.name = name};
	if (f == NULL) {
		return rme_error_set(err, RME_ENOTFOUND, "speech model",
		    "model not found: %.120s (%s); install pocketsphinx-en-us, or name another folder", path,
		    strerror(errno));
	}
	enum rme_err e = read_stream(out, f, err);
	(void)fclose(f);
	return e;
}

enum rme_err
rmi_cmu_broken(const struct rmi_cmu_bytes *f, struct rme_error *err)
{
	return rme_error_set(err, RME_EFORMAT, "speech model", "%.160s is damaged, or of another kind", f->name);
}

bool
rmi_cmu_skip_header(struct rmi_cursor *c)
{
	static const char end[] = "endhdr\n";
	const uint8_t *found = memmem(c->data, c->len, end, sizeof(end) - 1);
	if (found == NULL) {
		return false;
	}
	c->at = (size_t)(found - c->data) + sizeof(end) - 1;
	return rmi_cursor_u32(c) == BYTE_ORDER_MARK;
}

bool
rmi_cmu_take_floats(struct rmi_cursor *c, size_t n, float *out)
{
	const uint8_t *bytes = rmi_cursor_bytes(c, n * sizeof(float));
	if (bytes == NULL) {
		return false;
	}
	memcpy(out, bytes, n * sizeof(float));
	for (size_t i = 0; i < n; i++) {
		if (!(out[i] > -1e9F && out[i] < 1e9F)) {
			return false;
		}
	}
	return true;
}

/* Store a count, or compare it with the one of a file before. */
static bool
agree(uint32_t *have, uint32_t v, uint32_t max)
{
	if (v < 1 || v > max || (*have != 0 && *have != v)) {
		return false;
	}
	*have = v;
	return true;
}

/* The counts before means and variances; the second file must have those of the first. */
static bool
take_shape(struct rmi_cursor *c, struct rmi_cmu_model *m)
{
	uint32_t codebooks = rmi_cursor_u32(c), streams = rmi_cursor_u32(c), densities = rmi_cursor_u32(c);
	if (!agree(&m->n_codebooks, codebooks, 256) || !agree(&m->n_streams, streams, RMI_CMU_STREAMS_MAX) ||
	    !agree(&m->n_densities, densities, 256)) {
		return false;
	}
	m->n_dims = 0;
	for (uint32_t i = 0; i < streams; i++) {
		if (!agree(&m->dims[i], rmi_cursor_u32(c), 64)) {
			return false;
		}
		m->n_dims += m->dims[i];
	}
	return rmi_cursor_u32(c) == codebooks * densities * m->n_dims && !c->bad;
}

static enum rme_err
read_gaussians(struct rmi_cmu_model *m, const char *folder, const char *name, float **out, struct rme_error *err)
{
	struct rmi_cmu_bytes f;
	enum rme_err e = rmi_cmu_open(&f, folder, name, err);
	if (e == RME_OK && !(rmi_cmu_skip_header(&f.at) && take_shape(&f.at, m))) {
		e = rmi_cmu_broken(&f, err);
	}
	if (e == RME_OK) {
		size_t n = (size_t)m->n_codebooks * m->n_densities * m->n_dims;
		*out = calloc(n, sizeof(float));
		e = *out == NULL                          ? rme_error_set(err, RME_ENOMEM, "speech model", "no memory")
		    : rmi_cmu_take_floats(&f.at, n, *out) ? RME_OK
		                                          : rmi_cmu_broken(&f, err);
	}
	free(f.data);
	return e;
}

/* Counts of transitions become probabilities. Only staying, the next state and the one after it are known here. */
static bool
take_matrix(struct rmi_cursor *c, uint32_t n, float *out)
{
	for (uint32_t i = 0; i < n; i++) {
		float row[RMI_CMU_STATES_MAX + 1];
		float sum = 0.0F;
		if (!rmi_cmu_take_floats(c, n + 1, row)) {
			return false;
		}
		for (uint32_t j = 0; j <= n; j++) {
			sum += row[j];
		}
		for (uint32_t k = 0; k < 3; k++) {
			out[3 * i + k] = sum > 0.0F && i + k <= n ? row[i + k] / sum : 0.0F;
		}
	}
	return true;
}

static enum rme_err
read_transitions(struct rmi_cmu_model *m, const char *folder, struct rme_error *err)
{
	struct rmi_cmu_bytes f;
	enum rme_err e = rmi_cmu_open(&f, folder, "transition_matrices", err);
	bool ok = e == RME_OK && rmi_cmu_skip_header(&f.at);
	uint32_t n = ok ? rmi_cursor_u32(&f.at) : 0;
	uint32_t from = rmi_cursor_u32(&f.at), to = rmi_cursor_u32(&f.at), all = rmi_cursor_u32(&f.at);
	ok = ok && agree(&m->n_tmats, n, 256) && from == m->n_states && to == from + 1 && all == n * from * to;
	if (ok) {
		m->transition = calloc((size_t)n * from * 3, sizeof(float));
		ok = m->transition != NULL;
	}
	for (uint32_t i = 0; ok && i < n; i++) {
		ok = take_matrix(&f.at, from, m->transition + (size_t)i * from * 3);
	}
	free(f.data);
	return e == RME_OK && !ok ? rmi_cmu_broken(&f, err) : e;
}

static void
take_option(struct rmi_cmu_model *m, const char *name, const char *value)
{
	if (strcmp(name, "-lowerf") == 0) {
		m->lower_hz = strtod(value, NULL);
	} else if (strcmp(name, "-upperf") == 0) {
		m->upper_hz = strtod(value, NULL);
	} else if (strcmp(name, "-nfilt") == 0) {
		m->n_filters = (uint32_t)strtoul(value, NULL, 10);
	} else if (strcmp(name, "-lifter") == 0) {
		m->lifter = (uint32_t)strtoul(value, NULL, 10);
	} else if (strcmp(name, "-feat") == 0) {
		m->differences = strcmp(value, "1s_c_d_dd") == 0;
	}
}

static enum rme_err
read_options(struct rmi_cmu_model *m, const char *folder, struct rme_error *err)
{
	struct rmi_cmu_bytes f;
	enum rme_err e = rmi_cmu_open(&f, folder, "feat.params", err);
	char *rest = NULL;
	char *name = e == RME_OK ? strtok_r((char *)f.data, " \t\r\n", &rest) : NULL;
	m->lower_hz = 133.33334; /* what the library takes where nothing is said */
	m->upper_hz = 6855.4976;
	m->n_filters = 40;
	while (name != NULL) {
		char *value = strtok_r(NULL, " \t\r\n", &rest);
		if (value == NULL) {
			break;
		}
		take_option(m, name, value);
		name = strtok_r(NULL, " \t\r\n", &rest);
	}
	free(f.data);
	return e;
}

/* What only all files together say. */
static enum rme_err
check_model(struct rmi_cmu_model *m, struct rme_error *err)
{
	if (m->n_codebooks != 1 && m->n_codebooks != m->n_base) {
		return rme_error_set(err, RME_EUNSUPPORTED, "speech model",
		    "%u codebooks for %u phones: neither semi-continuous nor phonetically tied", m->n_codebooks,
		    m->n_base);
	}
	for (uint32_t i = 0; i < m->n_triphones; i++) {
		if (m->triphones[i].tmat >= m->n_tmats) {
			return rme_error_set(
			    err, RME_EFORMAT, "speech model", "mdef and transition_matrices do not fit");
		}
	}
	if (m->n_codebooks == 1) {
		memset(m->codebook, 0, m->n_senones);
	}
	return RME_OK;
}

enum rme_err
rmi_cmu_model_read(struct rmi_cmu_model *out, const char *folder, struct rme_error *err)
{
	*out = (struct rmi_cmu_model){0};
	enum rme_err e = rmi_cmu_read_mdef(out, folder, err);
	e = e == RME_OK ? read_gaussians(out, folder, "means", &out->means, err) : e;
	e = e == RME_OK ? read_gaussians(out, folder, "variances", &out->variances, err) : e;
	e = e == RME_OK ? rmi_cmu_read_weights(out, folder, err) : e;
	e = e == RME_OK ? read_transitions(out, folder, err) : e;
	e = e == RME_OK ? read_options(out, folder, err) : e;
	return e == RME_OK ? check_model(out, err) : e;
}

void
rmi_cmu_model_done(struct rmi_cmu_model *m)
{
	free(m->means);
	free(m->variances);
	free(m->mixw);
	free(m->transition);
	free((void *)m->phones);
	free(m->triphones);
	free(m->by_context);
	free(m->sequences);
	free(m->codebook);
	free(m->names);
	*m = (struct rmi_cmu_model){0};
}
