#include "wasm/aot_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cancel.h"

#define MODE_FOLDER ((mode_t)0700)
#define MODE_FILE   ((mode_t)0600)

enum { NAME_MAX_BYTES = RMI_AOT_FILE_NAME_BYTES, TEMPORARY_BYTES = NAME_MAX_BYTES + 32, OBJECT_BYTES_MAX = 512 << 20 };
enum { LISTING_FIRST = 64, LEFTOVER_AGE_S = 3600, LOCK_POLL_NS = 5 * 1000 * 1000 };
enum { FLAG_INTERRUPTIBLE = 1, FLAG_PRELIMINARY = 2 };

static const uint8_t magic[8] = {'r', 'm', 'e', '-', 'a', 'o', 't', '1'};
static const char suffix[] = ".aot", temporary_suffix[] = ".tmp";

/* Of a cache file; little-endian, since code of another machine has another key. */
struct header {
	uint8_t magic[8];
	uint8_t key[RMI_SHA256_BYTES];
	uint8_t sum[RMI_SHA256_BYTES]; /* of the header with this member zero, then the object */
	uint64_t object_bytes;
	int64_t compile_ns;
	uint32_t level;
	uint32_t flags;
	uint8_t reserved[32];
};
_Static_assert(sizeof(struct header) == 128, "the header has no holes");

struct rmi_aot_cache {
	char *dir;
	int dir_fd;
	uint64_t bytes_max;
};

/* Makes every missing part of the path; what exists already is left alone. */
static bool
make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash != NULL) {
			*slash = '\0';
		}
		bool ok = mkdir(path, MODE_FOLDER) == 0 || errno == EEXIST;
		if (slash == NULL) {
			return ok;
		}
		*slash = '/';
	}
}

static enum rme_err
check_folder(const struct rmi_aot_cache *c, struct rme_error *err)
{
	struct stat st;
	if (fstat(c->dir_fd, &st) != 0) {
		return rme_error_set(err, RME_EIO, c->dir, "cannot be examined: %s", strerror(errno));
	}
	if (st.st_uid != geteuid()) {
		return rme_error_set(err, RME_EDENIED, c->dir,
		    "the module cache belongs to user %u; whoever owns it decides what code runs: choose another "
		    "folder",
		    (unsigned)st.st_uid);
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		return rme_error_set(
		    err, RME_EDENIED, c->dir, "others may write into the module cache; run chmod 700 on it");
	}
	return RME_OK;
}

enum rme_err
rmi_aot_cache_open(struct rmi_aot_cache **out, const char *dir, uint64_t bytes_max, struct rme_error *err)
{
	struct rmi_aot_cache *c = calloc(1, sizeof(*c));
	if (c == NULL || (c->dir = strdup(dir)) == NULL) {
		free(c);
		return rme_error_set(err, RME_ENOMEM, dir, "out of memory");
	}
	c->bytes_max = bytes_max > 0 ? bytes_max : RMI_AOT_CACHE_BYTES_DEFAULT;
	c->dir_fd = -1;
	if (make_folders(c->dir)) {
		c->dir_fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	enum rme_err e = RME_OK;
	if (c->dir_fd < 0) {
		e = rme_error_set(err, RME_EIO, dir, "the module cache cannot be opened: %s", strerror(errno));
	} else {
		e = check_folder(c, err);
	}
	if (e != RME_OK) {
		rmi_aot_cache_free(c);
		return e;
	}
	*out = c;
	return RME_OK;
}

void
rmi_aot_cache_free(struct rmi_aot_cache *c)
{
	if (c == NULL) {
		return;
	}
	if (c->dir_fd >= 0) {
		close(c->dir_fd);
	}
	free(c->dir);
	free(c);
}

const char *
rmi_aot_cache_dir(const struct rmi_aot_cache *c)
{
	return c->dir;
}

static void
file_name(char name[NAME_MAX_BYTES], const uint8_t key[RMI_SHA256_BYTES])
{
	char hex[RMI_SHA256_HEX];
	rmi_sha256_hex(key, hex);
	(void)snprintf(name, NAME_MAX_BYTES, "%s%s", hex, suffix);
}

static bool
read_all(int fd, void *to, size_t len)
{
	uint8_t *p = to;
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, p + at, len - at);
		if (n <= 0 && !(n < 0 && errno == EINTR)) {
			return false;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static bool
write_all(int fd, const void *from, size_t len)
{
	const uint8_t *p = from;
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, p + at, len - at);
		if (n <= 0 && !(n < 0 && errno == EINTR)) {
			return false;
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static void
sum_of(const struct header *h, const uint8_t *object, uint8_t out[RMI_SHA256_BYTES])
{
	struct header zeroed = *h;
	struct rmi_sha256 sum;
	memset(zeroed.sum, 0, sizeof(zeroed.sum));
	rmi_sha256_init(&sum);
	rmi_sha256_update(&sum, &zeroed, sizeof(zeroed));
	rmi_sha256_update(&sum, object, h->object_bytes);
	rmi_sha256_final(&sum, out);
}

static bool
read_header(int fd, const uint8_t key[RMI_SHA256_BYTES], struct header *h)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		return false;
	}
	if (st.st_size <= (off_t)sizeof(*h) || st.st_size > OBJECT_BYTES_MAX || !read_all(fd, h, sizeof(*h))) {
		return false;
	}
	return memcmp(h->magic, magic, sizeof(magic)) == 0 && memcmp(h->key, key, RMI_SHA256_BYTES) == 0 &&
	       h->object_bytes == (uint64_t)st.st_size - sizeof(*h);
}

/* The file's object where all of it is as it should be, else NULL: damaged, or there is no memory for it. */
static uint8_t *
read_verified(int fd, const uint8_t key[RMI_SHA256_BYTES], struct header *h, bool *damaged)
{
	uint8_t sum[RMI_SHA256_BYTES];
	*damaged = !read_header(fd, key, h);
	uint8_t *object = *damaged ? NULL : malloc(h->object_bytes);
	if (object == NULL) {
		return NULL;
	}
	*damaged = !read_all(fd, object, h->object_bytes);
	if (!*damaged) {
		sum_of(h, object, sum);
		*damaged = memcmp(sum, h->sum, sizeof(sum)) != 0;
	}
	if (*damaged) {
		free(object);
		return NULL;
	}
	return object;
}

bool
rmi_aot_cache_get(struct rmi_aot_cache *c, const uint8_t key[RMI_SHA256_BYTES], struct rmi_aot_code *out, bool *damaged)
{
	char name[NAME_MAX_BYTES];
	file_name(name, key);
	*damaged = false;
	int fd = openat(c->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ELOOP) { /* a symbolic link is none of ours */
			*damaged = true;
			(void)unlinkat(c->dir_fd, name, 0);
		}
		return false;
	}
	struct header h;
	uint8_t *object = read_verified(fd, key, &h, damaged);
	if (object != NULL) {
		const struct timespec used[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
		(void)futimens(fd, used);
		*out = (struct rmi_aot_code){.object = object,
		    .len = h.object_bytes,
		    .from_cache = true,
		    .level = (int)h.level,
		    .interruptible = (h.flags & FLAG_INTERRUPTIBLE) != 0,
		    .preliminary = (h.flags & FLAG_PRELIMINARY) != 0,
		    .compile_ns = h.compile_ns};
	} else if (*damaged) {
		(void)unlinkat(c->dir_fd, name, 0);
	}
	close(fd);
	return object != NULL;
}

static bool
is_cache_file(const char *name)
{
	size_t n = strlen(name), s = strlen(suffix);
	return n == RMI_SHA256_HEX - 1 + s && strcmp(name + n - s, suffix) == 0;
}

static bool
is_leftover(const char *name)
{
	size_t n = strlen(name), s = strlen(temporary_suffix);
	return n > s && strcmp(name + n - s, temporary_suffix) == 0;
}

static bool
add_file(struct rmi_aot_listing *l, const char *name, const struct stat *st)
{
	if (l->n == l->room) {
		size_t room = l->room > 0 ? 2 * l->room : LISTING_FIRST;
		struct rmi_aot_file *more = realloc(l->files, room * sizeof(*more));
		if (more == NULL) {
			return false;
		}
		l->files = more;
		l->room = room;
	}
	struct rmi_aot_file *f = &l->files[l->n++];
	memcpy(f->name, name, strlen(name) + 1); /* is_cache_file() has measured it */
	f->bytes = (uint64_t)st->st_size;
	f->used = st->st_mtim;
	l->bytes += f->bytes;
	return true;
}

/* Oldest first. */
static int
by_use(const void *a, const void *b)
{
	const struct rmi_aot_file *x = a, *y = b;
	if (x->used.tv_sec != y->used.tv_sec) {
		return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
	}
	return x->used.tv_nsec < y->used.tv_nsec ? -1 : x->used.tv_nsec > y->used.tv_nsec;
}

/* What a process that was killed while it wrote has left behind. */
static void
remove_leftover(struct rmi_aot_cache *c, const char *name, const struct stat *st)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec - st->st_mtim.tv_sec > LEFTOVER_AGE_S) {
		(void)unlinkat(c->dir_fd, name, 0);
	}
}

/* @return false = out of memory */
static bool
list_entry(struct rmi_aot_cache *c, struct rmi_aot_listing *out, const char *name)
{
	struct stat st;
	if (fstatat(c->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
		return true;
	}
	if (is_leftover(name)) {
		remove_leftover(c, name, &st);
	}
	return !is_cache_file(name) || add_file(out, name, &st);
}

enum rme_err
rmi_aot_cache_list(struct rmi_aot_cache *c, struct rmi_aot_listing *out, struct rme_error *err)
{
	*out = (struct rmi_aot_listing){.bytes_max = c->bytes_max};
	int fd = openat(c->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		if (fd >= 0) {
			close(fd);
		}
		return rme_error_set(err, RME_EIO, c->dir, "cannot be listed: %s", strerror(errno));
	}
	bool ok = true;
	for (struct dirent *d; ok && (d = readdir(dir)) != NULL;) {
		ok = list_entry(c, out, d->d_name);
	}
	closedir(dir);
	if (!ok) {
		rmi_aot_listing_done(out);
		return rme_error_set(err, RME_ENOMEM, c->dir, "out of memory");
	}
	if (out->n > 1) {
		qsort(out->files, out->n, sizeof(*out->files), by_use);
	}
	return RME_OK;
}

void
rmi_aot_listing_done(struct rmi_aot_listing *l)
{
	free(l->files);
	*l = (struct rmi_aot_listing){0};
}

/* What is loaded stays: it runs from its own memory file, never from here. */
enum rme_err
rmi_aot_cache_trim(struct rmi_aot_cache *c, uint64_t bytes_max, struct rmi_aot_trimmed *out, struct rme_error *err)
{
	struct rmi_aot_listing l;
	*out = (struct rmi_aot_trimmed){0};
	enum rme_err e = rmi_aot_cache_list(c, &l, err);
	for (size_t i = 0; e == RME_OK && i < l.n && l.bytes > bytes_max; i++) {
		if (unlinkat(c->dir_fd, l.files[i].name, 0) == 0) {
			out->files++;
			out->bytes += l.files[i].bytes;
		} else if (errno != ENOENT) {
			e = rme_error_set(
			    err, RME_EIO, c->dir, "%s cannot be removed: %s", l.files[i].name, strerror(errno));
		}
		l.bytes -= l.files[i].bytes;
	}
	rmi_aot_listing_done(&l);
	return e;
}

bool
rmi_aot_cache_describe(struct rmi_aot_cache *c, const struct rmi_aot_file *f, struct rmi_aot_code *out)
{
	struct header h;
	int fd = openat(c->dir_fd, f->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool ok = fd >= 0 && read_all(fd, &h, sizeof(h)) && memcmp(h.magic, magic, sizeof(magic)) == 0;
	if (fd >= 0) {
		close(fd);
	}
	if (ok) {
		*out = (struct rmi_aot_code){.len = h.object_bytes,
		    .level = (int)h.level,
		    .interruptible = (h.flags & FLAG_INTERRUPTIBLE) != 0,
		    .preliminary = (h.flags & FLAG_PRELIMINARY) != 0,
		    .compile_ns = h.compile_ns};
	}
	return ok;
}

/* A name of its own for every writer: a process may have several, and the lock may not have been to be had. */
static void
temporary_name(char out[TEMPORARY_BYTES], const char *name)
{
	uint64_t random = (uint64_t)getpid();
	(void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
	(void)snprintf(out, TEMPORARY_BYTES, "%s.%016llx%s", name, (unsigned long long)random, temporary_suffix);
}

enum rme_err
rmi_aot_cache_put(struct rmi_aot_cache *c, const uint8_t key[RMI_SHA256_BYTES], const struct rmi_aot_code *code,
    struct rme_error *err)
{
	char name[NAME_MAX_BYTES], temporary[TEMPORARY_BYTES];
	file_name(name, key);
	temporary_name(temporary, name);
	struct header h = {.object_bytes = code->len,
	    .compile_ns = code->compile_ns,
	    .level = (uint32_t)code->level,
	    .flags = (code->interruptible ? FLAG_INTERRUPTIBLE : 0) | (code->preliminary ? FLAG_PRELIMINARY : 0)};
	memcpy(h.magic, magic, sizeof(magic));
	memcpy(h.key, key, RMI_SHA256_BYTES);
	sum_of(&h, code->object, h.sum);
	int fd = openat(c->dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE_FILE);
	bool ok = fd >= 0 && write_all(fd, &h, sizeof(h)) && write_all(fd, code->object, code->len);
	ok = fd >= 0 && close(fd) == 0 && ok;
	ok = ok && renameat(c->dir_fd, temporary, c->dir_fd, name) == 0;
	if (!ok) {
		enum rme_err e = rme_error_set(err, RME_EIO, c->dir, "cannot be written: %s", strerror(errno));
		(void)unlinkat(c->dir_fd, temporary, 0);
		return e;
	}
	struct rmi_aot_trimmed trimmed;
	(void)!rmi_aot_cache_trim(c, c->bytes_max, &trimmed, NULL); /* too much is no reason not to run */
	return RME_OK;
}

int
rmi_aot_cache_lock(struct rmi_aot_cache *c, enum rmi_aot_lock which, const struct rmi_cancel *cancel)
{
	static const char *const names[] = {[RMI_AOT_LOCK_SHORT] = "lock", [RMI_AOT_LOCK_LONG] = "lock.long"};
	const struct timespec pause = {.tv_nsec = LOCK_POLL_NS};
	int fd = openat(c->dir_fd, names[which], O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, MODE_FILE);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || rmi_canceled(cancel)) {
			close(fd);
			return -1;
		}
		(void)nanosleep(&pause, NULL);
	}
	return fd;
}

void
rmi_aot_cache_unlock(int token)
{
	if (token >= 0) {
		close(token);
	}
}
