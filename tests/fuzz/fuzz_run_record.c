/* Lines that claim to be of a run: read, and a page made of what they say. */

#include <stdio.h>
#include <stdlib.h>

#include "report/record.h"
#include "report/report.h"
#include "report/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmi_run *run = NULL;
	struct rme_error err;
	FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	if (in == NULL) {
		return 0;
	}
	if (rmi_record_read(&run, in, "fuzz", &err) == RME_OK) {
		char *page = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&page, &len);
		const struct rmi_run *runs[] = {run, run};
		const struct rmi_report report = {.runs = runs, .n_runs = 1 + (size % 2)};
		if (out != NULL) {
			(void)!rmi_report_write(out, &report, &err);
			(void)fclose(out);
		}
		free(page);
		rmi_run_free(run);
	}
	(void)fclose(in);
	return 0;
}
