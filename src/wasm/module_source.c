#include "wasm/module_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wasm/module_limits.h"

static const char *
module_name(const struct rmi_wasm_module_spec *spec)
{
	if (spec->name != NULL) {
		return spec->name;
	}
	const char *slash = spec->path != NULL ? strrchr(spec->path, '/') : NULL;
	return slash != NULL ? slash + 1 : (spec->path != NULL ? spec->path : "module");
}

static struct rme_module_limits
limits_with_defaults(const struct rme_module_limits *given)
{
	const uint64_t page = RMI_WASM_PAGE_BYTES, memory_max = RMI_WASM_MEMORY_PAGES_LIMIT * page;
	struct rme_module_limits l = *given;
	l.memory_bytes = l.memory_bytes > 0 ? l.memory_bytes : RME_MODULE_MEMORY_DEFAULT;
	l.memory_bytes = l.memory_bytes < memory_max ? l.memory_bytes : memory_max;
	l.timeout_ns = l.timeout_ns > 0 ? l.timeout_ns : RME_MODULE_TIMEOUT_DEFAULT;
	l.result_bytes = l.result_bytes > 0 ? l.result_bytes : RME_MODULE_RESULT_DEFAULT;
	l.result_bytes = l.result_bytes < RMI_WASM_RESULT_BYTES_LIMIT ? l.result_bytes : RMI_WASM_RESULT_BYTES_LIMIT;
	return l;
}

static enum rme_err
read_open_file(struct rmi_module_source *o, int fd, struct rme_error *err)
{
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		return rme_error_set(err, RME_EIO, o->name, "%s is no file", o->spec->path);
	}
	if (st.st_size > RMI_WASM_MODULE_BYTES_MAX) {
		return rme_error_set(err, RME_ELIMIT, o->name, "%s has %lld bytes, at most %d are allowed",
		    o->spec->path, (long long)st.st_size, RMI_WASM_MODULE_BYTES_MAX);
	}
	size_t len = (size_t)st.st_size, at = 0;
	o->file = malloc(len > 0 ? len : 1);
	if (o->file == NULL) {
		return rme_error_set(err, RME_ENOMEM, o->name, "out of memory");
	}
	while (at < len) {
		ssize_t n = read(fd, o->file + at, len - at);
		if (n <= 0 && !(n < 0 && errno == EINTR)) {
			return rme_error_set(err, RME_EIO, o->name, "%s cannot be read: %s", o->spec->path,
			    n < 0 ? strerror(errno) : "it became shorter");
		}
		at += n > 0 ? (size_t)n : 0;
	}
	o->bytes = (struct rme_bytes){o->file, len};
	return RME_OK;
}

static enum rme_err
read_file(struct rmi_module_source *o, struct rme_error *err)
{
	int fd = open(o->spec->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return rme_error_set(err, errno == ENOENT ? RME_ENOTFOUND : RME_EIO, o->name, "%s cannot be opened: %s",
		    o->spec->path, strerror(errno));
	}
	enum rme_err r = read_open_file(o, fd, err);
	close(fd);
	return r;
}

static enum rme_err
check_hash(struct rmi_module_source *o, struct rme_error *err)
{
	rmi_sha256_of(o->bytes.data, o->bytes.len, o->sha256);
	if (o->spec->sha256 == NULL || memcmp(o->spec->sha256, o->sha256, RMI_SHA256_BYTES) == 0) {
		return RME_OK;
	}
	char want[RMI_SHA256_HEX], have[RMI_SHA256_HEX];
	rmi_sha256_hex(o->spec->sha256, want);
	rmi_sha256_hex(o->sha256, have);
	return rme_error_set(err, RME_EDENIED, o->name,
	    "the file has sha256 %.16s..., the lock file says %.16s...; build it again, or update the lock file", have,
	    want);
}

static enum rme_err
admit(struct rmi_module_source *o, struct rme_error *err)
{
	const struct rmi_admission_policy policy = {
	    .memory_pages_max = (uint32_t)(o->limits.memory_bytes / RMI_WASM_PAGE_BYTES),
	    .function_name = o->spec->function_name};
	struct rme_error why = {0};
	enum rme_err r = rmi_admit(&o->admitted, o->bytes.data, o->bytes.len, &policy, &why);
	return r == RME_OK ? RME_OK : rme_error_set(err, r, o->name, "%s", why.text);
}

enum rme_err
rmi_module_source_read(struct rmi_module_source *o, const struct rmi_wasm_module_spec *spec, struct rme_error *err)
{
	o->spec = spec;
	o->name = module_name(spec);
	o->limits = limits_with_defaults(&spec->limits);
	o->bytes = spec->bytes;
	enum rme_err r = spec->path != NULL ? read_file(o, err) : RME_OK;
	r = r != RME_OK ? r : check_hash(o, err);
	return r != RME_OK ? r : admit(o, err);
}

void
rmi_module_source_done(struct rmi_module_source *o)
{
	rmi_admitted_done(&o->admitted);
	free(o->file);
	o->file = NULL;
}
