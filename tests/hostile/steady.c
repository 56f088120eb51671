/* The good neighbor: all that came before goes into each result, so that one wrong bit anywhere shows in all that follow. */
typedef unsigned int u32;
typedef unsigned char u8;

enum { TAPS = 32, SAMPLES_MAX = 512, STATES = 4, RING = 8192 };

static float history[TAPS + SAMPLES_MAX];
static u32 ring[RING], at, items;
static u8 heap[65536] __attribute__((aligned(16)));
static u32 used;

__attribute__((export_name("rme_alloc"))) void *
rme_alloc(u32 n)
{
	u32 from = used;
	used = (used + n + 15) & ~15U;
	return used <= sizeof(heap) ? heap + from : 0;
}

__attribute__((export_name("rme_free"))) void
rme_free(void *p, u32 n)
{
	(void)p;
	(void)n;
}

__attribute__((export_name("initialize"))) int
initialize(const char *session)
{
	return session[0] == '\0' ? -3 : 0;
}

static u32
rotate(u32 x)
{
	return x << 7 | x >> 25;
}

static u32
multiply(u32 x)
{
	return x * 2654435761U;
}

static u32
shake(u32 x)
{
	return (x ^ x >> 13) + 0x9e3779b9U;
}

static u32
spread(u32 x)
{
	return x ^ ring[x % RING];
}

static u32 (*const steps[STATES])(u32) = {rotate, multiply, shake, spread};

/* Filters the samples; writes each filtered value's bits and a hash over all that was ever seen. */
__attribute__((export_name("process"))) int
process(const short *in, u32 bytes, u32 *out, u32 *out_len)
{
	u32 n = bytes / 2, hash = ring[at];
	if (n == 0 || n > SAMPLES_MAX || *out_len < 4 * (n + 1)) {
		return -3;
	}
	for (u32 i = 0; i < n; i++) {
		history[TAPS + i] = (float)in[i] / 32768.0F;
	}
	for (u32 i = 0; i < n; i++) {
		float sum = 0;
		for (u32 k = 0; k < TAPS; k++) {
			sum += history[i + k + 1] / (float)(k + 3);
		}
		union {
			float f;
			u32 bits;
		} value = {.f = sum};
		out[1 + i] = value.bits;
		hash = steps[(hash >> 11) % STATES](hash ^ value.bits);
		ring[at = (at + 1) % RING] = hash;
	}
	for (u32 k = 0; k < TAPS; k++) {
		history[k] = history[n + k];
	}
	out[0] = hash ^ ++items;
	*out_len = 4 * (n + 1);
	return 0;
}

__attribute__((export_name("confidence"))) float
confidence(void)
{
	return (float)(items % 100) / 100.0F;
}

__attribute__((export_name("cleanup"))) int
cleanup(void)
{
	return 0;
}
