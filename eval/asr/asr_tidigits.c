#include "asr_tidigits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../vad/sound.h"
#include "asr.h"
#include "asr_text.h"
#include "nodes/asr_pack.h"

#define FOLDER "/usr/share/pocketsphinx/test/data/tidigits/"

enum { CEPSTRA = 13, DIMS = 51, LINE_MAX_ = 300 };

static const char grammar[] = "#JSGF V1.0; grammar tidigits; public <s> = <d>+;"
                              "<d> = one | two | three | four | five | six | seven | eight | nine | oh | zero;";

/* Cepstra of a file: a count, then big-endian floats; their mean taken away. */
static float *
load(const char *name, uint32_t *n_frames)
{
	char path[400];
	uint32_t word;
	(void)snprintf(path, sizeof path, FOLDER "%s.mfc", name);
	FILE *f = need(fopen(path, "rb"));
	if (fread(&word, 4, 1, f) != 1) {
		exit(1);
	}
	uint32_t n = __builtin_bswap32(word);
	float *c = need(calloc(n, sizeof *c));
	float mean[CEPSTRA] = {0};
	for (uint32_t i = 0; i < n && fread(&word, 4, 1, f) == 1; i++) {
		word = __builtin_bswap32(word);
		memcpy(&c[i], &word, 4);
	}
	(void)fclose(f);
	*n_frames = n / CEPSTRA;
	for (uint32_t i = 0; i < n; i++) {
		mean[i % CEPSTRA] += c[i] / (float)*n_frames;
	}
	for (uint32_t i = 0; i < n; i++) {
		c[i] -= mean[i % CEPSTRA];
	}
	return c;
}

/* SPHINX-II's four streams: cepstra, two differences of them, power with its differences, second differences. */
static void
features(const float *c, uint32_t n, uint32_t t, float *out)
{
	const float *at[9];
	for (int k = -4; k <= 4; k++) {
		long i = (long)t + k;
		i = i < 0 ? 0 : i >= (long)n ? (long)n - 1 : i;
		at[k + 4] = c + i * CEPSTRA;
	}
	const float **x = at + 4;
	for (int i = 1; i < CEPSTRA; i++) {
		out[i - 1] = x[0][i];
		out[12 + i - 1] = x[2][i] - x[-2][i];
		out[24 + i - 1] = x[4][i] - x[-4][i];
		out[39 + i - 1] = (x[3][i] - x[-1][i]) - (x[1][i] - x[-3][i]);
	}
	out[36] = x[0][0];
	out[37] = x[2][0] - x[-2][0];
	out[38] = (x[3][0] - x[-1][0]) - (x[1][0] - x[-3][0]);
}

/* The words of the line that ends with "(name" or "(name score)". */
static int
line_of(const char *file, const char *name, char *out)
{
	char line[LINE_MAX_];
	FILE *f = need(fopen(file, "r"));
	int found = 0;
	while (!found && fgets(line, sizeof line, f) != NULL) {
		char *open = strchr(line, '(');
		size_t n = strlen(name);
		found = open != NULL && strncmp(open + 1, name, n) == 0 && strchr(" )", open[1 + n]) != NULL;
		if (found) {
			open[open > line && open[-1] == ' ' ? -1 : 0] = '\0';
			(void)snprintf(out, LINE_MAX_, "%s", line);
		}
	}
	(void)fclose(f);
	return found;
}

static void
run(struct asr *a, const char *name, unsigned *right, unsigned *rivals)
{
	char said[LINE_MAX_] = "", heard[LINE_MAX_], rival[LINE_MAX_] = "";
	uint32_t n;
	struct asr_verdict v;
	float *c = load(name, &n);
	float *x = need(calloc((size_t)n * DIMS, sizeof *x));
	for (uint32_t t = 0; t < n; t++) {
		features(c, n, t, x + (size_t)t * DIMS);
	}
	if (asr_features(a, x, n, &v) != ASR_OK || !line_of(FOLDER "tidigits.lsn", name, said)) {
		exit(1);
	}
	(void)line_of(FOLDER "test-tidigits-fsg.match", name, rival);
	asr_text(a, heard, sizeof heard);
	*right += strcmp(said, heard) == 0;
	*rivals += strcmp(said, rival) == 0;
	if (strcmp(said, heard) != 0) {
		printf("TIDIGITS %s: \"%s\" heard as \"%s\", by pocketsphinx as \"%s\"\n", name, said, heard, rival);
	}
	free(c);
	free(x);
}

void
asr_tidigits(unsigned *right, unsigned *rivals, unsigned *all)
{
	static struct asr a;
	const struct rmi_asr_pack_config config = {FOLDER "hmm", FOLDER "lm/tidigits.dic", grammar};
	struct rme_error err;
	uint8_t *file;
	size_t len;
	const char *why;
	struct asr_model m;
	if (rmi_asr_pack(&file, &len, &config, &err) != RME_OK) {
		(void)fprintf(stderr, "asr_eval: %s\n", err.text);
		exit(1);
	}
	if (asr_model_open(&m, file, (uint32_t)len, &why) < 0) {
		(void)fprintf(stderr, "asr_eval: %s\n", why);
		exit(1);
	}
	uint8_t *room = need(aligned_alloc(16, (asr_bytes(&m) + 15) & ~(uint64_t)15));
	asr_init(&a, &m, room);
	char name[LINE_MAX_];
	FILE *f = need(fopen(FOLDER "tidigits.ctl", "r"));
	while (fscanf(f, "%299s", name) == 1) {
		run(&a, name, right, rivals);
		++*all;
	}
	(void)fclose(f);
	free(room);
	free(file);
}
