#ifndef RMI_CLI_OPEN_PIPELINE_H
#define RMI_CLI_OPEN_PIPELINE_H

/** @file What `run`, `validate` and `graph` have in common: a pipeline file, changed by options, wired and planned. */

#include "cli/wire_up.h"

/** Options by which the command line changes a pipeline. */
#define RMI_PIPELINE_OPTIONS \
	{.name = "param", \
	    .letter = 'p', \
	    .kind = RMI_OPTION_STRING, \
	    .many = true, \
	    .value = "NODE.KEY=VALUE", \
	    .help = "set a parameter of a node; of a router's child: vad.edge.threshold=0.7"}, \
	    {.name = "mode", \
	        .letter = 'm', \
	        .kind = RMI_OPTION_STRING, \
	        .many = true, \
	        .value = "NODE=MODE", \
	        .help = "set the mode of a router: edge_only, cloud_first, ..."}, \
	    {.name = "endpoint", \
	        .letter = 'e', \
	        .kind = RMI_OPTION_STRING, \
	        .many = true, \
	        .value = "NAME=ADDRESS", \
	        .help = "add an endpoint, or give one another address"}, \
	    {.name = "service", \
	        .letter = 's', \
	        .kind = RMI_OPTION_STRING, \
	        .many = true, \
	        .value = "NAME=ENDPOINT", \
	        .help = "say where a service is: name of an endpoint, or an address"}, \
	    {.name = "modules", \
	        .kind = RMI_OPTION_FILE, \
	        .help = "module registry, instead of the one the pipeline names"}

/** All-zero, then rmi_open_pipeline(). */
struct rmi_opened {
	struct rmi_diags diags;
	struct rmi_pipeline_def *def;
	struct rmi_wiring *wiring;
	struct rme_plan *plan;
};

/**
 * Read, change and wire a pipeline. Says what is wrong.
 * @param args  of a command with RMI_PIPELINE_OPTIONS
 * @return an rmi_exit; whatever it is, call rmi_opened_done()
 */
int rmi_open_pipeline(struct rmi_opened *o, struct rmi_cli *cli, const struct rmi_args *args, const char *path);

/** Check the formats and set o->plan. @p format: of the items; all-zero = as the file says. */
int rmi_open_plan(struct rmi_opened *o, struct rmi_cli *cli, const struct rme_format *format);

/** Every session must have been freed. */
void rmi_opened_done(struct rmi_opened *o);

/** Write the diagnostics as objects of a JSON array, for --json. */
void rmi_write_diags_json(FILE *out, const struct rmi_diags *diags);

/** The kind of a node for people: "module fast_vad", "service X at cloud", "router (edge_first)", "AudioTransform". */
void rmi_describe_spec(char *buf, size_t size, const struct rme_node_spec *spec);

/** The child specs of a node, by the parameters of its type. @return the name of number @p index and its spec; NULL past
 *  the end */
const char *rmi_spec_child(const struct rme_node_spec *spec, size_t index, const struct rme_node_spec **child);

#endif
