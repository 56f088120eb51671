#include "loudness.h"

#include "fmath.h"

static const float SILENCE = -100.0f;
static const float STEPS = 40.0f; /* of the histogram in an LU */

struct k_weight
k_weight_of(uint32_t rate)
{
	/* The analog prototypes that give the table of the standard at 48 kHz. */
	static const uint32_t shelf_mhz = 1681974;
	static const uint32_t pass_mhz = 38135;
	static const double shelf_q = 0.7071752369554196;
	static const double pass_q = 0.5003270373238773;
	static const double high = 1.584864701130855;   /* gain above the shelf */
	static const double middle = 1.258720930232562; /* and at its corner */
	double c;
	double s;
	struct k_weight k;
	fm_unit_circle(shelf_mhz, rate * 2000, &c, &s);
	double t = s / c;
	double a0 = 1.0 + t / shelf_q + t * t;
	k.shelf = (struct iir2){(high + middle * t / shelf_q + t * t) / a0, 2.0 * (t * t - high) / a0,
	    (high - middle * t / shelf_q + t * t) / a0, 2.0 * (t * t - 1.0) / a0, (1.0 - t / shelf_q + t * t) / a0};
	fm_unit_circle(pass_mhz, rate * 2000, &c, &s);
	t = s / c;
	a0 = 1.0 + t / pass_q + t * t;
	k.high_pass = (struct iir2){1.0, -2.0, 1.0, 2.0 * (t * t - 1.0) / a0, (1.0 - t / pass_q + t * t) / a0};
	return k;
}

double
k_weight_energy(const struct k_weight *k, struct k_weight_state *s, const float *x, uint32_t n)
{
	struct k_weight_state st = *s;
	double sum = 0.0;
	for (uint32_t i = 0; i < n; i++) {
		double y = iir2_step(&k->shelf, &st.shelf, (double)x[i] + 1e-20);
		y = iir2_step(&k->high_pass, &st.high_pass, y);
		sum += y * y;
	}
	*s = st;
	return sum;
}

float
loudness_of_power(double mean_square)
{
	return mean_square > 1.2e-10 ? fm_power_db((float)mean_square) - 0.691f : SILENCE;
}

void
loudness_init(struct loudness *l, uint32_t rate, uint32_t channels)
{
	l->filter = k_weight_of(rate);
	l->channels = channels;
	l->part_samples = rate / 10;
	loudness_reset(l);
}

void
loudness_reset(struct loudness *l)
{
	for (uint32_t c = 0; c < LOUDNESS_CHANNELS; c++) {
		l->state[c] = (struct k_weight_state){0};
	}
	for (uint32_t b = 0; b < LOUDNESS_BINS; b++) {
		l->count[b] = 0;
		l->energy[b] = 0.0;
	}
	for (uint32_t i = 0; i < LOUDNESS_PARTS; i++) {
		l->part_energy[i] = 0.0;
	}
	l->in_part = 0;
	l->part = 0;
	l->parts = 0;
	l->blocks = 0;
	l->blocks_energy = 0.0;
}

static double
block_energy(const struct loudness *l)
{
	double sum = 0.0;
	for (uint32_t i = 0; i < LOUDNESS_PARTS; i++) {
		sum += l->part_energy[i];
	}
	return sum;
}

static void
end_part(struct loudness *l)
{
	l->parts += l->parts < LOUDNESS_PARTS ? 1 : 0;
	if (l->parts == LOUDNESS_PARTS) {
		double power = block_energy(l) / (double)(LOUDNESS_PARTS * l->part_samples);
		float lufs = loudness_of_power(power);
		if (lufs >= -70.0f) {
			uint32_t bin = (uint32_t)((lufs + 70.0f) * STEPS);
			bin = bin < LOUDNESS_BINS ? bin : LOUDNESS_BINS - 1;
			l->count[bin]++;
			l->energy[bin] += power;
			l->blocks++;
			l->blocks_energy += power;
		}
	}
	l->part = (l->part + 1) % LOUDNESS_PARTS;
	l->part_energy[l->part] = 0.0;
	l->in_part = 0;
}

void
loudness_push(struct loudness *l, const float *const *x, uint32_t n)
{
	for (uint32_t at = 0; at < n;) {
		uint32_t take = l->part_samples - l->in_part;
		take = take < n - at ? take : n - at;
		for (uint32_t c = 0; c < l->channels; c++) {
			l->part_energy[l->part] += k_weight_energy(&l->filter, &l->state[c], x[c] + at, take);
		}
		at += take;
		l->in_part += take;
		if (l->in_part == l->part_samples) {
			end_part(l);
		}
	}
}

/* Mean power of the blocks from bin @p from on; 0 = none. */
static double
gated_power(const struct loudness *l, uint32_t from)
{
	double sum = 0.0;
	uint32_t n = 0;
	for (uint32_t b = from; b < LOUDNESS_BINS; b++) {
		sum += l->energy[b];
		n += l->count[b];
	}
	return n > 0 ? sum / (double)n : 0.0;
}

float
loudness_integrated(const struct loudness *l)
{
	if (l->blocks == 0) {
		return SILENCE;
	}
	float ungated = loudness_of_power(l->blocks_energy / (double)l->blocks);
	float gate = (ungated - 10.0f + 70.0f) * STEPS;
	return loudness_of_power(gated_power(l, gate > 0.0f ? (uint32_t)gate : 0));
}

float
loudness_so_far(const struct loudness *l)
{
	uint32_t n = l->parts * l->part_samples + l->in_part;
	return n > 0 ? loudness_of_power(block_energy(l) / (double)n) : SILENCE;
}
