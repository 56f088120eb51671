#include "side.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 128, AUDIO_BYTES_MAX = 1 << 20 };

void
side_fail(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(1);
}

void
side_serve(void)
{
	char line[LINE_BYTES];
	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct side_answer a = {.n = 0};
		line[strcspn(line, "\n")] = '\0';
		side_measure(line, &a);
		for (size_t i = 0; i < a.n; i++) {
			printf("%s%.3f", i > 0 ? " " : "", a.figures[i]);
		}
		printf("%s\n", a.n == 0 ? "-" : "");
		(void)fflush(stdout);
	}
}

void
side_say_ready(void)
{
	printf("ready\n");
	(void)fflush(stdout);
}

struct side_audio
side_read_audio(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(AUDIO_BYTES_MAX);
	size_t n = f != NULL && data != NULL ? fread(data, 1, AUDIO_BYTES_MAX, f) : 0;
	if (n < SIDE_VAD_ITEM) {
		side_fail("cannot read audio from %s", path);
	}
	(void)fclose(f);
	return (struct side_audio){data, n / SIDE_VAD_ITEM};
}

const uint8_t *
side_next_item(const struct side_audio *audio)
{
	static size_t at;
	const uint8_t *item = audio->data + at * SIDE_VAD_ITEM;
	at = (at + 1) % audio->items;
	return item;
}

const uint8_t *
side_frame(void)
{
	static float frame[SIDE_FRAME];
	for (int i = 0; i < SIDE_FRAME; i++) {
		frame[i] = (float)((i * 7919) % 1000) / 5000.0F - 0.1F;
	}
	return (const uint8_t *)frame;
}

double
side_now_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double
side_rss_kib(void)
{
	char line[LINE_BYTES];
	double kib = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "Rss:", 4) == 0) {
			kib = strtod(line + 4, NULL);
		}
	}
	if (f != NULL) {
		(void)fclose(f);
	}
	return kib;
}
