/* native SENTENCE NAME - the source of one module, compiled for this machine: its process() called as a function. */
#include <string.h>

#include "rme_module.h"
#include "side.h"

enum { RESULT_BYTES = 4096 };

static struct side_audio audio;
static const char *module;

void
rme_import_error(const char *text, uint32_t len)
{
	side_fail("%.*s", (int)len, text);
}

static void
process(const uint8_t *data, uint32_t len)
{
	static uint8_t result[RESULT_BYTES];
	uint32_t n = sizeof(result);
	if (rme_export_process(data, len, result, &n) < 0) {
		side_fail("%s failed", module);
	}
}

void
side_measure(const char *row, struct side_answer *answer)
{
	if (strcmp(row, module) != 0) {
		return;
	}
	double start = side_now_ns();
	if (strcmp(row, "fast_vad") == 0) {
		for (int i = 0; i < SIDE_VAD_BATCH; i++) {
			process(side_next_item(&audio), SIDE_VAD_ITEM);
		}
		side_add(answer, (side_now_ns() - start) / SIDE_VAD_BATCH / 2);
	} else {
		process(side_frame(), SIDE_FRAME * sizeof(float));
		side_add(answer, (side_now_ns() - start) / SIDE_REPEATS);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		side_fail("usage: native SENTENCE NAME");
	}
	audio = side_read_audio(argv[1]);
	module = argv[2];
	if (rme_export_initialize("") < 0) {
		side_fail("%s cannot be initialized", module);
	}
	side_serve();
	return 0;
}
