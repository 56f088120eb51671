/* What is printed at the end: for people, or as JSON. */
#include "hostile.h"

static void
print_string(const char *text)
{
	(void)putchar('"');
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\') {
			(void)printf("\\%c", *c);
		} else if ((unsigned char)*c < 0x20) {
			(void)printf("\\u%04x", (unsigned)*c);
		} else {
			(void)putchar(*c);
		}
	}
	(void)putchar('"');
}

/* The fate that came most often. */
static enum fate
usual_fate(const struct hostile *h)
{
	enum fate most = FATE_REFUSED;
	for (unsigned f = 0; f < FATE_COUNT_; f++) {
		most = h->fates[f] > h->fates[most] ? (enum fate)f : most;
	}
	return most;
}

static void
print_modules(const struct hostile_set *set)
{
	(void)printf("%-26s %-8s %5s %5s %8s  %s\n", "module", "fate", "runs", "other", "ms each",
	    "what it does; what the host said");
	for (size_t i = 0; i < set->n; i++) {
		const struct hostile *h = &set->all[i];
		enum fate f = usual_fate(h);
		(void)printf("%-26s %-8s %5u %5u %8.2f  %s%s%.110s\n", h->name, fate_name(f), h->runs,
		    h->runs - h->fates[f], (double)h->took_ns / 1e6 / (h->runs > 0 ? h->runs : 1), h->attacks,
		    h->sample[0] != '\0' ? "; " : "", h->sample);
	}
}

static double
us(uint32_t ns)
{
	return (double)ns / 1000;
}

static double
share(int64_t part, int64_t whole)
{
	return whole > 0 ? (double)part / (double)whole : 0;
}

static void
print_good(const char *name, struct good *g)
{
	(void)printf(
	    "  %-14s %9llu items %7llu sessions %6llu wrong %6llu failed   p50 %8.1f us  p99 %8.1f us  max %9.1f "
	    "us  %4.2f processors\n",
	    name, (unsigned long long)g->items, (unsigned long long)g->sessions, (unsigned long long)g->wrong,
	    (unsigned long long)g->failed, us(latency_at(&g->took, 0.5)), us(latency_at(&g->took, 0.99)),
	    us(latency_at(&g->took, 1.0)), share(g->cpu_ns, g->wall_ns));
	if (g->sample[0] != '\0') {
		(void)printf("                 first failure: %s\n", g->sample);
	}
}

/* Items later than twice the p99 of another run. */
static void
print_late(const char *than, struct good *other, const struct good *g)
{
	uint32_t limit = 2 * latency_at(&other->took, 0.99);
	size_t late = latency_over(&g->took, limit), n = g->took.n;
	(void)printf("    later than 2 x p99 %-14s (%8.1f us): %zu of %zu (%.3f %%)\n", than, us(limit), late, n,
	    100 * share((int64_t)late, (int64_t)n));
}

static void
print_neighbors(const struct outcome *o)
{
	const struct hostile *b = &o->world->busy;
	(void)printf(
	    "good sessions (%d at a time, an item every 5 ms each, results compared bit by bit; processors: what "
	    "this process kept busy)\n",
	    GOOD_SESSIONS);
	print_good("alone", o->alone);
	print_good("beside busy", o->busy);
	print_late("alone", o->alone, o->busy);
	print_late("beside busy", o->busy, o->busy);
	print_good("beside hostile", o->mixed);
	print_late("alone", o->alone, o->mixed);
	print_late("beside busy", o->busy, o->mixed);
	print_late("beside hostile", o->mixed, o->mixed);
	(void)printf(
	    "  busy: %u sessions one after the other, 2 items of 2 ms each, %.2f ms a session, %u unexpected\n",
	    b->runs, (double)b->took_ns / 1e6 / (b->runs > 0 ? b->runs : 1), b->unexpected);
}

static void
print_figures(const struct outcome *o)
{
	const struct process_figures *b = &o->before, *a = &o->after;
	(void)printf("process%s       resident %ld -> %ld KiB, descriptors %ld -> %ld, threads %ld -> %ld, mappings "
	             "%ld -> %ld\n",
	    o->leak_checked ? "" : " (not judged)", b->rss_kib, a->rss_kib, b->fds, a->fds, b->threads, a->threads,
	    b->maps, a->maps);
	if (o->pairs.done > 0) {
		(void)printf("call and trap  %llu pairs on %u threads in %.1f s (%.2f us each), %llu bad\n",
		    (unsigned long long)o->pairs.done, o->pairs.threads, o->pairs.seconds,
		    o->pairs.seconds * 1e6 / (double)o->pairs.done, (unsigned long long)o->pairs.bad);
	}
}

static void
count_fates(const struct outcome *o, unsigned long long fates[FATE_COUNT_], unsigned *unexpected)
{
	*unexpected = 0;
	for (size_t i = 0; i < o->set->n; i++) {
		const struct hostile *h = &o->set->all[i];
		*unexpected += h->unexpected;
		for (unsigned f = 0; f < FATE_COUNT_; f++) {
			fates[f] += h->fates[f];
		}
	}
}

void
report_text(const struct outcome *o)
{
	unsigned long long fates[FATE_COUNT_] = {0};
	unsigned unexpected;
	count_fates(o, fates, &unexpected);
	print_modules(o->set);
	for (size_t i = 0; i < o->set->n; i++) {
		const struct hostile *h = &o->set->all[i];
		if (h->unexpected > 0) {
			(void)printf("UNEXPECTED: %s, %u times, expected %s \"%s\": %s\n", h->name, h->unexpected,
			    fate_name(h->fate), h->text, h->sample);
		}
	}
	(void)printf("\n%zu hostile modules, %u rounds in %.1f s on %u workers, guard %s:", o->set->n, o->rounds,
	    o->seconds, o->world->workers, o->world->interruptible ? "interruptible" : "signals");
	for (unsigned f = 0; f < FATE_COUNT_; f++) {
		(void)printf(" %llu %s%s", fates[f], fate_name((enum fate)f), f + 1 < FATE_COUNT_ ? "," : "");
	}
	(void)printf("; %u unexpected\n", unexpected);
	print_neighbors(o);
	print_figures(o);
	(void)printf("%s\n", o->failures == 0 ? "ok" : "FAILED");
}

static void
json_good(const char *name, struct good *g)
{
	(void)printf(
	    "\"%s\":{\"items\":%llu,\"sessions\":%llu,\"wrong\":%llu,\"failed\":%llu,\"p50_us\":%.1f,\"p99_us\":%.1f,"
	    "\"max_us\":%.1f,\"processors\":%.3f},",
	    name, (unsigned long long)g->items, (unsigned long long)g->sessions, (unsigned long long)g->wrong,
	    (unsigned long long)g->failed, us(latency_at(&g->took, 0.5)), us(latency_at(&g->took, 0.99)),
	    us(latency_at(&g->took, 1.0)), share(g->cpu_ns, g->wall_ns));
}

static void
json_neighbors(const struct outcome *o)
{
	uint32_t alone = latency_at(&o->alone->took, 0.99), busy = latency_at(&o->busy->took, 0.99);
	json_good("alone", o->alone);
	json_good("busy", o->busy);
	json_good("mixed", o->mixed);
	(void)printf("\"late_2x_p99_alone\":%zu,\"late_2x_p99_busy\":%zu,", latency_over(&o->mixed->took, 2 * alone),
	    latency_over(&o->mixed->took, 2 * busy));
	(void)printf("\"busy_late_2x_p99_alone\":%zu,\"busy_late_2x_p99_busy\":%zu,",
	    latency_over(&o->busy->took, 2 * alone), latency_over(&o->busy->took, 2 * busy));
	(void)printf("\"busy_sessions\":%u,", o->world->busy.runs);
}

static void
json_figures(const char *name, const struct process_figures *f)
{
	(void)printf("\"%s\":{\"rss_kib\":%ld,\"fds\":%ld,\"threads\":%ld,\"maps\":%ld},", name, f->rss_kib, f->fds,
	    f->threads, f->maps);
}

void
report_json(const struct outcome *o)
{
	(void)printf("{\"modules\":[");
	for (size_t i = 0; i < o->set->n; i++) {
		const struct hostile *h = &o->set->all[i];
		(void)printf("%s{\"name\":", i > 0 ? "," : "");
		print_string(h->name);
		(void)printf(",\"attacks\":");
		print_string(h->attacks);
		(void)printf(",\"fate\":\"%s\",\"runs\":%u,\"unexpected\":%u,\"ms\":%.3f,\"ms_max\":%.3f,\"error\":",
		    fate_name(usual_fate(h)), h->runs, h->unexpected,
		    (double)h->took_ns / 1e6 / (h->runs > 0 ? h->runs : 1), (double)h->longest_ns / 1e6);
		print_string(h->sample);
		(void)printf("}");
	}
	(void)printf("],\"rounds\":%u,\"seconds\":%.2f,\"workers\":%u,", o->rounds, o->seconds, o->world->workers);
	json_neighbors(o);
	json_figures("before", &o->before);
	json_figures("after", &o->after);
	(void)printf("\"pairs\":{\"done\":%llu,\"bad\":%llu,\"seconds\":%.2f},\"failures\":%u}\n",
	    (unsigned long long)o->pairs.done, (unsigned long long)o->pairs.bad, o->pairs.seconds, o->failures);
}
