#include "core/isolation.h"

#include <stddef.h>

const char *const rmi_isolation_words[] = {
    [RME_ISOLATION_AUTO] = "auto",
    [RME_ISOLATION_INPROC] = "inproc",
    [RME_ISOLATION_PROCESS] = "process",
    NULL,
};

bool
rmi_module_is_ours(const struct rme_module_entry *entry)
{
	return entry != NULL && entry->has_sha256;
}

struct rmi_isolation_level
rmi_isolation_of(const struct rme_module_entry *entry, enum rme_isolation otherwise)
{
	if (entry != NULL && entry->isolation != RME_ISOLATION_AUTO) {
		return (struct rmi_isolation_level){entry->isolation, "the registry says so"};
	}
	if (rmi_module_is_ours(entry)) {
		return (struct rmi_isolation_level){RME_ISOLATION_INPROC, "its bytes are pinned by the lock file"};
	}
	return (struct rmi_isolation_level){
	    otherwise, entry != NULL ? "the lock file does not pin it" : "no registry describes it"};
}
