#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "asr.h"
#include "nodes/asr_pack.h"
#include "nodes/cmu_model.h"

#define MODEL_DIR "/usr/share/pocketsphinx/model/en-us/"

static const char commands[] = "#JSGF V1.0; grammar drive; public <go> = go (forward | backward) <n> (meter | meters);"
                               "<n> = one | two | three | ten;";

static struct rmi_asr_pack_config
config_of(const char *grammar)
{
	return (struct rmi_asr_pack_config){MODEL_DIR "en-us", MODEL_DIR "cmudict-en-us.dict", grammar};
}

static void
packs_what_the_grammar_needs(void **state)
{
	(void)state;
	struct rmi_asr_pack_config c = config_of(commands);
	struct rme_error err = {0};
	uint8_t *file = NULL;
	size_t len = 0;
	struct asr_model m;
	const char *why = NULL;
	if (access(c.model, R_OK) != 0) {
		skip();
	}
	assert_int_equal(rmi_asr_pack(&file, &len, &c, &err), RME_OK);
	assert_int_equal(asr_model_open(&m, file, (uint32_t)len, &why), 0);
	assert_int_equal(m.header->n_words, 10); /* with silence */
	assert_int_equal(m.header->n_phones, 42);
	assert_int_equal(m.header->feature, ASR_FEATURE_CEPSTRA);
	assert_string_equal(m.header->grammar, "drive");
	assert_true(len < 700000);
	for (uint32_t i = 0; i < m.header->n_words; i++) {
		assert_true((m.words[i].len == 0) == (i == 0));
	}
	uint8_t *again = NULL;
	size_t len2 = 0;
	assert_int_equal(rmi_asr_pack(&again, &len2, &c, &err), RME_OK);
	assert_int_equal(len, len2);
	assert_memory_equal(file, again, len);
	free(again);
	free(file);
}

/* Any bytes changed: refused, or used without harm. */
static void
damaged_files_do_no_harm(void **state)
{
	(void)state;
	struct rmi_asr_pack_config c = config_of(commands);
	struct rme_error err = {0};
	uint8_t *file = NULL;
	size_t len = 0;
	const char *why = NULL;
	if (access(c.model, R_OK) != 0) {
		skip();
	}
	assert_int_equal(rmi_asr_pack(&file, &len, &c, &err), RME_OK);
	struct asr_model m;
	assert_int_equal(asr_model_open(&m, file, (uint32_t)len, &why), 0);
	uint8_t *room = aligned_alloc(16, (asr_bytes(&m) + 15) & ~(uint64_t)15);
	struct asr *a = calloc(1, sizeof(*a));
	int16_t pcm[1600];
	uint32_t random = 1, used = 0;
	for (uint32_t i = 0; i < 1600; i++) {
		random = random * 1664525 + 1013904223;
		pcm[i] = (int16_t)(random >> 18);
	}
	assert_true(asr_model_open(&m, file, (uint32_t)len - 1, &why) < 0);
	assert_true(asr_model_open(&m, file, 100, &why) < 0);
	for (uint32_t i = 0; i < 300; i++) {
		random = random * 1664525 + 1013904223;
		/* The header, or the graph behind the large tables. */
		size_t from = i % 2 == 0 ? 0 : ((struct asr_header *)(void *)file)->offset[ASR_CODEBOOK];
		size_t at = from + random / 7 % (i % 2 == 0 ? sizeof(struct asr_header) : len - from);
		uint8_t was = file[at];
		file[at] = (uint8_t)(random >> 8);
		if (asr_model_open(&m, file, (uint32_t)len, &why) == 0) {
			struct asr_verdict v;
			asr_init(a, &m, room);
			(void)asr_utterance(a, pcm, 1600, &v);
			used++;
		}
		file[at] = was;
	}
	assert_true(used > 0);
	free(a);
	free(room);
	free(file);
}

static void
says_what_is_missing(void **state)
{
	(void)state;
	struct rmi_asr_pack_config c = config_of("#JSGF V1.0; grammar x; public <a> = xyzzy;");
	struct rme_error err = {0};
	uint8_t *file = NULL;
	size_t len = 0;
	if (access(c.model, R_OK) == 0) {
		assert_int_equal(rmi_asr_pack(&file, &len, &c, &err), RME_ECONFIG);
		assert_non_null(strstr(err.text, "\"xyzzy\" is not in the dictionary"));
	}
	c.model = "/nonexistent";
	assert_int_equal(rmi_asr_pack(&file, &len, &c, &err), RME_ENOTFOUND);
	assert_non_null(strstr(err.text, "model not found: /nonexistent/mdef"));
	assert_non_null(strstr(err.text, "install pocketsphinx-en-us"));
}

/* Folders with a file that holds something else. */
static void
foreign_model_files_are_refused(void **state)
{
	(void)state;
	char folder[] = "/tmp/rme_asr_XXXXXX", path[64];
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/mdef", folder);
	static const char *const texts[] = {
	    "", "BMDF", "BMDF\1\0\0\0\377\377\377\377", "no model at all, but quite long"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *f = fopen(path, "we");
		assert_non_null(f);
		(void)fwrite(texts[i], 1, i == 2 ? 12 : strlen(texts[i]), f);
		(void)fclose(f);
		struct rmi_asr_pack_config c = config_of(commands);
		struct rme_error err = {0};
		uint8_t *file = NULL;
		size_t len = 0;
		c.model = folder;
		assert_int_equal(rmi_asr_pack(&file, &len, &c, &err), RME_EFORMAT);
		assert_non_null(strstr(err.text, "mdef is damaged"));
	}
	(void)unlink(path);
	(void)rmdir(folder);
}

static void
put_u32(FILE *f, uint32_t v)
{
	(void)fwrite(&v, sizeof(v), 1, f);
}

/* Weights as the floats that they are trained as: the same bytes come out of them, but for the last bit. */
static void
weights_may_be_floats(void **state)
{
	(void)state;
	static const char *const linked[] = {"mdef", "means", "variances", "transition_matrices", "feat.params"};
	char folder[] = "/tmp/rme_asr_XXXXXX", from[100], to[100];
	struct rmi_cmu_model m, again;
	struct rme_error err = {0};
	if (access(MODEL_DIR "en-us", R_OK) != 0) {
		skip();
	}
	assert_non_null(mkdtemp(folder));
	assert_int_equal(rmi_cmu_model_read(&m, MODEL_DIR "en-us", &err), RME_OK);
	for (size_t i = 0; i < 5; i++) {
		(void)snprintf(from, sizeof(from), MODEL_DIR "en-us/%s", linked[i]);
		(void)snprintf(to, sizeof(to), "%s/%s", folder, linked[i]);
		assert_int_equal(symlink(from, to), 0);
	}
	assert_int_equal(rmi_cmu_model_read(&again, folder, &err), RME_ENOTFOUND);
	rmi_cmu_model_done(&again);
	(void)snprintf(to, sizeof(to), "%s/mixture_weights", folder);
	FILE *f = fopen(to, "we");
	assert_non_null(f);
	(void)fputs("s3\nversion 1.0\nendhdr\n", f);
	put_u32(f, 0x11223344);
	put_u32(f, m.n_senones);
	put_u32(f, m.n_streams);
	put_u32(f, m.n_densities);
	put_u32(f, m.n_senones * m.n_streams * m.n_densities);
	for (size_t s = 0; s < m.n_senones; s++) {
		for (size_t r = 0; r < (size_t)m.n_streams * m.n_densities; r++) {
			float w = 1000.0F * expf(-0.10239488F * (float)m.mixw[r * m.n_senones + s]);
			(void)fwrite(&w, sizeof(w), 1, f);
		}
	}
	(void)fclose(f);
	assert_int_equal(rmi_cmu_model_read(&again, folder, &err), RME_OK);
	for (size_t i = 0; i < (size_t)m.n_streams * m.n_densities * m.n_senones; i++) {
		assert_true(abs(m.mixw[i] - again.mixw[i]) <= 2);
	}
	rmi_cmu_model_done(&again);
	rmi_cmu_model_done(&m);
	(void)unlink(to);
	for (size_t i = 0; i < 5; i++) {
		(void)snprintf(to, sizeof(to), "%s/%s", folder, linked[i]);
		(void)unlink(to);
	}
	(void)rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packs_what_the_grammar_needs),
	    cmocka_unit_test(damaged_files_do_no_harm),
	    cmocka_unit_test(says_what_is_missing),
	    cmocka_unit_test(foreign_model_files_are_refused),
	    cmocka_unit_test(weights_may_be_floats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
