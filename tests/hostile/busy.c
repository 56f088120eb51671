/* The busy neighbor: computes for as long as hostile modules may, and comes back. */
typedef unsigned int u32;
typedef unsigned long long u64;

enum { COMPUTE_NS = 2000000 /* the limit of what is stopped: make_modules.py */, STEPS = 20000 };

static u32 state = 1, used;
static char heap[65536] __attribute__((aligned(16)));

__attribute__((import_module("env"), import_name("rme_now_ns"))) u64 now_ns(void);

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

/* Some 20 us without a call of the host. */
static void
compute(void)
{
	u32 x = state;
	for (u32 i = 0; i < STEPS; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
	}
	state = x;
}

__attribute__((export_name("process"))) int
process(const char *in, u32 len, u32 *out, u32 *out_len)
{
	(void)in;
	(void)len;
	for (u64 end = now_ns() + COMPUTE_NS; now_ns() < end;) {
		compute();
	}
	*out = state;
	*out_len = sizeof(*out);
	return 0;
}

__attribute__((export_name("cleanup"))) int
cleanup(void)
{
	return 0;
}
