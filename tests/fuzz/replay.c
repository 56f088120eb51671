/* Feeds every file of the folders named to a fuzz target: the corpus as a plain test, without libFuzzer. */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 1 << 20 };

static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *all = malloc(INPUT_MAX);
	if (!f || !all) {
		(void)fprintf(stderr, "cannot read %s\n", path);
		exit(1);
	}
	size_t n = fread(all, 1, INPUT_MAX, f);
	(void)fclose(f);
	uint8_t *exact = malloc(n ? n : 1); /* so that a byte too far is noticed */
	if (!exact) {
		exit(1);
	}
	memcpy(exact, all, n);
	free(all);
	(void)LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 1;
}

int
main(int argc, char **argv)
{
	int files = 0;
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		if (!dir) {
			(void)fprintf(stderr, "no folder %s\n", argv[i]);
			return 1;
		}
		for (struct dirent *e; (e = readdir(dir)) != NULL;) {
			char path[4096];
			int n = snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
			if (e->d_name[0] != '.' && n > 0 && (size_t)n < sizeof path) {
				files += replay_file(path);
			}
		}
		(void)closedir(dir);
	}
	(void)printf("%d inputs\n", files);
	return files ? 0 : 1;
}
