#include "score.h"

#include <math.h>
#include <stdlib.h>

#include "sound.h"

struct pair {
	float score;
	uint8_t label;
};

static int
compare_pairs(const void *a, const void *b)
{
	float x = ((const struct pair *)a)->score;
	float y = ((const struct pair *)b)->score;
	return (x > y) - (x < y);
}

static double
f1_of(double tp, double fp, double fn)
{
	return tp > 0 ? 2 * tp / (2 * tp + fp + fn) : 0.0;
}

/* AUC and best F1 from the sorted pairs. */
static void
rank(const struct pair *p, size_t n, double positives, struct score *out)
{
	double below = 0; /* negatives under the current score */
	double sum = 0;
	double tp = positives;
	double fp = (double)n - positives;
	for (size_t i = 0; i < n;) {
		double pos = 0;
		double neg = 0;
		double f1 = f1_of(tp, fp, positives - tp);
		out->best_f1 = f1 > out->best_f1 ? f1 : out->best_f1;
		size_t k = i;
		for (; k < n && p[k].score == p[i].score; k++) {
			pos += p[k].label ? 1 : 0;
			neg += p[k].label ? 0 : 1;
		}
		sum += pos * (below + neg / 2);
		below += neg;
		tp -= pos;
		fp -= neg;
		i = k;
	}
	out->auc = positives > 0 && below > 0 ? sum / (positives * below) : NAN;
}

struct score
score_frames(const float *score, const uint8_t *decision, const uint8_t *label, size_t n)
{
	struct score out = {0};
	struct pair *p = need(calloc(n + 1, sizeof *p));
	double count[2][2] = {{0}};
	double positives = 0;
	for (size_t i = 0; i < n; i++) {
		p[i] = (struct pair){score[i], label[i]};
		positives += label[i] ? 1 : 0;
		if (decision != NULL) {
			count[label[i] != 0][decision[i] != 0]++;
		}
	}
	qsort(p, n, sizeof *p, compare_pairs);
	rank(p, n, positives, &out);
	free(p);
	out.hit_rate = positives > 0 ? count[1][1] / positives : NAN;
	out.false_rate = (double)n > positives ? count[0][1] / ((double)n - positives) : NAN;
	out.f1 = f1_of(count[1][1], count[0][1], count[1][0]);
	return out;
}

double
score_calibration(const float *p, const uint8_t *label, size_t n)
{
	double sum[10] = {0};
	double hits[10] = {0};
	double error = 0;
	for (size_t i = 0; i < n; i++) {
		int bin = (int)(p[i] * 9.999f);
		sum[bin] += (double)p[i];
		hits[bin] += label[i] ? 1 : 0;
	}
	for (int b = 0; b < 10; b++) {
		error += fabs(sum[b] - hits[b]);
	}
	return error / (double)n;
}
