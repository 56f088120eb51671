#include "asr_model.h"

#include <stddef.h>

/* Bytes of section @p s as the counts in the header have it; they are within their limits by then. */
static uint64_t
section_bytes(const struct asr_header *h, uint32_t n_dims, enum asr_section s)
{
	uint64_t tables = (uint64_t)h->n_codebooks * n_dims * h->n_densities;
	uint64_t bytes[ASR_SECTIONS] = {
	    [ASR_MEANS] = tables,
	    [ASR_WEIGHTS] = tables,
	    [ASR_SCALES] = (uint64_t)n_dims * sizeof(struct asr_scale),
	    [ASR_MIXW] = (uint64_t)h->n_senones * h->n_streams * h->n_densities,
	    [ASR_CODEBOOK] = (uint64_t)h->n_senones * sizeof(uint16_t),
	    [ASR_TRANSITION] = (uint64_t)h->n_tmats * h->n_states * 3 * sizeof(float),
	    [ASR_PHONES] = (uint64_t)h->n_phones * sizeof(struct asr_phone),
	    [ASR_NODES] = (uint64_t)h->n_nodes * sizeof(struct asr_node),
	    [ASR_POINTS] = (uint64_t)h->n_points * sizeof(struct asr_point),
	    [ASR_ARCS] = (uint64_t)h->n_arcs * sizeof(struct asr_arc),
	    [ASR_WORDS] = (uint64_t)h->n_words * sizeof(struct asr_word),
	};
	return bytes[s];
}

static int
within(uint32_t v, uint32_t min, uint32_t max)
{
	return v >= min && v <= max;
}

/* False for NaN, too. */
static int
sane(float v, float limit)
{
	return v >= -limit && v <= limit;
}

static int
counts_are_sane(const struct asr_header *h)
{
	const uint32_t counts[][2] = {
	    {h->n_streams, ASR_STREAMS_MAX},
	    {h->n_densities, ASR_DENSITIES_MAX},
	    {h->n_codebooks, ASR_CODEBOOKS_MAX},
	    {h->n_senones, ASR_SENONES_MAX},
	    {h->n_tmats, ASR_TMATS_MAX},
	    {h->n_states, ASR_STATES_MAX},
	    {h->n_phones, ASR_PHONES_MAX},
	    {h->n_nodes, ASR_NODES_MAX},
	    {h->n_points, ASR_POINTS_MAX},
	    {h->n_words, ASR_WORDS_MAX},
	};
	for (uint32_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		if (!within(counts[i][0], 1, counts[i][1])) {
			return 0;
		}
	}
	return h->n_densities % 16 == 0 && h->n_arcs <= ASR_ARCS_MAX && h->start < h->n_points;
}

static int
front_end_is_sane(const struct asr_header *h)
{
	if (h->feature == ASR_FEATURE_GIVEN) {
		return 1;
	}
	if (h->feature != ASR_FEATURE_CEPSTRA || h->n_streams != 3 || !within(h->n_filters, 13, ASR_FILTERS_MAX) ||
	    h->lifter > 1000) {
		return 0;
	}
	for (uint32_t i = 0; i < h->n_filters + 1; i++) {
		if (h->edges[i] >= h->edges[i + 1] || h->edges[i + 1] > 256) {
			return 0;
		}
	}
	return h->dims[0] == 13 && h->dims[1] == 13 && h->dims[2] == 13;
}

static int
header_is_sane(const struct asr_header *h)
{
	if (!counts_are_sane(h) || !front_end_is_sane(h)) {
		return 0;
	}
	uint32_t n_dims = 0;
	for (uint32_t i = 0; i < h->n_streams; i++) {
		if (!within(h->dims[i], 1, ASR_DIMS_MAX)) {
			return 0;
		}
		n_dims += h->dims[i];
	}
	int grades = sane(h->grade[0], 1e3f) && sane(h->grade[1], 1e3f) && sane(h->grade[2], 1e3f);
	return n_dims <= ASR_DIMS_MAX && grades && sane(h->phone_penalty, 1e3f) && sane(h->threshold, 1.0f) &&
	       h->grammar[sizeof h->grammar - 1] == '\0';
}

static int
senones_are_sane(const struct asr_header *h, const uint16_t *senone, uint32_t tmat)
{
	for (uint32_t i = 0; i < h->n_states; i++) {
		if (senone[i] >= h->n_senones) {
			return 0;
		}
	}
	return tmat < h->n_tmats;
}

static int
scales_are_sane(const struct asr_model *m)
{
	for (uint32_t i = 0; i < m->n_dims; i++) {
		const struct asr_scale *s = &m->scales[i];
		if (!sane(s->mean_low, 1e4f) || !sane(s->mean_step, 1e3f) || !sane(s->weight_low, 30.0f) ||
		    !sane(s->weight_step, 0.2f)) {
			return 0;
		}
	}
	return 1;
}

static int
sounds_are_sane(const struct asr_model *m)
{
	const struct asr_header *h = m->header;
	for (uint32_t i = 0; i < h->n_tmats * h->n_states * 3; i++) {
		if (!(m->transition[i] <= 0.0f && m->transition[i] >= ASR_LOG_ZERO)) {
			return 0;
		}
	}
	for (uint32_t i = 0; i < h->n_senones; i++) {
		if (m->codebook[i] >= h->n_codebooks) {
			return 0;
		}
	}
	for (uint32_t i = 0; i < h->n_phones; i++) {
		if (!senones_are_sane(h, m->phones[i].senone, m->phones[i].tmat)) {
			return 0;
		}
	}
	return 1;
}

static int
words_are_sane(const struct asr_model *m, uint64_t text_bytes)
{
	for (uint32_t i = 0; i < m->header->n_words; i++) {
		if ((uint64_t)m->words[i].text + m->words[i].len > text_bytes) {
			return 0;
		}
	}
	return 1;
}

uint32_t
asr_model_arcs_end(const struct asr_model *m, uint32_t from)
{
	const struct asr_header *h = m->header;
	from++;
	if (from < h->n_nodes) {
		return m->nodes[from].first_arc;
	}
	return from < h->n_nodes + h->n_points ? m->points[from - h->n_nodes].first_arc : h->n_arcs;
}

/* Arcs of nodes lead to nodes and points, those of points to nodes. */
static int
arcs_are_sane(const struct asr_model *m, uint32_t from)
{
	const struct asr_header *h = m->header;
	int is_node = from < h->n_nodes;
	uint32_t first = is_node ? m->nodes[from].first_arc : m->points[from - h->n_nodes].first_arc;
	uint32_t end = asr_model_arcs_end(m, from);
	uint32_t targets = is_node ? h->n_nodes + h->n_points : h->n_nodes;
	if (first > end || end > h->n_arcs) {
		return 0;
	}
	for (uint32_t a = first; a < end; a++) {
		if (m->arcs[a].to >= targets || !sane(m->arcs[a].weight, 1e4f)) {
			return 0;
		}
	}
	return 1;
}

static int
graph_is_sane(const struct asr_model *m)
{
	const struct asr_header *h = m->header;
	for (uint32_t i = 0; i < h->n_nodes; i++) {
		const struct asr_node *n = &m->nodes[i];
		if (!arcs_are_sane(m, i) || !senones_are_sane(h, n->senone, n->tmat) ||
		    (n->word != ASR_NO_WORD && n->word >= h->n_words)) {
			return 0;
		}
	}
	for (uint32_t i = 0; i < h->n_points; i++) {
		float last = m->points[i].last;
		if (!arcs_are_sane(m, h->n_nodes + i) || !(last <= 1e4f && last >= ASR_LOG_ZERO)) {
			return 0;
		}
	}
	return 1;
}

static uint32_t
sum_of_dims(const struct asr_header *h)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < h->n_streams; i++) {
		n += h->dims[i];
	}
	return n;
}

static int
sections_fit(const struct asr_header *h)
{
	for (uint32_t s = 0; s < ASR_SECTIONS; s++) {
		if (h->offset[s] % 16 != 0 || h->offset[s] < sizeof *h || h->offset[s] > h->bytes ||
		    section_bytes(h, sum_of_dims(h), (enum asr_section)s) > h->bytes - h->offset[s]) {
			return 0;
		}
	}
	return 1;
}

int
asr_model_open(struct asr_model *m, const uint8_t *data, uint32_t len, const char **why)
{
	const struct asr_header *h = (const struct asr_header *)(const void *)data;
	*why = "not a model of simple_asr";
	if ((uintptr_t)data % 16 != 0 || len < sizeof *h ||
	    __builtin_memcmp(h->magic, ASR_MAGIC, sizeof h->magic) != 0) {
		return -1;
	}
	*why = "the model is cut off or damaged";
	if (h->bytes != len || len > ASR_FILE_MAX || !header_is_sane(h) || !sections_fit(h)) {
		return -1;
	}
	*m = (struct asr_model){
	    .header = h,
	    .means = data + h->offset[ASR_MEANS],
	    .weights = data + h->offset[ASR_WEIGHTS],
	    .mixw = data + h->offset[ASR_MIXW],
	    .scales = (const struct asr_scale *)(const void *)(data + h->offset[ASR_SCALES]),
	    .codebook = (const uint16_t *)(const void *)(data + h->offset[ASR_CODEBOOK]),
	    .transition = (const float *)(const void *)(data + h->offset[ASR_TRANSITION]),
	    .phones = (const struct asr_phone *)(const void *)(data + h->offset[ASR_PHONES]),
	    .nodes = (const struct asr_node *)(const void *)(data + h->offset[ASR_NODES]),
	    .points = (const struct asr_point *)(const void *)(data + h->offset[ASR_POINTS]),
	    .arcs = (const struct asr_arc *)(const void *)(data + h->offset[ASR_ARCS]),
	    .words = (const struct asr_word *)(const void *)(data + h->offset[ASR_WORDS]),
	    .text = (const char *)(data + h->offset[ASR_TEXT]),
	    .n_dims = sum_of_dims(h),
	};
	uint64_t text_bytes = len - h->offset[ASR_TEXT];
	return scales_are_sane(m) && sounds_are_sane(m) && words_are_sane(m, text_bytes) && graph_is_sane(m) ? 0 : -1;
}
