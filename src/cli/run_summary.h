#ifndef RMI_CLI_RUN_SUMMARY_H
#define RMI_CLI_RUN_SUMMARY_H

/** @file What a run says about itself when it is over. */

#include "cli/run_loop.h"

/** A few lines to cli->err: items, times, where the work was done, bytes over the network. */
void rmi_run_summary_say(const struct rmi_cli *cli, const struct rmi_run *record, const struct rmi_run_loop_out *out);

#endif
