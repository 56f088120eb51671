#include "base/quiet_thread.h"

#include <signal.h>

int
rmi_quiet_thread(pthread_t *out, void *(*run)(void *arg), void *arg, size_t stack_bytes)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int e = pthread_attr_init(&attr);
	if (e != 0) {
		return e;
	}
	e = pthread_attr_setstacksize(&attr, stack_bytes);
	if (e == 0) {
		sigfillset(&all);
		(void)pthread_sigmask(SIG_BLOCK, &all, &before);
		e = pthread_create(out, &attr, run, arg);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&attr);
	return e;
}
