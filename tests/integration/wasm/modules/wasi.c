/* Prints with the C library, which uses WASI; and tries what is not there. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

__attribute__((import_module("wasi_snapshot_preview1"), import_name("path_open"))) int32_t path_open(
    int32_t, int32_t, int32_t, int32_t, int32_t, int64_t, int64_t, int32_t, int32_t);

__attribute__((import_module("wasi_snapshot_preview1"), import_name("random_get"))) int32_t random_get(
    void *, uint32_t);

int
initialize(const char *session_id)
{
	printf("session %s starts\n", session_id);
	fflush(stdout);
	return 1;
}

int
process(const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	static char path[8] = "/etc";
	static uint8_t noise[16];
	struct timespec t;
	int opened = path_open(3, 0, (int)(intptr_t)path, 4, 0, 0, 0, 0, (int)(intptr_t)noise);
	int random = random_get(noise, sizeof(noise));
	int too_much = random_get((void *)0x7ffffff0, 64);
	int clock = clock_gettime(CLOCK_MONOTONIC, &t);
	if (len == 4 && memcmp(data, "exit", 4) == 0) {
		exit(3);
	}
	fprintf(stderr, "item of %u bytes\n", (unsigned)len);
	*result_len = (uint32_t)snprintf((char *)result, *result_len, "%d %d %d %d", opened, random, too_much, clock);
	return 0;
}

int
cleanup(void)
{
	return 0;
}
