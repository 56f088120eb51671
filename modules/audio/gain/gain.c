/* gain: make audio louder or softer. The smallest example of a module. */

#include "rme_module.h"

struct gain {
	float factor;
};

/* 10^(db/20), by a short series for a 1024th of the exponent and ten squarings; there is no libm in a module. */
static float
factor_of(double db)
{
	double x = db * (0.11512925464970229 / 1024.0); /* ln(10) / 20 */
	double factor = 1.0 + x * (1.0 + x / 2.0 * (1.0 + x / 3.0));
	for (int i = 0; i < 10; i++) {
		factor *= factor;
	}
	return (float)factor;
}

static int
gain_configure(struct gain *s, struct rme_params *p)
{
	double db = rme_param_number(p, "db", 0.0, -60.0, 60.0, "db: a number of decibels from -60 to 60 is wanted");
	s->factor = factor_of(db);
	return RME_GUEST_OK;
}

static int
gain_process(struct gain *s, struct rme_in in, struct rme_out *out)
{
	if (in.len % 2 != 0) {
		return rme_fail(RME_GUEST_BAD_INPUT, "s16le audio has an even number of bytes");
	}
	for (uint32_t i = 0; i < rme_count(in, 2); i++) {
		rme_put_s16(out, rme_clip_s16((float)rme_s16(in, i) * s->factor));
	}
	return RME_GUEST_OK;
}

RME_MODULE(struct gain, .configure = gain_configure, .process = gain_process, .result_per_input = 1)
