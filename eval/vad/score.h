#ifndef EVAL_SCORE_H
#define EVAL_SCORE_H

/* How well scores tell speech from the rest. */

#include <stddef.h>
#include <stdint.h>

struct score {
	double auc;                      /* area under the ROC curve, ties count half */
	double f1, hit_rate, false_rate; /* of the decisions */
	double best_f1;                  /* with the best threshold on the scores */
};

/* @p decision may be NULL. All arrays have one value per frame. */
struct score score_frames(const float *score, const uint8_t *decision, const uint8_t *label, size_t n);

/* Expected calibration error over ten bins of probabilities. */
double score_calibration(const float *p, const uint8_t *label, size_t n);

#endif
