#ifndef TEST_HOST_LIBRARY_H
#define TEST_HOST_LIBRARY_H

/**
 * @file
 * The engine in a shared library, for programs in other languages: one module, whose guests can be asked to echo, to trap and
 * to run for ever. Functions return 0, or -1 with a text in wh_error().
 */

#include <stddef.h>

#define WH_EXPORT __attribute__((visibility("default")))

/** Start the engine with the module at this path. */
WH_EXPORT int wh_start(const char *path);
WH_EXPORT int wh_stop(void);
/** "signals" or "interruptible". */
WH_EXPORT const char *wh_guard(void);
WH_EXPORT const char *wh_error(void);
/** Any thread: makes an instance, has it answer, and looks at the answer. */
WH_EXPORT int wh_echo(void);
/** Any thread: a new instance accesses what is not there, which must be an error of its item. */
WH_EXPORT int wh_trap(void);
/** Any thread: a new instance runs for ever and must be stopped at its deadline. */
WH_EXPORT int wh_loop(void);
/** A real fault, in code of the program. */
WH_EXPORT int wh_fault(void);
/** Whether the program has a SIGSEGV handler (ours included). */
WH_EXPORT int wh_has_handler(void);

#endif
