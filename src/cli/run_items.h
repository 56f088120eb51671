#ifndef RMI_CLI_RUN_ITEMS_H
#define RMI_CLI_RUN_ITEMS_H

/** @file What `run` and `call` have in common: items of a file go through an opened pipeline, results are written. */

#include "cli/open_pipeline.h"

extern const char *const rmi_run_write_choices[];
extern const char *const rmi_run_progress_choices[];

/** Options of rmi_run_items(). The command adds a duration "chunk" and "timeout" of its own meaning. */
#define RMI_RUN_OPTIONS \
	{.name = "input", \
	    .letter = 'i', \
	    .kind = RMI_OPTION_FILE, \
	    .required = true, \
	    .help = "audio file, lines of text or JSON, an image, a folder of such files, or - for standard input"}, \
	    {.name = "output", \
	        .letter = 'o', \
	        .kind = RMI_OPTION_FILE, \
	        .help = "where results go: .wav and other audio, .txt, .jsonl; other names: bytes; without it, text " \
	                "and JSON to standard output"}, \
	    {.name = "report", .letter = 'r', .kind = RMI_OPTION_FILE, .help = "write a page about the run (HTML)"}, \
	    {.name = "json", .help = "print a line of JSON for the run, each item, and the end"}, \
	    {.name = "name", \
	        .kind = RMI_OPTION_STRING, \
	        .help = "what reports call this run; without it, the pipeline's name"}, \
	    {.name = "format", \
	        .kind = RMI_OPTION_STRING, \
	        .value = "FORMAT", \
	        .help = "media format of the input, where its name does not say it"}, \
	    {.name = "write", \
	        .kind = RMI_OPTION_ENUM, \
	        .choices = rmi_run_write_choices, \
	        .fallback = "auto", \
	        .help = "how results are written; auto: by the name of the output"}, \
	    {.name = "realtime", .help = "submit items at the times they have, as a microphone would"}, \
	    {.name = "loop", \
	        .kind = RMI_OPTION_INT, \
	        .min = 1, \
	        .max = 1e9, \
	        .fallback = "1", \
	        .help = "go through the input N times"}, \
	    {.name = "local", .help = "the data is private: it must not leave this device"}, \
	    {.name = "progress", \
	        .kind = RMI_OPTION_ENUM, \
	        .choices = rmi_run_progress_choices, \
	        .fallback = "auto", \
	        .value = "WHEN", \
	        .help = "show a progress line; auto: on a terminal"}

/** How to run; all borrowed. */
struct rmi_run_items_in {
	struct rmi_cli *cli;
	const struct rmi_args *args; /**< of a command with RMI_RUN_OPTIONS and "chunk" */
	const char *pipeline;        /**< what runs, as the user named it */
	struct rme_format fallback;  /**< of the input where neither --format nor its name says it; all-zero = none */
	int64_t timeout_ns;          /**< for all of it; 0 = none */
	bool limit_is_module;        /**< an item whose time ran out means that a module hit its limit */
};

/**
 * Open input and output, plan, run and say how it went. Diagnostics of @p o are printed.
 * @param o  of rmi_open_pipeline(), or likewise; its plan is set
 * @return an rmi_exit
 */
int rmi_run_items(struct rmi_opened *o, const struct rmi_run_items_in *in);

#endif
