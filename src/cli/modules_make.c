/* `rme modules new` and `rme modules build`: the scripts of scripts/modules, of the source tree or of the installation. */
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/modules_commands.h"
#include "cli/output.h"
#include "config/module_registry.h"

extern char **environ;

enum { WORDS_MAX = 256 };

/* Beside the program: build/rme -> scripts/modules, bin/rme -> share/rme/scripts/modules. */
static bool
find_script(char path[PATH_MAX], const char *name)
{
	static const char *const places[] = {"../scripts/modules", "../share/rme/scripts/modules"};
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n <= 0) {
		return false;
	}
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int len = snprintf(path, PATH_MAX, "%s/%s/%s", exe, places[i], name);
		if (len > 0 && len < PATH_MAX && access(path, R_OK) == 0) {
			return true;
		}
	}
	return false;
}

static int
run_python(struct rmi_cli *cli, const char **words)
{
	pid_t pid;
	int status;
	(void)fflush(cli->out);
	int failed = posix_spawnp(&pid, words[0], NULL, NULL, (char **)(uintptr_t)words, environ);
	if (failed != 0) {
		rmi_complain(cli, "python3 cannot be started: %s; install it with the packages of scripts/setup.sh",
		    strerror(failed));
		return RMI_EXIT_FAILED;
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return RMI_EXIT_FAILED;
		}
	}
	return WIFEXITED(status) ? (WEXITSTATUS(status) == 0 ? RMI_EXIT_OK : RMI_EXIT_FAILED) : RMI_EXIT_INTERRUPTED;
}

/* The folder of the registry that is meant: given, or (for what is there already) here or above. */
static bool
find_root(char root[PATH_MAX], struct rmi_cli *cli, const struct rmi_args *args, bool search)
{
	const char *given = rmi_args_text(args, "modules");
	struct rmi_arena arena = {0};
	const char *path = given != NULL ? given
	                   : search      ? rmi_module_registry_search(&arena, "")
	                                 : "wasm-modules.yaml";
	bool found = path != NULL && (!search || access(path, R_OK) == 0);
	if (found) {
		const char *slash = strrchr(path, '/');
		int len = slash != NULL ? (int)(slash - path) : 1;
		found = snprintf(root, PATH_MAX, "%.*s", len, slash != NULL ? path : ".") < PATH_MAX;
	} else {
		rmi_complain(cli, "there is no wasm-modules.yaml here or above");
	}
	rmi_arena_done(&arena);
	return found;
}

static int
run_script(struct rmi_cli *cli, const struct rmi_args *args, const char *name, const char **more)
{
	char script[PATH_MAX], root[PATH_MAX];
	const char *words[WORDS_MAX] = {"python3", "-B", script, "--root", root};
	size_t n = 5;
	if (!find_script(script, name)) {
		rmi_complain(cli, "the scripts that build modules are not installed (scripts/modules/%s)", name);
		return RMI_EXIT_FAILED;
	}
	if (!find_root(root, cli, args, strcmp(name, "build.py") == 0)) {
		return RMI_EXIT_CONFIG;
	}
	for (; *more != NULL; more++) {
		words[n++] = *more;
	}
	if (rmi_args_operand_count(args) > WORDS_MAX - n - 1) {
		rmi_complain(cli, "too many names");
		return RMI_EXIT_USAGE;
	}
	for (size_t i = 0; i < rmi_args_operand_count(args); i++) {
		words[n++] = rmi_args_operand(args, i);
	}
	return run_python(cli, words);
}

static int
build_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	const char *more[4] = {NULL};
	size_t n = 0;
	if (rmi_args_given(args, "force")) {
		more[n++] = "--force";
	}
	if (rmi_args_given(args, "check")) {
		more[n++] = "--check";
	}
	return run_script(cli, args, "build.py", more);
}

static int
new_run(struct rmi_cli *cli, const struct rmi_args *args)
{
	const char *more[] = {"--lang", rmi_args_text(args, "lang"), NULL};
	return run_script(cli, args, "new.py", more);
}

static const char *const langs[] = {"c", "rust", "as", NULL};

#define REGISTRY_OPTION(text) {.name = "modules", .kind = RMI_OPTION_FILE, .help = text}

static const struct rmi_option build_options[] = {
    REGISTRY_OPTION("module registry, instead of the wasm-modules.yaml here or above"),
    {.name = "force", .letter = 'f', .help = "build what has not changed, too"},
    {.name = "check", .help = "fail where wasm-modules.lock would change"},
    {.name = NULL},
};
static const struct rmi_operand build_operands[] = {
    {.name = "NAME", .optional = true, .many = true, .help = "modules; without one, all of the registry"},
    {.name = NULL},
};

const struct rmi_command rmi_modules_build = {
    .name = "build",
    .summary = "build modules from their sources",
    .help = "Builds what changed, for each target that the registry names, into build/modules beside the registry, and "
            "pins "
            "the hashes in wasm-modules.lock. Needs python3, and clang, cargo or npm for the languages in use "
            "(docs/guide/writing-a-module.md).",
    .examples = "rme modules build\n"
                "rme modules build --check gain  # are the bytes those that were pinned?",
    .options = build_options,
    .operands = build_operands,
    .run = build_run,
};

static const struct rmi_option new_options[] = {
    {.name = "lang",
        .kind = RMI_OPTION_ENUM,
        .required = true,
        .value = "LANGUAGE",
        .choices = langs,
        .help = "what to write it in; as: AssemblyScript"},
    REGISTRY_OPTION("module registry to add it to, instead of the wasm-modules.yaml here, which is made if need be"),
    {.name = NULL},
};
static const struct rmi_operand new_operands[] = {
    {.name = "NAME", .help = "of the module: small letters, digits, '_'"},
    {.name = NULL},
};

const struct rmi_command rmi_modules_new = {
    .name = "new",
    .summary = "make a module that works, with its test",
    .help = "Writes modules/NAME, and an entry in the registry. The module makes audio louder or softer; change it.",
    .examples = "rme modules new echo --lang rust && rme modules build echo && python3 modules/echo/test.py",
    .options = new_options,
    .operands = new_operands,
    .run = new_run,
};
