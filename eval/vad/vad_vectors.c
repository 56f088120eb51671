/*
 * vad_vectors - golden vectors of the detector as JSON, for every language that runs the modules. The input is made by the
 * reader: the sentence in sentence.s16le at a place, plus noise of the generator x = x * 1664525 + 1013904223 (mod 2^32), whose
 * upper 16 bits less 32768, times peak, divided by 32768 (cut towards 0), are added to every sample.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sound.h"
#include "vad_kernel.h"

static const struct {
	uint32_t seed, samples, sentence_at;
	int32_t peak;
	int low_latency;
} cases[] = {
    {1, 96000, 16000, 200, 0},
    {2, 96000, 8000, 4000, 0},
    {3, 96000, 8000, 1000, 1},
    {4, 32000, 96000, 30000, 0},
    {5, 32000, 96000, 0, 0},
};

static size_t
load_sentence(const char *path, int16_t *pcm, size_t most)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	size_t n = fread(pcm, 2, most, f);
	(void)fclose(f);
	return n;
}

static void
print_case(size_t i, const int16_t *sentence, size_t sentence_n)
{
	struct vad *v = need(malloc(sizeof *v));
	int16_t *pcm = need(calloc(cases[i].samples, sizeof *pcm));
	uint32_t seed = cases[i].seed;
	for (size_t k = 0; k < cases[i].samples; k++) {
		seed = seed * 1664525u + 1013904223u;
		int32_t x = ((int32_t)(seed >> 16) - 32768) * cases[i].peak / 32768;
		if (k >= cases[i].sentence_at && k - cases[i].sentence_at < sentence_n) {
			x += sentence[k - cases[i].sentence_at];
		}
		pcm[k] = (int16_t)(x > 32767 ? 32767 : x < -32768 ? -32768 : x);
	}
	const struct vad_options o = {.threshold = 0.5f, .speech_ratio = 0.3f, .low_latency = cases[i].low_latency};
	struct vad_summary s;
	vad_init(v, &o);
	printf("{\"seed\":%u,\"peak\":%d,\"samples\":%u,\"sentence_at\":%u,\"low_latency\":%s,\n\"probability_bits\":[",
	    cases[i].seed, cases[i].peak, cases[i].samples, cases[i].sentence_at,
	    cases[i].low_latency ? "true" : "false");
	for (size_t k = 0; k < cases[i].samples / VAD_HOP; k++) {
		float p;
		uint32_t bits;
		vad_push(v, pcm + k * VAD_HOP, VAD_HOP, &s, &p);
		memcpy(&bits, &p, sizeof bits);
		printf("%s%u", k > 0 ? "," : "", bits);
	}
	printf("]}%s\n", i + 1 < sizeof cases / sizeof cases[0] ? "," : "");
	free(pcm);
	free(v);
}

int
main(int argc, char **argv)
{
	static int16_t sentence[SOUND_RATE * 16];
	if (argc != 2) {
		fprintf(stderr, "usage: vad_vectors SENTENCE\n");
		return 2;
	}
	size_t n = load_sentence(argv[1], sentence, sizeof sentence / sizeof sentence[0]);
	printf("{\"about\":\"fast_vad: probability of every 10 ms as bits of a float32; made by "
	       "eval/vad/vectors.sh\",\"cases\":[\n");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		print_case(i, sentence, n);
	}
	printf("]}\n");
	return 0;
}
