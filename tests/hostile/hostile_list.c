/* The list of hostile modules. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { COLUMNS = 8, SERVICES = 1 };

static const char *const fate_names[FATE_COUNT_] = {"refused", "stopped", "trapped", "failed", "harmless"};
static const char *const granted[SERVICES] = {"echo"};

const char *
fate_name(enum fate f)
{
	return fate_names[f];
}

static void
take_text(char *to, size_t cap, const char *text)
{
	(void)snprintf(to, cap, "%s", text);
}

static bool
read_line(struct hostile *h, char *line, const char *folder)
{
	char *column[COLUMNS];
	for (size_t i = 0; i < COLUMNS; i++) {
		column[i] = strsep(&line, "\t");
		if (column[i] == NULL) {
			return false;
		}
	}
	take_text(h->name, sizeof(h->name), column[0]);
	h->via =
	    strcmp(column[1], "hybrid") == 0 ? VIA_HYBRID : (strcmp(column[1], "direct") == 0 ? VIA_DIRECT : VIA_NODE);
	h->big = strcmp(column[3], "big") == 0;
	h->rounds = (unsigned)strtoul(column[4], NULL, 10);
	h->fate = FATE_COUNT_;
	for (unsigned f = 0; f < FATE_COUNT_; f++) {
		h->fate = strcmp(column[5], fate_names[f]) == 0 ? (enum fate)f : h->fate;
	}
	take_text(h->text, sizeof(h->text), column[6]);
	take_text(h->attacks, sizeof(h->attacks), column[7]);
	(void)snprintf(h->path, sizeof(h->path), "%s/%s.wasm", folder, h->name);
	h->entry.limits.timeout_ns = strtol(column[2], NULL, 10) * RMI_NS_PER_MS;
	h->entry.limits.memory_bytes = (uint64_t)4 << 20;
	h->entry.services = granted;
	h->entry.n_services = h->via == VIA_HYBRID ? SERVICES : 0;
	return h->fate != FATE_COUNT_;
}

bool
hostile_set_read(struct hostile_set *set, const char *list, const char *folder, const char *only)
{
	FILE *f = fopen(list, "re");
	char line[1024];
	bool ok = f != NULL;
	while (ok && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		struct hostile *all = reallocarray(set->all, set->n + 1, sizeof(*all));
		ok = all != NULL;
		if (ok) {
			set->all = all;
			memset(&all[set->n], 0, sizeof(*all));
			ok = read_line(&all[set->n], line, folder);
			set->n += only == NULL || strstr(all[set->n].name, only) != NULL;
		}
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	for (size_t i = 0; i < set->n; i++) { /* the array does not move any more */
		set->all[i].entry.name = set->all[i].name;
		set->all[i].entry.wasm_path = set->all[i].path;
	}
	return ok && set->n > 0;
}

void
hostile_set_free(struct hostile_set *set)
{
	free(set->all);
}
