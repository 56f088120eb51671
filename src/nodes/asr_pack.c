#include "nodes/asr_pack.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "modules/audio/simple_asr/asr_format.h"
#include "nodes/asr_graph.h"
#include "nodes/speech_grammar.h"

/* What eval/asr found on its development set. */
static const float phone_penalty = -5.0F;
static const float grade[3] = {2.9F, 1.1F, 1.4F};
static const float threshold = 0.5F;

struct packer {
	struct rmi_cmu_model model;
	struct rmi_cmu_dictionary dictionary;
	struct rmi_fsg fsg;
	struct rmi_asr_graph graph;
	uint32_t *senones; /* [senone of the model]: its number in the file plus one, 0 = not used */
	uint32_t *used;    /* [senone of the file] */
	uint32_t n_used;
	struct asr_header h;
	uint8_t *out;
	struct rme_error *err;
};

static enum rme_err
no_memory(const struct packer *k)
{
	return rme_error_set(k->err, RME_ENOMEM, "speech model", "no memory");
}

static const uint16_t *
senones_of(const struct packer *k, const struct rmi_cmu_triphone *t)
{
	return k->model.sequences + (size_t)t->sequence * k->model.n_states;
}

static void
use(struct packer *k, const struct rmi_cmu_triphone *t)
{
	for (uint32_t i = 0; i < k->model.n_states; i++) {
		uint32_t s = senones_of(k, t)[i];
		if (k->senones[s] == 0) {
			k->used[k->n_used++] = s;
			k->senones[s] = k->n_used;
		}
	}
}

static void
put_senones(const struct packer *k, const struct rmi_cmu_triphone *t, uint16_t out[ASR_STATES_MAX])
{
	for (uint32_t i = 0; i < k->model.n_states; i++) {
		out[i] = (uint16_t)(k->senones[senones_of(k, t)[i]] - 1);
	}
}

/* Senones of all phones, then those that the grammar needs. */
static enum rme_err
choose_senones(struct packer *k)
{
	k->senones = calloc(k->model.n_senones, sizeof(*k->senones));
	k->used = calloc(k->model.n_senones, sizeof(*k->used));
	if (k->senones == NULL || k->used == NULL) {
		return no_memory(k);
	}
	for (uint32_t i = 0; i < k->model.n_base; i++) {
		use(k, &k->model.triphones[i]);
	}
	for (size_t i = 0; i < k->graph.n_nodes; i++) {
		use(k, k->graph.nodes[i].phone);
	}
	return k->n_used <= ASR_SENONES_MAX ? RME_OK
	                                    : rme_error_set(k->err, RME_ELIMIT, "grammar", "it needs too many sounds");
}

static double
mel(double hz)
{
	return 2595.0 * log10(1.0 + hz / 700.0);
}

static bool
filters_fit(const struct rmi_cmu_model *m)
{
	return m->n_filters >= 13 && m->n_filters <= ASR_FILTERS_MAX && m->lower_hz >= 0.0 &&
	       m->upper_hz > m->lower_hz && m->upper_hz <= 8000.0 && m->lifter <= 1000;
}

/* Edges of the mel filters, each on a bin of the spectrum. */
static enum rme_err
place_filters(struct packer *k)
{
	const struct rmi_cmu_model *m = &k->model;
	bool cepstra = m->differences && m->n_streams == 3;
	k->h.feature = cepstra ? ASR_FEATURE_CEPSTRA : ASR_FEATURE_GIVEN;
	if (!cepstra) {
		return RME_OK;
	}
	bool ok = filters_fit(m);
	double low = mel(m->lower_hz), step = (mel(m->upper_hz) - low) / (m->n_filters + 1);
	for (uint32_t i = 0; ok && i < m->n_filters + 2; i++) {
		double hz = 700.0 * (pow(10.0, (low + step * i) / 2595.0) - 1.0);
		k->h.edges[i] = (uint16_t)(hz / (16000.0 / 512.0) + 0.5);
		ok = i == 0 || k->h.edges[i] > k->h.edges[i - 1];
	}
	k->h.n_filters = m->n_filters;
	k->h.lifter = m->lifter;
	return ok ? RME_OK
	          : rme_error_set(
	                k->err, RME_EUNSUPPORTED, "speech model", "feat.params: such a filter bank is not known");
}

static size_t
text_bytes(const struct packer *k)
{
	size_t n = 0;
	for (uint32_t i = 0; i < k->fsg.n_words; i++) {
		n += strlen(k->fsg.words[i]);
	}
	return n;
}

/* Counts, and where each section goes. */
static enum rme_err
lay_out(struct packer *k)
{
	const struct rmi_cmu_model *m = &k->model;
	struct asr_header *h = &k->h;
	memcpy(h->magic, ASR_MAGIC, sizeof(h->magic));
	h->n_streams = m->n_streams;
	memcpy(h->dims, m->dims, sizeof(h->dims));
	h->n_densities = m->n_densities;
	h->n_codebooks = m->n_codebooks;
	h->n_senones = k->n_used;
	h->n_tmats = m->n_tmats;
	h->n_states = m->n_states;
	h->n_phones = m->n_base;
	h->n_nodes = (uint32_t)k->graph.n_nodes;
	h->n_points = (uint32_t)k->graph.n_points;
	h->n_arcs = (uint32_t)k->graph.n_links;
	h->n_words = k->fsg.n_words + 1;
	h->phone_penalty = phone_penalty;
	memcpy(h->grade, grade, sizeof(h->grade));
	h->threshold = threshold;
	memcpy(h->grammar, k->fsg.name, sizeof(h->grammar));
	size_t tables = (size_t)m->n_codebooks * m->n_dims * m->n_densities;
	const size_t bytes[ASR_SECTIONS] = {
	    [ASR_MEANS] = tables,
	    [ASR_WEIGHTS] = tables,
	    [ASR_SCALES] = m->n_dims * sizeof(struct asr_scale),
	    [ASR_MIXW] = (size_t)k->n_used * m->n_streams * m->n_densities,
	    [ASR_CODEBOOK] = k->n_used * sizeof(uint16_t),
	    [ASR_TRANSITION] = (size_t)m->n_tmats * m->n_states * 3 * sizeof(float),
	    [ASR_PHONES] = m->n_base * sizeof(struct asr_phone),
	    [ASR_NODES] = k->graph.n_nodes * sizeof(struct asr_node),
	    [ASR_POINTS] = k->graph.n_points * sizeof(struct asr_point),
	    [ASR_ARCS] = k->graph.n_links * sizeof(struct asr_arc),
	    [ASR_WORDS] = h->n_words * sizeof(struct asr_word),
	    [ASR_TEXT] = text_bytes(k),
	};
	size_t at = sizeof(*h);
	for (uint32_t i = 0; i < ASR_SECTIONS; i++) {
		at = (at + 15) & ~(size_t)15;
		h->offset[i] = (uint32_t)at;
		at += bytes[i];
	}
	h->bytes = (uint32_t)at;
	if (m->n_densities % 16 != 0 || at > ASR_FILE_MAX || h->n_words > ASR_WORDS_MAX) {
		return rme_error_set(
		    k->err, RME_ELIMIT, "speech model", "the file would be larger than %d bytes", ASR_FILE_MAX);
	}
	k->out = calloc(1, at + 16);
	return k->out != NULL ? RME_OK : no_memory(k);
}

static void *
section(const struct packer *k, enum asr_section s)
{
	return k->out + k->h.offset[s];
}

/* Of one dimension: bytes from the lowest to the highest value. @p in has one value every @p stride */
static void
quantize(const struct packer *k, uint32_t dim, bool weights, struct asr_scale *scale)
{
	const struct rmi_cmu_model *m = &k->model;
	uint32_t stream = 0, first = 0;
	while (dim >= first + m->dims[stream]) {
		first += m->dims[stream++];
	}
	size_t per_codebook = (size_t)m->n_densities * m->n_dims;
	size_t start = (size_t)m->n_densities * first + (dim - first);
	uint8_t *out = section(k, weights ? ASR_WEIGHTS : ASR_MEANS);
	double low = INFINITY, high = -INFINITY;
	for (int pass = 0; pass < 2; pass++) {
		double step = high > low ? (high - low) / 255.0 : 0.0;
		for (size_t c = 0; c < m->n_codebooks; c++) {
			for (size_t d = 0; d < m->n_densities; d++) {
				size_t at = c * per_codebook + start + d * m->dims[stream];
				double v =
				    weights ? log(0.5 / fmax((double)m->variances[at], 1e-4)) : (double)m->means[at];
				if (pass == 0) {
					low = fmin(low, v);
					high = fmax(high, v);
				} else {
					out[(c * m->n_dims + dim) * m->n_densities + d] =
					    (uint8_t)(step > 0.0 ? lround((v - low) / step) : 0);
				}
			}
		}
		*(weights ? &scale->weight_low : &scale->mean_low) = (float)low;
		*(weights ? &scale->weight_step : &scale->mean_step) = (float)step;
	}
}

static void
put_sounds(struct packer *k)
{
	const struct rmi_cmu_model *m = &k->model;
	struct asr_scale *scales = section(k, ASR_SCALES);
	for (uint32_t d = 0; d < m->n_dims; d++) {
		quantize(k, d, false, &scales[d]);
		quantize(k, d, true, &scales[d]);
	}
	uint8_t *mixw = section(k, ASR_MIXW);
	uint16_t *codebook = section(k, ASR_CODEBOOK);
	size_t rows = (size_t)m->n_streams * m->n_densities;
	for (size_t i = 0; i < k->n_used; i++) {
		codebook[i] = m->codebook[k->used[i]];
		for (size_t r = 0; r < rows; r++) {
			mixw[i * rows + r] = m->mixw[r * m->n_senones + k->used[i]];
		}
	}
	float *transition = section(k, ASR_TRANSITION);
	for (size_t i = 0; i < (size_t)m->n_tmats * m->n_states * 3; i++) {
		transition[i] = m->transition[i] > 0.0F ? logf(fmaxf(m->transition[i], 1e-4F)) : ASR_LOG_ZERO;
	}
	struct asr_phone *phones = section(k, ASR_PHONES);
	for (uint32_t i = 0; i < m->n_base; i++) {
		phones[i].tmat = (uint16_t)m->triphones[i].tmat;
		put_senones(k, &m->triphones[i], phones[i].senone);
	}
}

/* Nodes first, then points. */
static uint32_t
place(const struct packer *k, uint32_t end)
{
	return (end & RMI_ASR_POINT) != 0 ? (uint32_t)k->graph.n_nodes + (end & ~RMI_ASR_POINT) : end;
}

static enum rme_err
put_graph(struct packer *k)
{
	const struct rmi_asr_graph *g = &k->graph;
	size_t n = g->n_nodes + g->n_points;
	struct asr_node *nodes = section(k, ASR_NODES);
	struct asr_point *points = section(k, ASR_POINTS);
	struct asr_arc *arcs = section(k, ASR_ARCS);
	uint32_t *first = calloc(n + 1, sizeof(*first));
	if (first == NULL) {
		return no_memory(k);
	}
	for (size_t i = 0; i < g->n_links; i++) {
		first[place(k, g->links[i].from) + 1]++;
	}
	for (size_t i = 0; i < n; i++) {
		first[i + 1] += first[i];
	}
	for (size_t i = 0; i < g->n_nodes; i++) {
		uint32_t word = g->nodes[i].word;
		nodes[i].first_arc = first[i];
		nodes[i].word = (uint16_t)(word == RMI_ASR_NO_WORD ? ASR_NO_WORD : word);
		nodes[i].tmat = (uint16_t)g->nodes[i].phone->tmat;
		put_senones(k, g->nodes[i].phone, nodes[i].senone);
	}
	for (size_t i = 0; i < g->n_points; i++) {
		points[i] = (struct asr_point){first[g->n_nodes + i], g->last[i]};
	}
	for (size_t i = 0; i < g->n_links; i++) {
		uint32_t from = place(k, g->links[i].from);
		arcs[first[from]++] = (struct asr_arc){place(k, g->links[i].to), g->links[i].weight};
	}
	free(first);
	return RME_OK;
}

static void
put_words(struct packer *k)
{
	struct asr_word *words = section(k, ASR_WORDS);
	char *text = section(k, ASR_TEXT);
	uint32_t at = 0;
	for (uint32_t i = 0; i < k->fsg.n_words; i++) {
		uint32_t len = (uint32_t)strlen(k->fsg.words[i]);
		words[i + 1] = (struct asr_word){at, len};
		memcpy(text + at, k->fsg.words[i], len);
		at += len;
	}
}

static enum rme_err
read_all(struct packer *k, const struct rmi_asr_pack_config *config)
{
	char *grammar = NULL;
	enum rme_err e = rmi_grammar_load(&grammar, config->grammar, k->err);
	e = e == RME_OK ? rmi_grammar_check(grammar, k->err) : e;
	e = e == RME_OK ? rmi_fsg_read(&k->fsg, grammar, k->err) : e;
	free(grammar);
	e = e == RME_OK ? rmi_cmu_model_read(&k->model, config->model, k->err) : e;
	e = e == RME_OK ? rmi_cmu_dictionary_read(&k->dictionary, config->dictionary, k->err) : e;
	return e == RME_OK ? rmi_asr_graph_make(&k->graph, &k->model, &k->dictionary, &k->fsg, k->err) : e;
}

enum rme_err
rmi_asr_pack(uint8_t **out, size_t *len, const struct rmi_asr_pack_config *config, struct rme_error *err)
{
	struct packer k = {.err = err};
	enum rme_err e = read_all(&k, config);
	e = e == RME_OK ? choose_senones(&k) : e;
	e = e == RME_OK ? place_filters(&k) : e;
	e = e == RME_OK ? lay_out(&k) : e;
	if (e == RME_OK) {
		put_sounds(&k);
		put_words(&k);
		e = put_graph(&k);
	}
	if (e == RME_OK) {
		memcpy(k.out, &k.h, sizeof(k.h));
		*out = k.out;
		*len = k.h.bytes;
	} else {
		free(k.out);
	}
	free(k.senones);
	free(k.used);
	rmi_asr_graph_done(&k.graph);
	rmi_fsg_done(&k.fsg);
	rmi_cmu_dictionary_done(&k.dictionary);
	rmi_cmu_model_done(&k.model);
	return e;
}
