#include "cli/interrupt.h"

#include "cli/command.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static void (*stop)(void *ctx);
static void *stop_ctx;
static volatile sig_atomic_t came;
static struct sigaction before[2];
static const int signals[2] = {SIGINT, SIGTERM};

static void
handle(int sig)
{
	came = sig;
	stop(stop_ctx);
}

void
rmi_interrupt_on(void (*fn)(void *ctx), void *ctx)
{
	struct sigaction action = {.sa_handler = handle, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
	(void)sigemptyset(&action.sa_mask);
	stop = fn;
	stop_ctx = ctx;
	came = 0;
	atomic_signal_fence(memory_order_seq_cst);
	for (size_t i = 0; i < 2; i++) {
		(void)sigaction(signals[i], &action, &before[i]);
	}
}

int
rmi_interrupt_off(void)
{
	for (size_t i = 0; i < 2; i++) {
		(void)sigaction(signals[i], &before[i], NULL);
	}
	if (came == 0) {
		return RMI_EXIT_OK;
	}
	return came == SIGINT ? RMI_EXIT_INTERRUPTED : RMI_EXIT_TERMINATED;
}
