#include "fmath.h"

/* cos and sin of x, 0 <= x <= pi/4; the 9 terms reach double precision there. */
static void
octant(double x, double *c, double *s)
{
	double z = x * x;
	double pc = 1.0;
	double ps = 1.0;
	for (int k = 9; k >= 1; k--) {
		pc = 1.0 - pc * z / (double)((2 * k - 1) * (2 * k));
		ps = 1.0 - ps * z / (double)((2 * k) * (2 * k + 1));
	}
	*c = pc;
	*s = ps * x;
}

double
fm_sin_pi(double x)
{
	int32_t whole = (int32_t)(x < 0.0 ? x - 0.5 : x + 0.5);
	double r = (x - (double)whole) * 3.14159265358979323846; /* -pi/2 .. pi/2 */
	double z = r * r;
	double p = 1.0;
	for (int k = 12; k >= 1; k--) {
		p = 1.0 - p * z / (double)((2 * k) * (2 * k + 1));
	}
	return (whole & 1) != 0 ? -p * r : p * r;
}

void
fm_unit_circle(uint32_t num, uint32_t den, double *cos_out, double *sin_out)
{
	uint32_t eighth = (uint32_t)((uint64_t)num * 8 / den);      /* 0 .. 8 */
	uint64_t rest = (uint64_t)num * 8 - (uint64_t)eighth * den; /* within the octant */
	uint64_t part = (eighth & 1) != 0 ? den - rest : rest;      /* odd ones are mirrored */
	double x = (double)part / (double)den * 0.78539816339744830962;
	double c;
	double s;
	octant(x, &c, &s);
	uint32_t quarter = (eighth + 1) / 2 % 4; /* nearest multiple of 90 degrees */
	if ((eighth & 1) != 0) {
		s = -s;
	}
	static const double turn[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
	*cos_out = turn[quarter][0] * c - turn[quarter][1] * s;
	*sin_out = turn[quarter][1] * c + turn[quarter][0] * s;
}
