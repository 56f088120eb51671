#ifndef RMI_WASM_ISO_FUTEX_H
#define RMI_WASM_ISO_FUTEX_H

/** @file A futex between processes. */

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/** Sleep while *word is @p value; may return early. */
static inline void
rmi_iso_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	(void)syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static inline void
rmi_iso_futex_wake(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static inline void
rmi_iso_pause(void)
{
	__builtin_ia32_pause();
}

#endif
