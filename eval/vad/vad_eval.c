/*
 * vad_eval [-p dev|test|all] [-H DIR] [-q] - the tables of docs/design/vad.md.
 *   -p  the recordings: those that were looked at in development, the others, or all (default)
 *   -H  also noise recordings, DIR/NAME.s16 (the folder heldout of eval/vad/fetch-training.sh)
 *   -q  only the overview, of our detector alone, and the floors
 * Exit status 1 if a floor is missed: floors hold for all recordings and the nine families.
 */

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detectors.h"
#include "rng.h"
#include "score.h"
#include "test_noise.h"
#include "testset.h"

enum { SNRS = 4, NOISES_MAX = 32, SEED = 20250911, RESAMPLES = 300 };
static const double snrs[SNRS] = {20, 10, 5, 0};

/* What the detector must reach: mean AUC and F1 at its default per SNR, AUC without noise, false alarms per family. */
static const double floor_auc[SNRS] = {.955, .93, .91, .88};
static const double floor_f1[SNRS] = {.90, .87, .84, .80};
static const double floor_clean = .985;
static const double most_false = .10;
static const double most_level_change = .01;

struct noise_set {
	const char *title;
	struct sound sound[NOISES_MAX];
	char name[NOISES_MAX][32];
	int n;
};

struct run {
	float *score;
	uint8_t *decision;
	const uint8_t *label;
	size_t n;
};

/* One detector over one mix; the score of frame t says something about frame t - lag. */
static struct run
run_mix(const struct detector *d, const struct sound *track, const struct sound *noise, double snr, double gain)
{
	int16_t *pcm = testset_mix(track, noise, snr, gain);
	struct run r = {.label = track->label, .n = track->n / SOUND_FRAME - (size_t)d->lag};
	r.score = need(calloc(track->n / SOUND_FRAME + 1, sizeof *r.score));
	r.decision = need(calloc(track->n / SOUND_FRAME + 1, 1));
	d->run(pcm, track->n, r.score, r.decision);
	memmove(r.score, r.score + d->lag, r.n * sizeof *r.score);
	memmove(r.decision, r.decision + d->lag, r.n);
	free(pcm);
	return r;
}

static void
run_free(struct run *r)
{
	free(r->score);
	free(r->decision);
}

static struct score
judge(const struct detector *d, const struct sound *track, const struct sound *noise, double snr, double gain)
{
	struct run r = run_mix(d, track, noise, snr, gain);
	struct score s = score_frames(r.score, r.decision, r.label, r.n);
	run_free(&r);
	return s;
}

/* 95 % interval of the mean AUC over runs, resampling utterances. */
static void
bootstrap(const struct testset *t, const struct run *runs, int n, double interval[2])
{
	static double means[RESAMPLES];
	struct rng r = rng_of(5);
	size_t frames = t->sound.n / SOUND_FRAME;
	float *score = need(calloc(2 * frames + 1, sizeof *score));
	uint8_t *label = need(calloc(2 * frames + 1, 1));
	for (int b = 0; b < RESAMPLES; b++) {
		size_t pick[TESTSET_SPANS_MAX];
		for (size_t i = 0; i < t->n_spans; i++) {
			pick[i] = rng_below(&r, (uint32_t)t->n_spans);
		}
		means[b] = 0;
		for (int k = 0; k < n; k++) {
			size_t m = 0;
			for (size_t i = 0; i < t->n_spans; i++) {
				for (size_t f = t->span[pick[i]];
				    f < t->span[pick[i] + 1] && f < runs[k].n && m < 2 * frames; f++) {
					score[m] = runs[k].score[f];
					label[m++] = runs[k].label[f];
				}
			}
			means[b] += score_frames(score, NULL, label, m).auc / n;
		}
	}
	free(score);
	free(label);
	for (int i = 1; i < RESAMPLES; i++) {
		for (int k = i; k > 0 && means[k - 1] > means[k]; k--) {
			double swap = means[k];
			means[k] = means[k - 1];
			means[k - 1] = swap;
		}
	}
	interval[0] = means[RESAMPLES * 25 / 1000];
	interval[1] = means[RESAMPLES * 975 / 1000];
}

struct overview {
	double clean;
	struct score mean[SNRS];
	double interval[SNRS][2];
};

static struct overview
survey(const struct detector *d, const struct testset *t, const struct noise_set *set, int with_interval)
{
	struct overview o = {.clean = judge(d, &t->sound, NULL, 0, 0).auc};
	for (int s = 0; s < SNRS; s++) {
		struct run runs[NOISES_MAX];
		for (int k = 0; k < set->n; k++) {
			runs[k] = run_mix(d, &t->sound, &set->sound[k], snrs[s], 0);
			struct score one = score_frames(runs[k].score, runs[k].decision, runs[k].label, runs[k].n);
			o.mean[s].auc += one.auc / set->n;
			o.mean[s].f1 += one.f1 / set->n;
			o.mean[s].best_f1 += one.best_f1 / set->n;
		}
		if (with_interval) {
			bootstrap(t, runs, set->n, o.interval[s]);
		}
		for (int k = 0; k < set->n; k++) {
			run_free(&runs[k]);
		}
	}
	return o;
}

/* One line per detector: clean, then the mean over the noises for every SNR; F1 likewise. Returns that of the first one. */
static struct overview
print_overview(const struct testset *t, const struct noise_set *set, int quick)
{
	struct overview first = {0};
	printf("\n%s: mean of %d\n", set->title, set->n);
	printf("%-10s %7s | %6s %6s %6s %6s | F1 at its default      | best F1\n", "AUC", "clean", "20 dB", "10 dB",
	    "5 dB", "0 dB");
	for (size_t d = 0; d < detectors_n && (d == 0 || !quick); d++) {
		struct overview o = survey(&detectors[d], t, set, d == 0 && !quick);
		const struct score *m = o.mean;
		printf("%-10s %7.4f | %6.4f %6.4f %6.4f %6.4f | %.3f %.3f %.3f %.3f | %.3f %.3f %.3f %.3f\n",
		    detectors[d].name, o.clean, m[0].auc, m[1].auc, m[2].auc, m[3].auc, m[0].f1, m[1].f1, m[2].f1,
		    m[3].f1, m[0].best_f1, m[1].best_f1, m[2].best_f1, m[3].best_f1);
		if (d == 0) {
			first = o;
		}
		if (d == 0 && !quick) {
			printf("  95 %%           |");
			for (int s = 0; s < SNRS; s++) {
				printf(" %.3f-%.3f", o.interval[s][0], o.interval[s][1]);
			}
			printf("  (utterances resampled)\n");
		}
		(void)fflush(stdout);
	}
	return first;
}

/* Share of frames called speech where there is none, after the first half second. */
static double
false_alarms(const struct detector *d, const struct sound *noise)
{
	size_t n = (size_t)SOUND_RATE * 30;
	struct sound alone = sound_new(n);
	double gain = pow(10, -30.0 / 20);
	for (size_t i = 0; i < n; i++) {
		alone.x[i] = (float)(gain * (double)noise->x[i % noise->n]);
	}
	struct run r = run_mix(d, &alone, NULL, 0, 0);
	double count = 0;
	for (size_t k = 50; k < r.n; k++) {
		count += r.decision[k] ? 1 : 0;
	}
	double share = count / (double)(r.n - 50);
	run_free(&r);
	sound_free(&alone);
	return share;
}

static void
print_by_noise(const struct testset *t, const struct noise_set *set)
{
	printf("\n%s, one by one: AUC at 20/10/5/0 dB (false alarms without speech)\n%-12s", set->title, "");
	for (size_t d = 0; d < detectors_n; d++) {
		printf(" %-32s", detectors[d].name);
	}
	printf("\n");
	for (int k = 0; k < set->n; k++) {
		printf("%-12s", set->name[k]);
		for (size_t d = 0; d < detectors_n; d++) {
			for (int s = 0; s < SNRS; s++) {
				printf(" %.3f", judge(&detectors[d], &t->sound, &set->sound[k], snrs[s], 0).auc);
			}
			printf(" (%.3f) ", false_alarms(&detectors[d], &set->sound[k]));
		}
		printf("\n");
		(void)fflush(stdout);
	}
}

/* Returns the largest change of the first detector's mean AUC from the middle level. */
static double
print_levels(const struct testset *t, const struct noise_set *set, int quick)
{
	static const double gains[] = {0, 16, -10, -20}; /* active speech at -26, -10, -36, -46 dB */
	double change = 0;
	printf("\nlevel of speech -26/-10/-36/-46 dB, %s at 10 dB: mean AUC\n", set->title);
	for (size_t d = 0; d < detectors_n && (d == 0 || !quick); d++) {
		double first = 0;
		printf("%-10s", detectors[d].name);
		for (int g = 0; g < 4; g++) {
			double mean = 0;
			for (int k = 0; k < set->n; k++) {
				mean += judge(&detectors[d], &t->sound, &set->sound[k], 10, gains[g]).auc / set->n;
			}
			first = g == 0 ? mean : first;
			change = d == 0 ? fmax(change, fabs(mean - first)) : change;
			printf(" %.4f", mean);
		}
		printf("\n");
	}
	return change;
}

/* Of the first detector, whose score is a probability: how true it is, and how much of it is doubtful. */
static void
print_calibration(const struct testset *t, const struct noise_set *set)
{
	printf("\n%s, %s at 20/10/5/0 dB: expected calibration error, share of frames with 0.3 < p < 0.7\n",
	    detectors[0].name, set->title);
	for (int s = 0; s < SNRS; s++) {
		double error = 0;
		double doubt = 0;
		for (int k = 0; k < set->n; k++) {
			struct run r = run_mix(&detectors[0], &t->sound, &set->sound[k], snrs[s], 0);
			error += score_calibration(r.score, r.label, r.n) / set->n;
			for (size_t i = 0; i < r.n; i++) {
				doubt += r.score[i] > 0.3f && r.score[i] < 0.7f ? 1.0 / (double)r.n / set->n : 0;
			}
			run_free(&r);
		}
		printf("  %.3f %.3f\n", error, doubt);
	}
}

static int missed;

static void
expect(const char *what, double value, double bound, int at_least)
{
	int ok = at_least ? value >= bound : value <= bound;
	printf(
	    "%-28s %.4f (%s %.3f) %s\n", what, value, at_least ? "at least" : "at most", bound, ok ? "ok" : "MISSED");
	missed += !ok;
}

static void
check_floors(const struct overview *o, const struct noise_set *set, double level_change)
{
	char what[64];
	printf("\nfloors\n");
	expect("AUC clean", o->clean, floor_clean, 1);
	for (int s = 0; s < SNRS; s++) {
		(void)snprintf(what, sizeof what, "AUC at %g dB", snrs[s]);
		expect(what, o->mean[s].auc, floor_auc[s], 1);
		(void)snprintf(what, sizeof what, "F1 at %g dB", snrs[s]);
		expect(what, o->mean[s].f1, floor_f1[s], 1);
	}
	for (int k = 0; k < set->n; k++) {
		if (strcmp(set->name[k], "babble") != 0) {
			(void)snprintf(what, sizeof what, "false alarms, %s", set->name[k]);
			expect(what, false_alarms(&detectors[0], &set->sound[k]), most_false, 0);
		}
	}
	expect("change of AUC with level", level_change, most_level_change, 0);
	printf("%s\n", missed > 0 ? "MISSED" : "all floors met");
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

struct options {
	enum part part;
	const char *recordings;
	int quick;
};

static struct options
read_options(int argc, char **argv)
{
	struct options o = {.part = PART_ALL};
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-p") == 0 && i + 1 < argc) {
			i++;
			o.part = strcmp(argv[i], "dev") == 0    ? PART_DEV
			         : strcmp(argv[i], "test") == 0 ? PART_TEST
			                                        : PART_ALL;
		} else if (strcmp(argv[i], "-H") == 0 && i + 1 < argc) {
			o.recordings = argv[++i];
		} else if (strcmp(argv[i], "-q") == 0) {
			o.quick = 1;
		} else {
			(void)fprintf(stderr, "usage: vad_eval [-p dev|test|all] [-H DIR] [-q]\n");
			exit(2);
		}
	}
	return o;
}

int
main(int argc, char **argv)
{
	static struct noise_set families;
	static struct noise_set recorded;
	struct options o = read_options(argc, argv);
	struct testset t = testset_make(o.part, SEED);
	double speech = 0;
	for (size_t k = 0; k < t.sound.n / SOUND_FRAME; k++) {
		speech += t.sound.label[k];
	}
	printf("%zu utterances, %.1f s, %.1f %% speech\n", t.n_spans, (double)t.sound.n / SOUND_RATE,
	    100 * speech * SOUND_FRAME / (double)t.sound.n);
	make_families(&families, t.sound.n);
	struct overview first = print_overview(&t, &families, o.quick);
	if (o.recordings != NULL) {
		load_recordings(&recorded, o.recordings, t.sound.n);
		(void)print_overview(&t, &recorded, o.quick);
	}
	if (!o.quick) {
		print_by_noise(&t, &families);
		if (recorded.n > 0) {
			print_by_noise(&t, &recorded);
		}
		print_calibration(&t, &families);
	}
	double change = print_levels(&t, &families, o.quick);
	if (o.part == PART_ALL) {
		check_floors(&first, &families, change);
	}
	sound_free(&t.sound);
	return missed > 0 ? 1 : 0;
}
