#include "cli/progress.h"

#include <string.h>
#include <sys/ioctl.h>

#include "base/text.h"

enum { BAR_CELLS = 24, LINE_MAX_BYTES = 256, SHOW_EVERY_NS = 100000000 };

static void
write_time(char *buf, size_t size, double seconds)
{
	unsigned long s = seconds > 0 ? (unsigned long)(seconds + 0.5) : 0;
	if (s >= 3600) {
		(void)snprintf(buf, size, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
	} else {
		(void)snprintf(buf, size, "%lu:%02lu", s / 60, s % 60);
	}
}

static void
write_bar(const struct rmi_progress *p, char bar[BAR_CELLS + 3])
{
	uint64_t done = p->done < p->total ? p->done : p->total;
	size_t cells = (size_t)(done * BAR_CELLS / p->total);
	bar[0] = '[';
	for (size_t i = 0; i < BAR_CELLS; i++) {
		bar[1 + i] = i < cells ? '=' : i == cells ? '>' : ' ';
	}
	memcpy(bar + 1 + BAR_CELLS, "]", 2);
}

int
rmi_progress_text(const struct rmi_progress *p, int64_t now_ns, char *buf, size_t size)
{
	struct rmi_text l = rmi_text_begin(buf, size);
	double elapsed = (double)(now_ns - p->began_ns) / 1e9;
	double rate = elapsed > 0 ? (double)p->done / elapsed : 0;
	char time[32];
	if (p->total > 0) {
		char bar[BAR_CELLS + 3];
		write_bar(p, bar);
		rmi_text_add(&l, "%s %llu/%llu items", bar, (unsigned long long)p->done, (unsigned long long)p->total);
	} else {
		write_time(time, sizeof(time), elapsed);
		rmi_text_add(&l, "%s  %llu items", time, (unsigned long long)p->done);
	}
	rmi_text_add(&l, "  %.*f/s", rate < 10 ? 1 : 0, rate);
	if (p->total > p->done && rate > 0) {
		write_time(time, sizeof(time), (double)(p->total - p->done) / rate);
		rmi_text_add(&l, "  ETA %s", time);
	}
	if (p->edge + p->cloud > 0) {
		double edge = 100.0 * (double)p->edge / (double)(p->edge + p->cloud);
		rmi_text_add(&l, "  edge %.0f%% cloud %.0f%%", edge, 100 - edge);
	}
	if (p->failed > 0) {
		rmi_text_add(&l, "  %llu failed", (unsigned long long)p->failed);
	}
	return (int)l.len;
}

static int
terminal_columns(FILE *out)
{
	struct winsize w;
	return ioctl(fileno(out), TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

void
rmi_progress_show(struct rmi_progress *p, int64_t now_ns)
{
	if (p->out == NULL || (p->visible && now_ns - p->shown_ns < SHOW_EVERY_NS)) {
		return;
	}
	char text[LINE_MAX_BYTES];
	int n = rmi_progress_text(p, now_ns, text, sizeof(text));
	int columns = terminal_columns(p->out) - 1;
	(void)fprintf(p->out, "\r%.*s\033[K", n < columns ? n : columns, text);
	(void)fflush(p->out);
	p->visible = true;
	p->shown_ns = now_ns;
}

void
rmi_progress_clear(struct rmi_progress *p)
{
	if (p->out != NULL && p->visible) {
		(void)fputs("\r\033[K", p->out);
		(void)fflush(p->out);
		p->visible = false;
	}
}
