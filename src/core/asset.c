#include "core/asset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4096 };

struct reading {
	const struct rme_module_param *param;
	const struct rmi_asset_sink *sink;
	struct rme_error *err;
	uint64_t most, left; /* bytes that may come, and may still come */
};

static enum rme_err
cannot(const struct reading *r, const char *path, int why)
{
	const struct rme_module_param *p = r->param;
	const char *install = p->install;
	enum rme_err code = why == ENOENT || why == ENOTDIR ? RME_ENOTFOUND : RME_EIO;
	if (code == RME_ENOTFOUND) {
		return rme_error_set(r->err, code, path, "%s not found: %s%s%s", p->name, path,
		    install != NULL ? "; install " : "", install != NULL ? install : "");
	}
	return rme_error_set(r->err, code, path, "%s: %s: %s", p->name, path, strerror(why));
}

static enum rme_err
too_large(const struct reading *r, const char *path)
{
	return rme_error_set(r->err, RME_ELIMIT, path, "%s: %s: more than %llu bytes, the most that the module takes",
	    r->param->name, path, (unsigned long long)r->most);
}

static enum rme_err
read_all(const struct reading *r, int fd, const char *path, uint8_t *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = read(fd, to + at, len - at);
		if (n <= 0 && !(n < 0 && errno == EINTR)) {
			return n < 0 ? cannot(r, path, errno)
			             : rme_error_set(r->err, RME_EIO, path,
			                   "%s: %s: it became shorter while it was read", r->param->name, path);
		}
		at += n > 0 ? (size_t)n : 0;
	}
	return RME_OK;
}

static enum rme_err
read_open(struct reading *r, int fd, const char *path, const char *name)
{
	struct stat st;
	if (fstat(fd, &st) != 0) {
		return cannot(r, path, errno);
	}
	if (!S_ISREG(st.st_mode)) {
		return cannot(r, path, S_ISDIR(st.st_mode) ? EISDIR : ENOTSUP);
	}
	if ((uint64_t)st.st_size > r->left) {
		return too_large(r, path);
	}
	size_t len = (size_t)st.st_size;
	uint8_t *bytes = malloc(len > 0 ? len : 1);
	if (bytes == NULL) {
		return rme_error_set(r->err, RME_ENOMEM, path, "%s", rme_err_text(RME_ENOMEM));
	}
	enum rme_err e = read_all(r, fd, path, bytes, len);
	r->left -= len;
	e = e != RME_OK ? e : r->sink->take(r->sink->ctx, name, (struct rme_bytes){bytes, len}, r->err);
	free(bytes);
	return e;
}

static enum rme_err
read_file(struct reading *r, const char *path, const char *name, bool optional)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return optional && errno == ENOENT ? RME_OK : cannot(r, path, errno);
	}
	enum rme_err e = read_open(r, fd, path, name);
	(void)close(fd);
	return e;
}

/* A name with '?' at its end may be missing. */
static enum rme_err
read_folder(struct reading *r, const char *folder)
{
	for (size_t i = 0; i < r->param->n_files; i++) {
		const char *file = r->param->files[i];
		int len = (int)strcspn(file, "?");
		char name[RMI_ASSET_NAME_MAX], path[PATH_MAX_BYTES];
		if (snprintf(name, sizeof(name), "%s/%.*s", r->param->name, len, file) >= (int)sizeof(name) ||
		    snprintf(path, sizeof(path), "%s/%.*s", folder, len, file) >= (int)sizeof(path)) {
			return rme_error_set(r->err, RME_ELIMIT, folder, "%s: name too long: %s", r->param->name, file);
		}
		enum rme_err e = read_file(r, path, name, file[len] == '?');
		if (e != RME_OK) {
			return e;
		}
	}
	return RME_OK;
}

enum rme_err
rmi_asset_read(
    const struct rme_module_param *param, const char *path, const struct rmi_asset_sink *sink, struct rme_error *err)
{
	bool has_max = param->has_max && param->max < (double)RME_MODULE_ASSET_MAX;
	uint64_t most = has_max ? (uint64_t)param->max : RME_MODULE_ASSET_MAX;
	struct reading r = {.param = param, .sink = sink, .err = err, .most = most, .left = most};
	if (path[0] == '#' || strchr(path, '\n') != NULL) {
		size_t len = strlen(path);
		return len <= r.left
		           ? sink->take(sink->ctx, param->name, (struct rme_bytes){(const uint8_t *)path, len}, err)
		           : too_large(&r, "(inline)");
	}
	return param->n_files > 0 ? read_folder(&r, path) : read_file(&r, path, param->name, false);
}
