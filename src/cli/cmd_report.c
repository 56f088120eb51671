#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "report/record.h"
#include "report/report.h"
#include "report/run.h"

enum { PRICES_MAX = 32 };

/* What the page is made from. */
struct maker {
	struct rmi_run *run[RMI_REPORT_RUNS_MAX];
	size_t n_runs;
	struct rmi_price price[PRICES_MAX];
	char *stage[PRICES_MAX]; /* names in the prices */
	size_t n_prices;
};

static void
maker_done(struct maker *m)
{
	for (size_t i = 0; i < m->n_runs; i++) {
		rmi_run_free(m->run[i]);
	}
	for (size_t i = 0; i < m->n_prices; i++) {
		free(m->stage[i]);
	}
}

static enum rme_err
read_prices(struct maker *m, const struct rmi_args *args, struct rme_error *err)
{
	for (size_t i = 0; i < rmi_args_count(args, "price"); i++) {
		size_t len;
		if (i == PRICES_MAX) {
			return rme_error_set(err, RME_ELIMIT, "--price", "at most %d prices", PRICES_MAX);
		}
		enum rme_err e = rmi_price_parse(&m->price[i], rmi_args_text_at(args, "price", i), &len, err);
		if (e != RME_OK) {
			return e;
		}
		m->stage[i] = strndup(m->price[i].node, len);
		if (m->stage[i] == NULL) {
			return rme_error_set(err, RME_ENOMEM, "--price", "out of memory");
		}
		m->price[i].node = m->stage[i];
		m->n_prices++;
	}
	return RME_OK;
}

static enum rme_err
read_run(struct maker *m, const char *path, struct rme_error *err)
{
	bool from_stdin = strcmp(path, "-") == 0;
	FILE *f = from_stdin ? stdin : fopen(path, "re");
	if (f == NULL) {
		return rme_error_set(err, RME_EIO, path, "cannot be opened: %s", strerror(errno));
	}
	enum rme_err e = rmi_record_read(&m->run[m->n_runs], f, from_stdin ? "standard input" : path, err);
	m->n_runs += e == RME_OK ? 1 : 0;
	if (!from_stdin) {
		(void)fclose(f);
	}
	return e;
}

static enum rme_err
read_runs(struct maker *m, const struct rmi_args *args, struct rme_error *err)
{
	enum rme_err e = RME_OK;
	for (size_t i = 0; i < rmi_args_operand_count(args) && e == RME_OK; i++) {
		if (m->n_runs == RMI_REPORT_RUNS_MAX) {
			return rme_error_set(
			    err, RME_ELIMIT, "report", "at most %d runs fit on a page", RMI_REPORT_RUNS_MAX);
		}
		e = read_run(m, rmi_args_operand(args, i), err);
	}
	for (size_t i = 0; i < rmi_args_count(args, "name") && i < m->n_runs && e == RME_OK; i++) {
		const char *name = rmi_args_text_at(args, "name", i);
		e = rmi_run_rename(m->run[i], name);
		if (e != RME_OK) {
			return rme_error_set(err, e, "--name", "%s", rme_err_text(e));
		}
	}
	return e;
}

/* A page that could not be written whole is not left behind. */
static enum rme_err
write_page(const struct rmi_report *report, FILE *out, const char *path, struct rme_error *err)
{
	if (path == NULL) {
		return rmi_report_write(out, report, err);
	}
	FILE *f = fopen(path, "we");
	if (f == NULL) {
		return rme_error_set(err, RME_EIO, path, "cannot be created: %s", strerror(errno));
	}
	enum rme_err e = rmi_report_write(f, report, err);
	if (fclose(f) != 0 && e == RME_OK) {
		e = rme_error_set(err, RME_EIO, path, "writing failed: %s", strerror(errno));
	}
	if (e != RME_OK) {
		(void)remove(path);
	}
	return e;
}

static int
run_report(struct rmi_cli *cli, const struct rmi_args *args)
{
	struct maker m = {.n_runs = 0};
	struct rme_error err;
	enum rme_err e = read_prices(&m, args, &err);
	if (e == RME_OK) {
		e = read_runs(&m, args, &err);
	}
	if (e == RME_OK) {
		const struct rmi_run *runs[RMI_REPORT_RUNS_MAX];
		for (size_t i = 0; i < m.n_runs; i++) {
			runs[i] = m.run[i];
		}
		const struct rmi_report report = {.title = rmi_args_text(args, "title"),
		    .runs = runs,
		    .n_runs = m.n_runs,
		    .prices = {m.price, m.n_prices}};
		const char *path = rmi_args_text(args, "output");
		bool to_stdout = path == NULL || strcmp(path, "-") == 0;
		e = write_page(&report, cli->out, to_stdout ? NULL : path, &err);
		if (e == RME_OK && !to_stdout) {
			rmi_say(cli, "report: %s", path);
		}
	}
	maker_done(&m);
	return e == RME_OK ? RMI_EXIT_OK : rmi_complain_error(cli, &err);
}

static const struct rmi_option report_options[] = {
    {.name = "output", .letter = 'o', .kind = RMI_OPTION_FILE, .help = "the page (HTML); without it, standard output"},
    {.name = "title", .kind = RMI_OPTION_STRING, .help = "heading of the page"},
    {.name = "name",
        .kind = RMI_OPTION_STRING,
        .many = true,
        .help = "what the first run is called on the page; again for the second, and so on"},
    {.name = "price",
        .kind = RMI_OPTION_STRING,
        .many = true,
        .value = "STAGE=USD/UNIT",
        .help = "what the cloud costs at a stage, per item, min (of audio) or MB (sent and received)"},
    {.name = NULL},
};
static const struct rmi_operand report_operands[] = {
    {.name = "RUN",
        .many = true,
        .suffix = "jsonl",
        .help = "lines that rme run --json has printed; - = standard input"},
    {.name = NULL},
};

const struct rmi_command rmi_command_report = {
    .name = "report",
    .summary = "make a page about one run, or a comparison of several",
    .help =
        "The page is one HTML file that needs nothing beside it: a timeline of the sound, what was said, where each "
        "piece was worked on, why, and how long it took. With several runs, their figures stand side by side, and "
        "differences are told against the first one.",
    .examples = "rme report run.jsonl -o run.html\n"
                "rme report cloud.jsonl hybrid.jsonl killed.jsonl -o comparison.html  # the first is the yardstick\n"
                "rme report run.jsonl -o run.html --price recognize=0.024/min  # with a cost estimate",
    .options = report_options,
    .operands = report_operands,
    .run = run_report,
};
