#include "wasm/program_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
rmi_program_path(const char *variable, const char *configured, const char *name, char path[PATH_MAX])
{
	const char *said = configured != NULL ? configured : secure_getenv(variable);
	if (said != NULL) {
		(void)snprintf(path, PATH_MAX, "%s", said);
		return;
	}
	char exe[PATH_MAX / 2];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	exe[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(exe, '/');
	if (slash != NULL) {
		*slash = '\0';
	}
	(void)snprintf(path, PATH_MAX, "%s/%s", exe, name);
	if (access(path, X_OK) == 0) {
		return;
	}
	(void)snprintf(path, PATH_MAX, "%s/../libexec/rme/%s", exe, name);
	if (access(path, X_OK) == 0) {
		return;
	}
	(void)snprintf(path, PATH_MAX, "%s/%s", RMI_LIBEXECDIR, name);
}
