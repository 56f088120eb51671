/*
 * vad_eval [-p dev|test|all] [-H DIR] - the tables of docs/design/vad.md.
 * -H: also noise recordings (DIR/NAME.s16), from eval/vad/fetch-training.sh.
 */

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detectors.h"
#include "score.h"
#include "test_noise.h"
#include "testset.h"

enum { SNRS = 4, NOISES_MAX = 32, SEED = 20250911 };
static const double snrs[SNRS] = {20, 10, 5, 0};

struct noise_set {
	const char *title;
	struct sound sound[NOISES_MAX];
	char name[NOISES_MAX][32];
	int n;
};

/* Scores of one mix; the score of frame t says something about frame t - lag. */
static struct score
judge(const struct detector *d, const struct sound *track, const int16_t *pcm)
{
	size_t frames = track->n / SOUND_FRAME;
	float *score = need(calloc(frames + 1, sizeof *score));
	uint8_t *decision = need(calloc(frames + 1, 1));
	d->run(pcm, track->n, score, decision);
	size_t lag = (size_t)d->lag;
	struct score s = score_frames(score + lag, decision + lag, track->label, frames - lag);
	free(score);
	free(decision);
	return s;
}

static struct score
judge_mix(const struct detector *d, const struct sound *track, const struct sound *noise, double snr, double gain)
{
	int16_t *pcm = testset_mix(track, noise, snr, gain);
	struct score s = judge(d, track, pcm);
	free(pcm);
	return s;
}

/* One line per detector: clean, then the mean over the noises for every SNR; F1 likewise. */
static void
print_overview(const struct sound *track, const struct noise_set *set)
{
	printf("\n%s: mean of %d\n", set->title, set->n);
	printf("%-10s %7s | %6s %6s %6s %6s | F1 at its default      | best F1\n", "AUC", "clean", "20 dB", "10 dB",
	    "5 dB", "0 dB");
	for (size_t d = 0; d < detectors_n; d++) {
		struct score clean = judge_mix(&detectors[d], track, NULL, 0, 0);
		struct score mean[SNRS] = {{0}};
		for (int s = 0; s < SNRS; s++) {
			for (int k = 0; k < set->n; k++) {
				struct score one = judge_mix(&detectors[d], track, &set->sound[k], snrs[s], 0);
				mean[s].auc += one.auc / set->n;
				mean[s].f1 += one.f1 / set->n;
				mean[s].best_f1 += one.best_f1 / set->n;
			}
		}
		printf("%-10s %7.4f | %6.4f %6.4f %6.4f %6.4f | %.3f %.3f %.3f %.3f | %.3f %.3f %.3f %.3f\n",
		    detectors[d].name, clean.auc, mean[0].auc, mean[1].auc, mean[2].auc, mean[3].auc, mean[0].f1,
		    mean[1].f1, mean[2].f1, mean[3].f1, mean[0].best_f1, mean[1].best_f1, mean[2].best_f1,
		    mean[3].best_f1);
		(void)fflush(stdout);
	}
}

/* Share of frames called speech where there is none, after the first half second. */
static double
false_alarms(const struct detector *d, const struct sound *noise)
{
	size_t n = (size_t)SOUND_RATE * 30;
	int16_t *pcm = need(calloc(n, sizeof *pcm));
	float *score = need(calloc(n / SOUND_FRAME, sizeof *score));
	uint8_t *decision = need(calloc(n / SOUND_FRAME, 1));
	double count = 0;
	for (size_t i = 0; i < n; i++) {
		pcm[i] = (int16_t)lrint(
		    fmax(-32768, fmin(32767, (double)noise->x[i % noise->n] * 32768.0 * pow(10, -30.0 / 20))));
	}
	d->run(pcm, n, score, decision);
	for (size_t k = 50; k < n / SOUND_FRAME; k++) {
		count += decision[k] ? 1 : 0;
	}
	free(pcm);
	free(score);
	free(decision);
	return count / (double)(n / SOUND_FRAME - 50);
}

static void
print_by_noise(const struct sound *track, const struct noise_set *set)
{
	printf("\n%s, one by one: AUC at 20/10/5/0 dB (false alarms without speech)\n%-16s", set->title, "");
	for (size_t d = 0; d < detectors_n; d++) {
		printf(" %-32s", detectors[d].name);
	}
	printf("\n");
	for (int k = 0; k < set->n; k++) {
		printf("%-16s", set->name[k]);
		for (size_t d = 0; d < detectors_n; d++) {
			for (int s = 0; s < SNRS; s++) {
				printf(" %.3f", judge_mix(&detectors[d], track, &set->sound[k], snrs[s], 0).auc);
			}
			printf(" (%.3f) ", false_alarms(&detectors[d], &set->sound[k]));
		}
		printf("\n");
		(void)fflush(stdout);
	}
}

static void
print_levels(const struct sound *track, const struct noise_set *set)
{
	static const double gains[] = {16, 0, -10, -20}; /* active speech at -10, -26, -36, -46 dB */
	printf("\nlevel of speech -10/-26/-36/-46 dB, %s at 10 dB: mean AUC\n", set->title);
	for (size_t d = 0; d < detectors_n; d++) {
		printf("%-10s", detectors[d].name);
		for (int g = 0; g < 4; g++) {
			double sum = 0;
			for (int k = 0; k < set->n; k++) {
				sum += judge_mix(&detectors[d], track, &set->sound[k], 10, gains[g]).auc;
			}
			printf(" %.4f", sum / set->n);
		}
		printf("\n");
	}
}

/* Of the first detector, whose score is a probability: how true it is, and how much of it is doubtful. */
static void
print_calibration(const struct sound *track, const struct noise_set *set)
{
	size_t frames = track->n / SOUND_FRAME;
	float *p = need(calloc(frames + 1, sizeof *p));
	uint8_t *decision = need(calloc(frames + 1, 1));
	size_t lag = (size_t)detectors[0].lag;
	printf("\n%s, %s at 20/10/5/0 dB: expected calibration error, share of frames with 0.3 < p < 0.7\n",
	    detectors[0].name, set->title);
	for (int s = 0; s < SNRS; s++) {
		double error = 0;
		double doubt = 0;
		for (int k = 0; k < set->n; k++) {
			int16_t *pcm = testset_mix(track, &set->sound[k], snrs[s], 0);
			detectors[0].run(pcm, track->n, p, decision);
			free(pcm);
			error += score_calibration(p + lag, track->label, frames - lag) / set->n;
			for (size_t i = 0; i < frames; i++) {
				doubt += p[i] > 0.3f && p[i] < 0.7f ? 1.0 / (double)frames / set->n : 0;
			}
		}
		printf("  %.3f %.3f\n", error, doubt);
	}
	free(p);
	free(decision);
}

static void
make_families(struct noise_set *set, size_t n)
{
	set->title = "nine noise families";
	set->n = TEST_NOISES;
	for (int k = 0; k < TEST_NOISES; k++) {
		set->sound[k] = test_noise(k, n, SEED);
		(void)snprintf(set->name[k], sizeof set->name[k], "%s", test_noise_names[k]);
	}
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
is_recording(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return n > 4 && strcmp(e->d_name + n - 4, ".s16") == 0;
}

static void
load_recordings(struct noise_set *set, const char *dir, size_t n)
{
	struct dirent **list;
	int count = scandir(dir, &list, is_recording, by_name);
	set->title = "recorded noise";
	set->n = 0;
	for (int i = 0; i < count && set->n < NOISES_MAX; i++) {
		char path[512];
		(void)snprintf(path, sizeof path, "%s/%s", dir, list[i]->d_name);
		struct sound s = sound_load_raw(path);
		struct sound t = sound_new(n);
		for (size_t k = 0; k < n; k++) {
			t.x[k] = s.x[(k + SOUND_RATE) % s.n];
		}
		sound_scale(t.x, n, 1.0 / sqrt(sound_power(t.x, n) + 1e-20));
		sound_free(&s);
		(void)snprintf(
		    set->name[set->n], sizeof set->name[0], "%.*s", (int)strlen(list[i]->d_name) - 4, list[i]->d_name);
		set->sound[set->n++] = t;
		free(list[i]);
	}
}

int
main(int argc, char **argv)
{
	enum part part = PART_ALL;
	const char *recordings = NULL;
	int quick = 0;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-p") == 0 && i + 1 < argc) {
			i++;
			part = strcmp(argv[i], "dev") == 0    ? PART_DEV
			       : strcmp(argv[i], "test") == 0 ? PART_TEST
			                                      : PART_ALL;
		} else if (strcmp(argv[i], "-H") == 0 && i + 1 < argc) {
			recordings = argv[++i];
		} else if (strcmp(argv[i], "-q") == 0) {
			quick = 1;
		}
	}
	static struct noise_set families;
	static struct noise_set recorded;
	struct sound track = testset_track(part, SEED);
	double speech = 0;
	for (size_t k = 0; k < track.n / SOUND_FRAME; k++) {
		speech += track.label[k];
	}
	printf("%.1f s, %.1f %% speech\n", (double)track.n / SOUND_RATE, 100 * speech * SOUND_FRAME / (double)track.n);
	make_families(&families, track.n);
	print_overview(&track, &families);
	if (recordings != NULL) {
		load_recordings(&recorded, recordings, track.n);
		print_overview(&track, &recorded);
	}
	if (!quick) {
		print_by_noise(&track, &families);
		if (recordings != NULL) {
			print_by_noise(&track, &recorded);
		}
		print_levels(&track, &families);
		print_calibration(&track, &families);
	}
	return 0;
}
