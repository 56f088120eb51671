#include "wasm/aot_compile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"

enum { CPU_SECONDS_DEFAULT = 30, POLL_MS = 100, ANSWER_MAX = 256, OBJECT_BYTES_MAX = 512 << 20 };
#define MEMORY_DEFAULT ((uint64_t)2 << 30)
#define WALL_DEFAULT   (90 * RMI_NS_PER_S)

static const char file_name[] = "module.so";

/* A child under way. */
struct job {
	const struct rmi_aot_request *q;
	struct rmi_aot_limits limits;
	char *dir, *output;
	int wasm_fd, answer_fd;
	pid_t pid;
	char answer[ANSWER_MAX];
	size_t answer_len;
};

int
rmi_sealed_memfd(const char *name, const void *data, size_t len)
{
#ifdef MFD_EXEC
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL) { /* before Linux 6.3 */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	}
#else
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
#endif
	if (fd < 0) {
		return -1;
	}
	const uint8_t *p = data;
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, p + at, len - at);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static enum rme_err
job_prepare(struct job *j, struct rme_error *err)
{
	if (asprintf(&j->dir, "%s/compile.XXXXXX", j->q->work_dir) < 0) {
		j->dir = NULL;
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	if (mkdtemp(j->dir) == NULL) {
		enum rme_err e = rme_error_set(err, RME_EIO, NULL,
		    "no folder can be made in %s: %s; choose another cache folder", j->q->work_dir, strerror(errno));
		free(j->dir);
		j->dir = NULL;
		return e;
	}
	if (asprintf(&j->output, "%s/%s", j->dir, file_name) < 0) {
		j->output = NULL;
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	j->wasm_fd = rmi_sealed_memfd("rme-wasm", j->q->wasm, j->q->len);
	if (j->wasm_fd < 0) {
		return rme_error_set(err, RME_EIO, NULL, "no memory file for the module: %s", strerror(errno));
	}
	return RME_OK;
}

static int
spawn_compiler(struct job *j, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr)
{
	char level[16], interruptible[16], cpu[16], memory[24];
	(void)snprintf(level, sizeof(level), "%d", j->q->level);
	(void)snprintf(interruptible, sizeof(interruptible), "%d", j->q->interruptible);
	(void)snprintf(cpu, sizeof(cpu), "%u", j->limits.cpu_s);
	(void)snprintf(memory, sizeof(memory), "%llu", (unsigned long long)(j->limits.memory_bytes >> 20));
	char program[] = "rme-aotc", locale[] = "LC_ALL=C";
	char *argv[] = {program, level, interruptible, cpu, memory, j->output, NULL};
	char *env[] = {locale, NULL};
	return posix_spawn(&j->pid, j->q->compiler, actions, attr, argv, env);
}

static enum rme_err
job_start(struct job *j, struct rme_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) {
		return rme_error_set(err, RME_EIO, NULL, "no pipe for the compiler: %s", strerror(errno));
	}
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	int e = posix_spawn_file_actions_adddup2(&actions, j->wasm_fd, STDIN_FILENO);
	e = e != 0 ? e : posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	e = e != 0 ? e : posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	e = e != 0 ? e : posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setpgroup(&attr, 0); /* Ctrl-C is for us; the child dies with us */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	e = e != 0 ? e : spawn_compiler(j, &actions, &attr);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	j->answer_fd = ends[0];
	if (e != 0) {
		j->pid = -1;
		return rme_error_set(err, RME_EUNSUPPORTED, NULL,
		    "the module compiler %s cannot be started: %s; set RME_AOTC", j->q->compiler, strerror(e));
	}
	return RME_OK;
}

/* Reads what the child says until it ends, or has to. */
static enum rme_err
job_listen(struct job *j, struct rme_error *err)
{
	int64_t deadline = rmi_monotonic_ns() + j->limits.wall_ns;
	for (;;) {
		struct pollfd p = {.fd = j->answer_fd, .events = POLLIN};
		int ready = poll(&p, 1, POLL_MS);
		if (rmi_canceled(j->q->cancel)) {
			return rme_error_set(err, RME_ECANCELED, NULL, "compiling was canceled");
		}
		if (rmi_monotonic_ns() > deadline) {
			return rme_error_set(err, RME_ELIMIT, NULL, "compiling was stopped after %lld s (limit)",
			    (long long)(j->limits.wall_ns / RMI_NS_PER_S));
		}
		if (ready <= 0) {
			continue;
		}
		ssize_t n = read(j->answer_fd, j->answer + j->answer_len, sizeof(j->answer) - 1 - j->answer_len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return RME_OK;
		}
		j->answer_len += (size_t)n;
		if (j->answer_len == sizeof(j->answer) - 1) {
			return RME_OK;
		}
	}
}

/* What became of the child; -1 where nobody knows (a program that ignores SIGCHLD). */
static int
job_reap(struct job *j, bool stop)
{
	if (j->pid <= 0) {
		return -1;
	}
	if (stop) {
		kill(j->pid, SIGKILL);
	}
	int status = -1;
	while (waitpid(j->pid, &status, 0) < 0) {
		if (errno != EINTR) {
			status = -1;
			break;
		}
	}
	j->pid = -1;
	return status;
}

/* By somebody, or for want of memory or disk: a full disk shows as SIGBUS in mapped files. */
static bool
comes_from_outside(int sig)
{
	return sig == SIGKILL || sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGBUS;
}

static enum rme_err
verdict_of_signal(const struct job *j, int sig, struct rme_error *err)
{
	if (sig == SIGXCPU) {
		return rme_error_set(err, RME_ELIMIT, NULL,
		    "compiling was stopped after %u s of processor time (limit)", j->limits.cpu_s);
	}
	if (comes_from_outside(sig)) {
		return rme_error_set(err, RME_EUNAVAILABLE, NULL,
		    "the compiler was killed by signal %d (%s), as where memory or disk are used up; try again later",
		    sig, strsignal(sig));
	}
	return rme_error_set(err, RME_ELIMIT, NULL, "the compiler died of signal %d (%s); its memory limit is %llu MiB",
	    sig, strsignal(sig), (unsigned long long)(j->limits.memory_bytes >> 20));
}

static enum rme_err
job_verdict(struct job *j, int status, struct rme_error *err)
{
	static const size_t refused = sizeof(RMI_AOT_REFUSED) - 1;
	j->answer[strcspn(j->answer, "\n")] = '\0';
	if (strcmp(j->answer, "ok") == 0) {
		return RME_OK;
	}
	if (status != -1 && WIFSIGNALED(status)) {
		return verdict_of_signal(j, WTERMSIG(status), err);
	}
	if (strncmp(j->answer, RMI_AOT_REFUSED, refused) == 0) {
		return rme_error_set(err, RME_EMODULE, NULL, "cannot be compiled: %s", j->answer + refused);
	}
	return rme_error_set(err, RME_EIO, NULL, "the compiler failed: %s; is there room in %s?",
	    j->answer[0] != '\0' ? j->answer : "it said nothing", j->q->work_dir);
}

static bool
read_all(int fd, uint8_t *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, to + at, len - at);
		if (n <= 0 && !(n < 0 && errno == EINTR)) {
			return false;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static enum rme_err
read_open_object(int fd, struct rmi_aot_code *out, struct rme_error *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > OBJECT_BYTES_MAX) {
		return rme_error_set(err, RME_EIO, NULL, "the compiled object has no sensible size");
	}
	size_t len = (size_t)st.st_size;
	uint8_t *object = malloc(len);
	if (object == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory for the compiled object");
	}
	if (!read_all(fd, object, len)) {
		free(object);
		return rme_error_set(err, RME_EIO, NULL, "the compiled object cannot be read");
	}
	out->object = object;
	out->len = len;
	return RME_OK;
}

static enum rme_err
read_object(struct job *j, struct rmi_aot_code *out, struct rme_error *err)
{
	int fd = open(j->output, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		return rme_error_set(err, RME_EIO, NULL, "the compiler left no object in %s", j->dir);
	}
	enum rme_err e = read_open_object(fd, out, err);
	close(fd);
	return e;
}

/* A compiler that was killed leaves files of names that only it knows. */
static void
remove_folder(const char *path)
{
	DIR *dir = opendir(path);
	for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
		(void)unlinkat(dirfd(dir), d->d_name, 0); /* fails on . and .., as it should */
	}
	if (dir != NULL) {
		closedir(dir);
	}
	(void)rmdir(path);
}

static void
job_done(struct job *j)
{
	if (j->answer_fd >= 0) {
		close(j->answer_fd);
	}
	if (j->wasm_fd >= 0) {
		close(j->wasm_fd);
	}
	if (j->dir != NULL) {
		remove_folder(j->dir);
	}
	free(j->output);
	free(j->dir);
}

enum rme_err
rmi_aot_compile(struct rmi_aot_code *out, const struct rmi_aot_request *q, struct rme_error *err)
{
	struct job j = {.q = q, .limits = q->limits, .wasm_fd = -1, .answer_fd = -1, .pid = -1};
	j.limits.cpu_s = q->limits.cpu_s > 0 ? q->limits.cpu_s : CPU_SECONDS_DEFAULT;
	j.limits.memory_bytes = q->limits.memory_bytes > 0 ? q->limits.memory_bytes : MEMORY_DEFAULT;
	j.limits.wall_ns = q->limits.wall_ns > 0 ? q->limits.wall_ns : WALL_DEFAULT;
	int64_t start = rmi_monotonic_ns();
	enum rme_err e = job_prepare(&j, err);
	e = e != RME_OK ? e : job_start(&j, err);
	if (e == RME_OK) {
		e = job_listen(&j, err);
		int status = job_reap(&j, e != RME_OK);
		e = e != RME_OK ? e : job_verdict(&j, status, err);
	}
	struct rmi_aot_code code = {.level = q->level, .interruptible = q->interruptible};
	e = e != RME_OK ? e : read_object(&j, &code, err);
	job_done(&j);
	if (e == RME_OK) {
		code.compile_ns = rmi_monotonic_ns() - start;
		*out = code;
	}
	return e;
}

void
rmi_aot_code_done(struct rmi_aot_code *c)
{
	free(c->object);
	memset(c, 0, sizeof(*c));
}
