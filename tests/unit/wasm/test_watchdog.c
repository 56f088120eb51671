/* A watchdog that was started has made all the system calls that a guest process will not allow it later. */
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "wasm/watchdog.h"
#include "wasm/wasm_process.h"

static atomic_bool awaited, asked;

int __wrap_getpriority(__priority_which_t which, id_t who);
int __wrap_sem_wait(sem_t *sem);
int __real_sem_wait(sem_t *sem);

int
__wrap_sem_wait(sem_t *sem)
{
	atomic_store(&awaited, true);
	return __real_sem_wait(sem);
}

/* Comes back once it is awaited: the thread that starts it is always ahead. */
int
__wrap_getpriority(__priority_which_t which, id_t who)
{
	(void)which;
	(void)who;
	while (!atomic_load(&awaited)) {
		(void)sched_yield();
	}
	atomic_store(&asked, true);
	return 0;
}

static void
it_has_begun_when_it_is_started(void **state)
{
	(void)state;
	static struct rmi_wasm_process process; /* its thread never ends */
	struct rmi_watchdog *w;
	assert_int_equal(rmi_watchdog_start(&w, &process, NULL), RME_OK);
	assert_true(atomic_load(&asked));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(it_has_begun_when_it_is_started)};
	return cmocka_run_group_tests_name("watchdog", tests, NULL, NULL);
}
