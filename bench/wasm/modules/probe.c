/*
 * For the costs of getting in and out of a guest. process(): "h" makes 1,000 calls of the host, "l" never ends, "t" traps,
 * anything else is answered with nothing. add() and reset() do next to nothing.
 */
#include "rme_module.h"

enum { HOST_CALLS = 1000 };

struct probe {
	int64_t last;
};

static int
probe_process(struct probe *s, struct rme_in in, struct rme_out *out)
{
	(void)out;
	char what = (char)(in.len > 0 ? in.data[0] : 0);
	if (what == 'h') {
		for (int i = 0; i < HOST_CALLS; i++) {
			s->last = rme_import_now();
		}
	}
	while (what == 'l') {
		__asm__ volatile("");
	}
	if (what == 't') {
		*(volatile char *)0x7fffffff = 1;
	}
	return RME_GUEST_OK;
}

RME_GUEST_EXPORT("add") int32_t probe_add(int32_t a, int32_t b);

int32_t
probe_add(int32_t a, int32_t b)
{
	return a + b;
}

RME_MODULE(struct probe, .process = probe_process, .result_bytes = 16)
