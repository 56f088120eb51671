/* Memory, descriptors, threads and mappings of this process. */
#include "hostile.h"

#include <dirent.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static long
count_entries(const char *path)
{
	DIR *dir = opendir(path);
	long n = 0;
	for (const struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
		n += d->d_name[0] != '.';
	}
	if (dir != NULL) {
		(void)closedir(dir);
	}
	return n;
}

static long
count_lines(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = 0;
	for (int c; f != NULL && (c = fgetc(f)) != EOF;) {
		n += c == '\n';
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	return n;
}

static long
resident_kib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kib = 0;
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0) {
			kib = strtol(line + 6, NULL, 10);
		}
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	return kib;
}

void
process_figures_read(struct process_figures *f)
{
	(void)malloc_trim(0); /* what was freed is not counted */
	f->rss_kib = resident_kib();
	f->fds = count_entries("/proc/self/fd");
	f->threads = count_entries("/proc/self/task");
	f->maps = count_lines("/proc/self/maps");
}
