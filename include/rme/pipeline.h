#ifndef RME_PIPELINE_H
#define RME_PIPELINE_H

/**
 * @file
 * Plans: a chain of node specs, checked for media formats, with conversions put in where neighbors do not fit.
 */

#include <stddef.h>
#include <rme/err.h>
#include <rme/format.h>
#include <rme/node.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { RME_PIPELINE_STAGES_MAX = 64 };

/** One stage of a checked plan. */
struct rme_plan_stage {
	struct rme_node_spec spec;
	struct rme_format in, out; /**< what comes in and goes out; RME_MEDIA_ANY = not known beforehand */
	bool inserted;             /**< a conversion that nobody wrote down */
};

struct rme_plan;

/** What a plan is made from; all borrowed. Configs and names of the specs must outlive the plan. */
struct rme_plan_in {
	const struct rme_node_spec *specs;
	size_t n;
	struct rme_format format; /**< of the items that will be submitted; all-zero = not known */
};

/**
 * Check a chain and insert conversions (sample format, rate and channels, by the runtime's node "AudioTransform").
 * @return RME_OK, RME_EFORMAT with a text that names both sides, RME_EINVAL (no stage), RME_ELIMIT, RME_ENOMEM
 */
RME_NODISCARD RME_EXPORT enum rme_err
rme_plan_new(struct rme_plan **out, struct rme_runtime *rt, const struct rme_plan_in *in, struct rme_error *err);
/** Every session of the plan must have been freed. NULL is a no-op. */
RME_EXPORT void rme_plan_free(struct rme_plan *p);
/** @param[out] stages  borrowed from the plan. @return their number */
RME_EXPORT size_t rme_plan_stages(const struct rme_plan *p, const struct rme_plan_stage **stages);

#ifdef __cplusplus
}
#endif

#endif
