#ifndef RMI_CLI_INTERRUPT_H
#define RMI_CLI_INTERRUPT_H

/** @file Ctrl-C and SIGTERM ask a command to stop; asked a second time, the process ends as if nobody had listened. */

/** From now on the first SIGINT or SIGTERM calls @p fn, inside the signal handler. One at a time in a process. */
void rmi_interrupt_on(void (*fn)(void *ctx), void *ctx);

/** Back to what it was. @return RMI_EXIT_INTERRUPTED or RMI_EXIT_TERMINATED if a signal came, else RMI_EXIT_OK */
int rmi_interrupt_off(void);

#endif
