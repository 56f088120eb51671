/* One guest process as the host sees it: its memory, its start, its end. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sanitizer.h"
#include "wasm/engine_state.h"
#include "core/guest_log.h"
#include "wasm/iso_state.h"
#include "wasm/program_path.h"

enum { DESCRIPTOR_LOW = 32 };

/* Private memory of a guest process beside its instances: engine, thread stacks, buffers. */
#define DATA_BASE_BYTES ((uint64_t)512 << 20)

static struct rmi_iso_shared *
new_shared(int *fd)
{
	*fd = memfd_create("rme-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0) {
		return NULL;
	}
	const size_t size = sizeof(struct rmi_iso_shared);
	void *at = MAP_FAILED;
	/* Sealed before anyone else has it: it can neither shrink under our hands nor grow. */
	if (ftruncate(*fd, (off_t)size) == 0 &&
	    fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
		at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	}
	if (at == MAP_FAILED) {
		close(*fd);
		*fd = -1;
		return NULL;
	}
	return at;
}

enum rme_err
rmi_iso_process_new(struct rmi_iso_process **out, struct rmi_iso_module *m)
{
	struct rmi_iso_process *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return RME_ENOMEM;
	}
	p->module = m;
	p->pidfd = -1;
	p->bell_fd = -1;
	p->state = RMI_ISO_P_WANTED;
	*out = p;
	return RME_OK;
}

static void
write_setup(struct rmi_iso_process *p)
{
	const struct rmi_iso_module *m = p->module;
	struct rmi_iso_setup *s = &p->shared->control.setup;
	const struct rmi_wasm_process *engine = atomic_load(&m->host->engine->process);
	*s = (struct rmi_iso_setup){.version = RMI_ISO_VERSION,
	    .shared_bytes = sizeof(struct rmi_iso_shared),
	    .guard = (uint32_t)engine->guard,
	    .optimize_level = (uint32_t)m->optimize_level,
	    .interruptible = m->interruptible,
	    .limits = m->limits};
	(void)snprintf(s->module, sizeof(s->module), "%s", m->name);
	(void)snprintf(s->function, sizeof(s->function), "%s", m->function);
	s->data_bytes = DATA_BASE_BYTES + RMI_ISO_SESSIONS * (m->limits.memory_bytes + 2 * m->limits.result_bytes);
}

/* How a sanitizer behaves is said in the environment. */
static void
add_sanitizer_options(char **env)
{
	static const char *const names[] = {"ASAN_OPTIONS=", "TSAN_OPTIONS=", "UBSAN_OPTIONS="};
	for (char **have = environ; have != NULL && *have != NULL; have++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (strncmp(*have, names[i], strlen(names[i])) == 0) {
				*env++ = *have;
			}
		}
	}
}

static int
spawn(struct rmi_iso_process *p, const int fds[RMI_ISO_FD_END], const char *program)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	int e = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	e = e != 0 ? e : posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!RMI_ASAN && !RMI_TSAN) { /* their reports are for whoever started us */
		e = e != 0 ? e : posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	}
	for (int i = RMI_ISO_FD_SHARED; i < RMI_ISO_FD_END; i++) {
		e = e != 0 ? e : posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	}
	e = e != 0 ? e : posix_spawn_file_actions_addclosefrom_np(&actions, RMI_ISO_FD_END);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	char name[] = "rme-guest", locale[] = "LC_ALL=C";
	char *argv[] = {name, NULL}, *env[] = {locale, NULL, NULL, NULL, NULL};
	if (RMI_ASAN || RMI_TSAN) {
		add_sanitizer_options(env + 1);
	}
	e = e != 0 ? e : posix_spawn(&p->pid, program, &actions, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return e;
}

/* Copies with numbers that no target has, so that one dup2 cannot overwrite the source of the next. */
static int
spawn_with(struct rmi_iso_process *p, int shared_fd, const char *program)
{
	const struct rmi_iso_module *m = p->module;
	const int from[RMI_ISO_FD_END] = {[RMI_ISO_FD_SHARED] = shared_fd,
	    [RMI_ISO_FD_BELL] = p->bell_fd,
	    [RMI_ISO_FD_WASM] = m->wasm_fd,
	    [RMI_ISO_FD_CODE] = m->code_fd,
	    [RMI_ISO_FD_PIN] = m->host->pin_fd};
	int fds[RMI_ISO_FD_END], e = 0;
	for (int i = RMI_ISO_FD_SHARED; i < RMI_ISO_FD_END; i++) {
		fds[i] = fcntl(from[i], F_DUPFD_CLOEXEC, DESCRIPTOR_LOW);
		e = fds[i] < 0 ? errno : e;
	}
	e = e != 0 ? e : spawn(p, fds, program);
	for (int i = RMI_ISO_FD_SHARED; i < RMI_ISO_FD_END; i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
	return e;
}

enum rme_err
rmi_iso_process_spawn(struct rmi_iso_process *p)
{
	char program[PATH_MAX];
	int shared_fd;
	const char *name = p->module->name;
	p->shared = new_shared(&shared_fd);
	p->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->shared == NULL || p->bell_fd < 0) {
		if (shared_fd >= 0) {
			close(shared_fd);
		}
		return rme_error_set(&p->death, RME_ENOMEM, name, "no shared memory: %s", strerror(errno));
	}
	write_setup(p);
	for (unsigned i = 0; i < RMI_ISO_SESSIONS; i++) {
		p->place[i].orders.ring = &p->shared->slot[i].orders;
		p->place[i].replies.ring = &p->shared->slot[i].replies;
	}
	rmi_program_path("RME_GUEST", NULL, "rme-guest", program);
	p->pid = -1;
	int e = spawn_with(p, shared_fd, program);
	close(shared_fd);
	if (e != 0) {
		p->pid = -1;
		return rme_error_set(&p->death, RME_EUNSUPPORTED, name,
		    "%s cannot be started: %s; set RME_GUEST, or let the registry say isolation: inproc", program,
		    strerror(e));
	}
	p->pidfd = pidfd_open(p->pid, 0);
	if (p->pidfd < 0) {
		enum rme_err r = rme_error_set(&p->death, RME_EUNSUPPORTED, name, "pidfd_open: %s", strerror(errno));
		kill(p->pid, SIGKILL);
		(void)waitpid(p->pid, NULL, 0);
		p->pid = -1;
		return r;
	}
	return RME_OK;
}

static void
describe_end(struct rmi_iso_process *p, const siginfo_t *info)
{
	const char *name = p->module->name;
	if (info->si_code == CLD_EXITED) {
		(void)rme_error_set(&p->death, RME_EMODULE, name, "it ended with status %d", info->si_status);
	} else if (info->si_status == SIGSYS) {
		(void)rme_error_set(&p->death, RME_EMODULE, name, "it made a system call that is not allowed (SIGSYS)");
	} else if (info->si_status == SIGKILL) {
		(void)rme_error_set(
		    &p->death, RME_EMODULE, name, "it was killed from outside, or for want of memory (SIGKILL)");
	} else {
		(void)rme_error_set(&p->death, RME_EMODULE, name, "it died of signal %d (%s)", info->si_status,
		    strsignal(info->si_status));
	}
}

/* What it said itself, before it gave up. Its words are a stranger's. */
static bool
take_report(struct rmi_iso_process *p)
{
	struct rmi_iso_control *c = &p->shared->control;
	char raw[RMI_ISO_REPORT_MAX], text[RMI_ISO_REPORT_MAX];
	if (atomic_load(&c->stage) != RMI_ISO_FAILED) {
		return false;
	}
	int32_t code = c->failure;
	memcpy(raw, c->report, sizeof(raw));
	rmi_guest_text_copy(text, sizeof(text), raw, strnlen(raw, sizeof(raw)));
	enum rme_err e = code > RME_OK && code < RME_ERR_COUNT_ ? (enum rme_err)code : RME_EMODULE;
	(void)rme_error_set(&p->death, e, p->module->name, "%s", text);
	return true;
}

void
rmi_iso_process_reap(struct rmi_iso_process *p)
{
	siginfo_t info = {.si_code = 0};
	while (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED) != 0 && errno == EINTR) {
	}
	p->pid = -1;
	if (p->death.code == RME_OK && !take_report(p)) {
		describe_end(p, &info);
	}
}

void
rmi_iso_process_kill(struct rmi_iso_process *p)
{
	if (p->pidfd >= 0 && p->pid > 0) {
		(void)pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
	}
}

void
rmi_iso_process_free(struct rmi_iso_process *p)
{
	if (p->shared != NULL) {
		(void)munmap(p->shared, sizeof(*p->shared));
	}
	if (p->bell_fd >= 0) {
		close(p->bell_fd);
	}
	if (p->pidfd >= 0) {
		close(p->pidfd);
	}
	free(p);
}
