#include "cli/modules_find.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/suggest.h"

int
rmi_modules_open(struct rmi_modules *m, struct rmi_cli *cli, const char *path)
{
	if (path == NULL) {
		path = rmi_module_registry_search(&m->diags.arena, "");
		path = path != NULL ? path : rmi_module_registry_installed(&m->diags.arena);
	}
	if (path == NULL || *path == '\0') {
		return RMI_EXIT_OK;
	}
	m->registry = rmi_module_registry_load(&m->diags, path, &rmi_env_process);
	rmi_diags_print(&m->diags, cli->err, cli->color_err);
	return m->registry != NULL ? RMI_EXIT_OK : RMI_EXIT_CONFIG;
}

void
rmi_modules_done(struct rmi_modules *m)
{
	rmi_diags_done(&m->diags);
	m->registry = NULL;
}

bool
rmi_modules_is_path(const char *word)
{
	size_t n = strlen(word);
	return strchr(word, '/') != NULL || (n > 5 && strcmp(word + n - 5, ".wasm") == 0);
}

struct rmi_module_ref
rmi_modules_of_entry(const struct rme_module_entry *entry)
{
	return (struct rmi_module_ref){entry, entry->wasm_path, entry->name};
}

static const struct rme_module_entry *
find_same_file(const struct rmi_module_registry *registry, const struct stat *file)
{
	for (size_t i = 0; registry != NULL && i < registry->n; i++) {
		struct stat st;
		if (stat(registry->modules[i].wasm_path, &st) == 0 && st.st_ino == file->st_ino &&
		    st.st_dev == file->st_dev) {
			return &registry->modules[i];
		}
	}
	return NULL;
}

static enum rme_err
find_file(struct rmi_module_ref *out, const struct rmi_modules *m, const char *path, struct rme_error *err)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		return rme_error_set(err, RME_ENOTFOUND, path, "cannot be opened: %s", strerror(errno));
	}
	const struct rme_module_entry *entry = find_same_file(m->registry, &st);
	const char *slash = strrchr(path, '/');
	*out = (struct rmi_module_ref){entry, path, slash != NULL ? slash + 1 : path};
	if (entry != NULL) {
		out->name = entry->name;
	}
	return RME_OK;
}

enum rme_err
rmi_modules_find(struct rmi_module_ref *out, const struct rmi_modules *m, const char *word, struct rme_error *err)
{
	if (rmi_modules_is_path(word)) {
		return find_file(out, m, word, err);
	}
	if (m->registry == NULL) {
		return rme_error_set(err, RME_ENOTFOUND, word,
		    "there is no " RMI_MODULE_REGISTRY_FILE " here to find it in; name one with --modules, or give the "
		    "path of a .wasm file");
	}
	const struct rme_module_entry *entry = rmi_module_registry_find(m->registry, word);
	if (entry != NULL) {
		*out = rmi_modules_of_entry(entry);
		return RME_OK;
	}
	struct rmi_suggest s = {.word = word};
	for (size_t i = 0; i < m->registry->n; i++) {
		rmi_suggest_offer(&s, m->registry->modules[i].name);
	}
	return rme_error_set(err, RME_ENOTFOUND, word, "%s has no such module%s%s%s", m->registry->path,
	    s.best != NULL ? "; did you mean '" : "", s.best != NULL ? s.best : "", s.best != NULL ? "'?" : "");
}
