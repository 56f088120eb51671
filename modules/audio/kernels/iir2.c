#include "iir2.h"

#include "fmath.h"

static const double SQRT_HALF = 0.70710678118654752440;

static struct iir2
divide(const double b[3], const double a[3])
{
	return (struct iir2){b[0] / a[0], b[1] / a[0], b[2] / a[0], a[1] / a[0], a[2] / a[0]};
}

struct iir2
iir2_high_pass(uint32_t mhz, uint32_t rate)
{
	double c;
	double s;
	fm_unit_circle(mhz, rate * 1000, &c, &s);
	double alpha = s * SQRT_HALF;
	const double b[3] = {(1.0 + c) / 2.0, -(1.0 + c), (1.0 + c) / 2.0};
	const double a[3] = {1.0 + alpha, -2.0 * c, 1.0 - alpha};
	return divide(b, a);
}

struct iir2
iir2_low_pass(uint32_t mhz, uint32_t rate)
{
	double c;
	double s;
	fm_unit_circle(mhz, rate * 1000, &c, &s);
	double alpha = s * SQRT_HALF;
	const double b[3] = {(1.0 - c) / 2.0, 1.0 - c, (1.0 - c) / 2.0};
	const double a[3] = {1.0 + alpha, -2.0 * c, 1.0 - alpha};
	return divide(b, a);
}

struct iir2
iir2_band_pass(uint32_t mhz, uint32_t rate, double q)
{
	double c;
	double s;
	fm_unit_circle(mhz, rate * 1000, &c, &s);
	double alpha = s / (2.0 * q);
	const double b[3] = {alpha, 0.0, -alpha};
	const double a[3] = {1.0 + alpha, -2.0 * c, 1.0 - alpha};
	return divide(b, a);
}

struct iir2
iir2_high_shelf(uint32_t mhz, uint32_t rate, double db)
{
	double c;
	double s;
	fm_unit_circle(mhz, rate * 1000, &c, &s);
	double g = (double)fm_from_db((float)(db / 2.0)); /* square root of the gain */
	double r = 2.0 * __builtin_sqrt(g) * s * SQRT_HALF;
	const double b[3] = {g * ((g + 1.0) + (g - 1.0) * c + r), -2.0 * g * ((g - 1.0) + (g + 1.0) * c),
	    g * ((g + 1.0) + (g - 1.0) * c - r)};
	const double a[3] = {
	    (g + 1.0) - (g - 1.0) * c + r, 2.0 * ((g - 1.0) - (g + 1.0) * c), (g + 1.0) - (g - 1.0) * c - r};
	return divide(b, a);
}

struct iir2
iir2_peak(uint32_t mhz, uint32_t rate, double q, double db)
{
	double c;
	double s;
	fm_unit_circle(mhz, rate * 1000, &c, &s);
	double g = (double)fm_from_db((float)(db / 2.0));
	double alpha = s / (2.0 * q);
	const double b[3] = {1.0 + alpha * g, -2.0 * c, 1.0 - alpha * g};
	const double a[3] = {1.0 + alpha / g, -2.0 * c, 1.0 - alpha / g};
	return divide(b, a);
}

void
iir2_run(const struct iir2 *f, struct iir2_state *s, float *x, uint32_t n)
{
	struct iir2_state st = *s;
	for (uint32_t i = 0; i < n; i++) {
		x[i] = (float)iir2_step(f, &st, (double)x[i] + 1e-20);
	}
	*s = st;
}
