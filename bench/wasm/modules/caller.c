/*
 * Asks a service. process(): "c..." sends the item to "echo" and answers with what came back, "m..." does it 16 times and
 * answers nothing, anything else comes back at once.
 */
#include "rme_module.h"

enum { CALLS = 16 };

struct caller {
	uint32_t items;
};

static int
caller_process(struct caller *s, struct rme_in in, struct rme_out *out)
{
	char what = (char)(in.len > 0 ? in.data[0] : 0);
	s->items++;
	if (what == 'c') {
		return rme_remote_call("echo", in, out) == RME_REMOTE_OK ? RME_GUEST_OK : RME_GUEST_FAILED;
	}
	if (what == 'm') {
		for (int i = 0; i < CALLS; i++) {
			out->len = 0;
			if (rme_remote_call("echo", in, out) != RME_REMOTE_OK) {
				return RME_GUEST_FAILED;
			}
		}
		out->len = 0;
		return RME_GUEST_OK;
	}
	for (uint32_t i = 0; i < in.len; i++) {
		out->data[out->len++] = in.data[i];
	}
	return RME_GUEST_OK;
}

RME_MODULE(struct caller, .process = caller_process, .result_bytes = 64, .result_per_input = 1)
