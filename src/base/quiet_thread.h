#ifndef RMI_BASE_QUIET_THREAD_H
#define RMI_BASE_QUIET_THREAD_H

/** @file Threads of the library's own: small, and deaf to the program's signals. */

#include <pthread.h>
#include <stddef.h>

/**
 * Start a thread with all signals blocked, since those are for the program's own threads.
 * @param stack_bytes  what it needs; at least PTHREAD_STACK_MIN
 * @return 0, or an errno
 */
int rmi_quiet_thread(pthread_t *out, void *(*run)(void *arg), void *arg, size_t stack_bytes);

#endif
