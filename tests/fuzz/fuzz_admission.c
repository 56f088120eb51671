/* The admission pass: whatever it lets through must be let through again, unchanged, and hold to the limits. */

#include "wasm/admission.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rmi_admission_policy policy = {.memory_pages_max = 256};
	struct rmi_admitted first = {0}, second = {0};
	struct rme_error err;
	if (rmi_admit(&first, data, size, &policy, &err) != RME_OK) {
		return 0;
	}
	if (first.len > size + 512 || first.summary.memory_pages_max > 256 ||
	    rmi_admit(&second, first.wasm, first.len, &policy, &err) != RME_OK || second.len != first.len ||
	    memcmp(second.wasm, first.wasm, first.len) != 0 || second.summary.dropped_bytes != 0) {
		abort();
	}
	rmi_admitted_done(&first);
	rmi_admitted_done(&second);
	return 0;
}
