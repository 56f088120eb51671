#include "cli/run_items.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "cli/run_loop.h"
#include "cli/run_summary.h"
#include "report/record.h"
#include "report/report.h"
#include "report/run.h"

const char *const rmi_run_write_choices[] = {"auto", "lines", "jsonl", "audio", "bytes", NULL};
const char *const rmi_run_progress_choices[] = {"auto", "always", "none", NULL};

/* One run, from its files to its end. */
struct runner {
	struct rmi_cli *cli;
	const struct rmi_args *args;
	const struct rmi_run_items_in *in;
	struct rmi_opened *opened;
	struct rmi_item_source *source;
	struct rmi_item_sink *sink;
	struct rmi_run *record;
};

static int
fail(const struct runner *r, const struct rme_error *err)
{
	return rmi_complain_error(r->cli, err);
}

static int
open_source(struct runner *r)
{
	const struct rmi_input_def *input = r->opened->def->input;
	struct rmi_item_source_config config = {
	    .path = rmi_args_text(r->args, "input"), .chunk_ns = 20 * RMI_NS_PER_MS};
	if (input != NULL) {
		config.format = input->format;
		config.chunk_ns = input->chunk_ns;
	}
	struct rme_error err;
	const char *format = rmi_args_text(r->args, "format");
	if (format != NULL && rme_format_parse(&config.format, format, strlen(format), &err) != RME_OK) {
		return fail(r, &err);
	}
	if (config.format.media == RME_MEDIA_ANY && rmi_item_media_of_name(config.path) == RME_MEDIA_ANY) {
		config.format = r->in->fallback;
	}
	if (rmi_args_given(r->args, "chunk")) {
		config.chunk_ns = rmi_args_int(r->args, "chunk");
	}
	if (config.chunk_ns <= 0 || config.chunk_ns > 60 * RMI_NS_PER_S) {
		return rmi_complain_usage(r->cli, "--chunk takes a time up to 60s");
	}
	if (rmi_item_source_open(&r->source, &config, &err) == RME_OK) {
		return RMI_EXIT_OK;
	}
	int code = fail(r, &err);
	return err.code == RME_ENOTFOUND ? RMI_EXIT_FAILED : code; /* input that is missing is no wrong configuration */
}

/* Results go to -o; without it, text and JSON go to standard output, unless the lines of --json go there. */
static int
open_sink(struct runner *r)
{
	static const enum rmi_sink_kind kinds[] = {
	    RMI_SINK_AUTO, RMI_SINK_LINES, RMI_SINK_JSONL, RMI_SINK_AUDIO, RMI_SINK_BYTES};
	const char *path = rmi_args_text(r->args, "output");
	bool json = rmi_args_given(r->args, "json"), to_stdout = path == NULL || strcmp(path, "-") == 0;
	if (json && to_stdout && path != NULL) {
		return rmi_complain_usage(r->cli, "--json and -o - both want standard output");
	}
	if (json && path == NULL) {
		return RMI_EXIT_OK;
	}
	enum rmi_sink_kind kind = kinds[rmi_args_int(r->args, "write")];
	struct rme_error err;
	enum rme_err e =
	    rmi_item_sink_open(&r->sink, to_stdout ? NULL : path, to_stdout ? r->cli->out : NULL, kind, &err);
	return e == RME_OK ? RMI_EXIT_OK : fail(r, &err);
}

static int
open_record(struct runner *r)
{
	const struct rmi_metadata_def *meta = r->opened->def->metadata;
	const char *name = rmi_args_text(r->args, "name");
	const struct rmi_run_head head = {
	    .name = name != NULL   ? name
	            : meta != NULL ? meta->name
	                           : NULL,
	    .pipeline = r->in->pipeline,
	    .input = rmi_args_text(r->args, "input"),
	    .began_ns = rmi_monotonic_ns(),
	};
	enum rme_err e = rmi_run_new(&r->record, &head);
	if (e == RME_OK && rmi_args_given(r->args, "json")) {
		e = rmi_record_write_head(r->cli->out, r->record);
	}
	struct rme_error err;
	(void)rme_error_set(&err, e, "record", "%s", rme_err_text(e));
	return e == RME_OK ? RMI_EXIT_OK : fail(r, &err);
}

static int
open_all(struct runner *r)
{
	int code = open_source(r);
	if (code == RMI_EXIT_OK) {
		code = rmi_open_plan(r->opened, r->cli, rmi_item_source_format(r->source));
	}
	if (code == RMI_EXIT_OK) {
		code = open_sink(r);
	}
	rmi_diags_print(&r->opened->diags, r->cli->err, r->cli->color_err);
	return code == RMI_EXIT_OK ? open_record(r) : code;
}

static struct rme_session_config
session_config(const struct runner *r)
{
	struct rme_session_config config = {.inbox_items = 0};
	const struct rmi_session_def *s = r->opened->def->session;
	if (s != NULL) {
		config.inbox_items = (size_t)s->inbox;
		config.inflight_items = (size_t)s->max_inflight;
		config.when_full = (enum rme_when_full)s->when_full;
		config.item_timeout_ns = s->item_timeout_ns;
	}
	return config;
}

static int
write_report(const struct runner *r, const char *path)
{
	struct rme_error err = {.code = RME_OK};
	FILE *f = fopen(path, "we");
	if (f == NULL) {
		(void)rme_error_set(&err, RME_EIO, path, "cannot be created: %s", strerror(errno));
		return fail(r, &err);
	}
	const struct rmi_run *runs[] = {r->record};
	const struct rmi_report report = {.runs = runs, .n_runs = 1};
	enum rme_err e = rmi_report_write(f, &report, &err);
	if (fclose(f) != 0 && e == RME_OK) {
		e = rme_error_set(&err, RME_EIO, path, "writing failed: %s", strerror(errno));
	}
	if (e == RME_OK) {
		rmi_say(r->cli, "report: %s", path);
	}
	return e == RME_OK ? RMI_EXIT_OK : fail(r, &err);
}

static int
exit_of_item(const struct runner *r, enum rme_err code)
{
	return code == RME_ETIMEDOUT && r->in->limit_is_module ? RMI_EXIT_MODULE : rmi_exit_of(code);
}

/* What the exit code says: how the run ended before what its items did. */
static int
exit_of(const struct runner *r, const struct rmi_run_loop_out *out)
{
	if (out->stopped != RMI_EXIT_OK) {
		return out->stopped;
	}
	if (out->broken.code != RME_OK) {
		return RMI_EXIT_FAILED;
	}
	if (out->failed == 0) {
		return out->refused == 0 ? RMI_EXIT_OK : RMI_EXIT_PARTIAL;
	}
	return out->failed < out->done ? RMI_EXIT_PARTIAL : exit_of_item(r, out->first.code);
}

static int
finish(struct runner *r, const struct rmi_run_loop_out *out)
{
	int code = exit_of(r, out);
	struct rme_error err;
	if (out->broken.code != RME_OK) {
		(void)fail(r, &out->broken);
	}
	if (r->sink != NULL && rmi_item_sink_left_out(r->sink) > 0) {
		rmi_say(r->cli, "%llu results are neither text nor JSON and were not written; give a file: -o FILE",
		    (unsigned long long)rmi_item_sink_left_out(r->sink));
	}
	enum rme_err e = rmi_item_sink_close(r->sink, &err);
	r->sink = NULL;
	if (e != RME_OK) {
		(void)fail(r, &err);
		code = code == RMI_EXIT_OK ? RMI_EXIT_FAILED : code;
	}
	if (rmi_args_given(r->args, "json") && rmi_record_write_end(r->cli->out, r->record) != RME_OK) {
		code = code == RMI_EXIT_OK ? RMI_EXIT_FAILED : code;
	}
	rmi_run_summary_say(r->cli, r->record, out);
	const char *report = rmi_args_text(r->args, "report");
	int reported = report != NULL ? write_report(r, report) : RMI_EXIT_OK;
	return code != RMI_EXIT_OK ? code : reported;
}

static int
run_opened(struct runner *r)
{
	bool json = rmi_args_given(r->args, "json");
	int when = (int)rmi_args_int(r->args, "progress");
	bool shared = r->cli->tty_out && (json || rmi_args_text(r->args, "output") == NULL);
	const struct rmi_run_loop_in in = {
	    .cli = r->cli,
	    .rt = rmi_wiring_runtime(r->opened->wiring),
	    .plan = r->opened->plan,
	    .session = session_config(r),
	    .source = r->source,
	    .sink = r->sink,
	    .record = r->record,
	    .json = json ? r->cli->out : NULL,
	    .keep_items = r->cli->verbosity >= 0 || rmi_args_given(r->args, "report"),
	    .realtime = rmi_args_given(r->args, "realtime"),
	    .local = rmi_args_given(r->args, "local"),
	    .progress = when == 1 || (when == 0 && r->cli->tty_err && !shared && r->cli->verbosity >= 0),
	    .repeat = rmi_args_int(r->args, "loop"),
	    .timeout_ns = r->in->timeout_ns,
	};
	struct rmi_run_loop_out out;
	struct rme_error err;
	enum rme_err e = rmi_run_loop(&out, &in, &err);
	if (e ==
	    RME_EDENIED) { /* a module is not the one of the lock file: no service is asked before the first item */
		(void)fail(r, &err);
		return RMI_EXIT_CONFIG;
	}
	return e == RME_OK ? finish(r, &out) : fail(r, &err);
}

int
rmi_run_items(struct rmi_opened *o, const struct rmi_run_items_in *in)
{
	struct runner r = {.cli = in->cli, .args = in->args, .in = in, .opened = o};
	int code = open_all(&r);
	if (code == RMI_EXIT_OK) {
		code = run_opened(&r);
	}
	struct rme_error err;
	(void)!rmi_item_sink_close(r.sink, &err);
	rmi_item_source_close(r.source);
	rmi_run_free(r.record);
	return code;
}
