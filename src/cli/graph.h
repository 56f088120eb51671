#ifndef RMI_CLI_GRAPH_H
#define RMI_CLI_GRAPH_H

/** @file A checked pipeline drawn as text, with the conversions that were put in. */

#include <rme/pipeline.h>
#include <stdio.h>

/** For people. */
void rmi_graph_ascii(FILE *out, const struct rme_plan *plan, bool color);
/** For Graphviz. @p name of the graph. */
void rmi_graph_dot(FILE *out, const struct rme_plan *plan, const char *name);
/** For Markdown pages (https://mermaid.js.org). */
void rmi_graph_mermaid(FILE *out, const struct rme_plan *plan);

#endif
