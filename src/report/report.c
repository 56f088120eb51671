#include "report/report.h"

#include <math.h>
#include <stdlib.h>

#include "report/compare.h"
#include "report/html.h"
#include "report/picture.h"
#include "report/run.h"
#include "report/tables.h"

static void
write_name(FILE *out, const struct rmi_run *run)
{
	rmi_html_text(out, run->name != NULL ? run->name : "run");
}

static void
write_title(FILE *out, const struct rmi_report *r)
{
	if (r->title != NULL) {
		rmi_html_text(out, r->title);
		return;
	}
	for (size_t i = 0; i < r->n_runs; i++) {
		(void)fprintf(out, "%s", i == 0 ? "" : " \xc2\xb7 ");
		write_name(out, r->runs[i]);
	}
}

/* Which pipeline, which input. */
static void
write_source(FILE *out, const struct rmi_run *run)
{
	(void)fprintf(out, "<p class=sub>");
	rmi_html_text(out, run->pipeline);
	if (run->pipeline != NULL && run->input != NULL) {
		(void)fprintf(out, " \xe2\x86\x90 ");
	}
	rmi_html_text(out, run->input);
	(void)fprintf(out, "</p>");
}

static void
write_head(FILE *out, const struct rmi_report *r)
{
	(void)fprintf(out, "<!doctype html>\n<html lang=en><meta charset=utf-8><meta name=viewport "
	                   "content='width=device-width'>\n<title>");
	write_title(out, r);
	(void)fprintf(out, "</title>\n<style>\n%s</style>\n<main><header><div><h1>", rmi_html_style);
	write_title(out, r);
	(void)fprintf(out, "</h1>");
	write_source(out, r->runs[0]);
	(void)fprintf(out, "</div><button id=theme hidden>light / dark</button></header>\n");
}

static void
write_legend(FILE *out)
{
	(void)fprintf(out, "<div class=legend><span class=edge>edge</span><span class=cloud>cloud</span>"
	                   "<span class=fall>fell back to the other side</span><span class=bad>failed</span></div>");
}

static void
write_cut(FILE *out, const struct rmi_run *run)
{
	if (run->cut) {
		(void)fprintf(out,
		    "<p class=badt>The record is not complete: it grew too large, and what came later was "
		    "counted only.</p>\n");
	}
}

static void
write_one(FILE *out, const struct rmi_run *run, const struct rmi_summary *sum)
{
	write_cut(out, run);
	rmi_tables_totals(out, sum);
	(void)fprintf(out, "<section class=card><h2>Timeline <small>%s</small></h2>",
	    run->wave.n > 0 ? "sound that went in, with the speech in it; where each piece of it was worked on"
	                    : "where each item was worked on");
	rmi_picture_write(out, run, sum, 0, false);
	write_legend(out);
	(void)fprintf(out, "</section>\n");
	rmi_tables_says(out, run);
	rmi_tables_stages(out, sum);
	rmi_tables_reasons(out, sum);
	rmi_tables_trouble(out, run);
}

static void
write_several(FILE *out, const struct rmi_report *r, const struct rmi_summary *sum)
{
	const struct rmi_compared c = {r->runs, sum, r->n_runs};
	rmi_compare_write(out, &c);
	for (size_t i = 0; i < r->n_runs; i++) {
		(void)fprintf(out, "<section class=card><h2>");
		write_name(out, r->runs[i]);
		(void)fprintf(out, "</h2>");
		write_cut(out, r->runs[i]);
		rmi_picture_write(out, r->runs[i], &sum[i], (unsigned)i, true);
		write_legend(out);
		(void)fprintf(out, "</section>\n");
	}
	for (size_t i = 0; i < r->n_runs; i++) {
		(void)fprintf(out, "<h2 class=run>");
		write_name(out, r->runs[i]);
		(void)fprintf(out, "</h2>\n");
		rmi_tables_says(out, r->runs[i]);
		rmi_tables_stages(out, &sum[i]);
		rmi_tables_reasons(out, &sum[i]);
		rmi_tables_trouble(out, r->runs[i]);
	}
}

enum rme_err
rmi_report_write(FILE *out, const struct rmi_report *r, struct rme_error *err)
{
	if (r->n_runs == 0) {
		return rme_error_set(err, RME_EINVAL, "report", "there is no run to report");
	}
	if (r->n_runs > RMI_REPORT_RUNS_MAX) {
		return rme_error_set(err, RME_ELIMIT, "report", "at most %d runs fit on a page", RMI_REPORT_RUNS_MAX);
	}
	struct rmi_summary *sum = calloc(r->n_runs, sizeof(*sum));
	enum rme_err e = sum != NULL ? RME_OK : RME_ENOMEM;
	for (size_t i = 0; i < r->n_runs && e == RME_OK; i++) {
		e = rmi_summary_make(&sum[i], r->runs[i], &r->prices);
	}
	if (e != RME_OK) {
		free(sum);
		return rme_error_set(err, e, "report", "%s", rme_err_text(e));
	}
	write_head(out, r);
	if (r->n_runs == 1) {
		write_one(out, r->runs[0], &sum[0]);
	} else {
		write_several(out, r, sum);
	}
	(void)fprintf(out,
	    "<footer>Times are measured where the pipeline runs; bytes are payload over the network, without "
	    "framing. Made by rme.</footer></main>\n<script>%s</script></html>\n",
	    rmi_html_script);
	free(sum);
	if (fflush(out) != 0 || ferror(out) != 0) {
		return rme_error_set(err, RME_EIO, "report", "the page could not be written");
	}
	return RME_OK;
}
