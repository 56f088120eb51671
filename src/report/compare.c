#include "report/compare.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "report/html.h"
#include "report/run.h"
#include "report/summary.h"

/* One figure of a run. */
struct figure {
	const char *name;
	double (*get)(const struct rmi_compared *c, size_t run);
	const char *(*show)(char buf[RMI_FIGURE_MAX], double value);
	bool less_is_better; /* mark the least, and tell differences in percent */
};

static uint64_t
whole(double v)
{
	return v >= 18e18 ? UINT64_MAX : (uint64_t)v;
}

static const char *
show_count(char buf[RMI_FIGURE_MAX], double v)
{
	return rmi_html_count(buf, whole(v));
}

static const char *
show_bytes(char buf[RMI_FIGURE_MAX], double v)
{
	return rmi_html_bytes(buf, whole(v));
}

static const char *
show_share(char buf[RMI_FIGURE_MAX], double v)
{
	return rmi_html_percent(buf, v, 1);
}

static double
get_items(const struct rmi_compared *c, size_t i)
{
	return (double)c->sum[i].items;
}

static double
get_lost(const struct rmi_compared *c, size_t i)
{
	return (double)c->sum[i].lost;
}

static double
get_failed(const struct rmi_compared *c, size_t i)
{
	return (double)c->sum[i].failed;
}

static double
get_fallbacks(const struct rmi_compared *c, size_t i)
{
	return (double)c->sum[i].fallbacks;
}

static double
get_p50(const struct rmi_compared *c, size_t i)
{
	return c->sum[i].times.p50;
}

static double
get_p95(const struct rmi_compared *c, size_t i)
{
	return c->sum[i].times.p95;
}

static double
get_say_p50(const struct rmi_compared *c, size_t i)
{
	return c->sum[i].say_times.p50;
}

static double
get_up(const struct rmi_compared *c, size_t i)
{
	return (double)c->sum[i].up;
}

static double
get_down(const struct rmi_compared *c, size_t i)
{
	return (double)c->sum[i].down;
}

/* Of the work that could be done in the cloud, what was done here. */
static double
get_edge_share(const struct rmi_compared *c, size_t i)
{
	uint64_t edge = 0, cloud = 0;
	for (size_t k = 0; k < c->sum[i].n_stages; k++) {
		const struct rmi_stage_summary *st = &c->sum[i].stage[k];
		edge += st->routed ? st->edge : 0;
		cloud += st->cloud;
	}
	return edge + cloud == 0 ? (double)NAN : (double)edge / (double)(edge + cloud);
}

static double
get_cost(const struct rmi_compared *c, size_t i)
{
	return c->sum[i].cost;
}

static double
get_says(const struct rmi_compared *c, size_t i)
{
	return (double)c->sum[i].says;
}

static double
get_wall(const struct rmi_compared *c, size_t i)
{
	return c->sum[i].wall_ms > 0 ? c->sum[i].wall_ms : (double)NAN;
}

static const struct figure figures[] = {
    {"items", get_items, show_count, false},
    {"lost", get_lost, show_count, false},
    {"failed", get_failed, show_count, false},
    {"fell back", get_fallbacks, show_count, false},
    {"utterances put into words", get_says, show_count, false},
    {"time per item, median", get_p50, rmi_html_ms, true},
    {"time per item, p95", get_p95, rmi_html_ms, true},
    {"time per utterance, median", get_say_p50, rmi_html_ms, true},
    {"sent to the cloud", get_up, show_bytes, true},
    {"received", get_down, show_bytes, true},
    {"done at the edge", get_edge_share, show_share, false},
    {"cost of the cloud", get_cost, rmi_html_usd, true},
    {"the run took", get_wall, rmi_html_ms, false},
};

/* "-97 %"; "x 3.1" and "/ 1,970" where it has become many times more or less. */
static void
write_delta(FILE *out, double first, double value)
{
	if (!(first > 0) || !isfinite(value) || fabs(value - first) < 0.005 * first) {
		return;
	}
	double ratio = value / first;
	char buf[RMI_FIGURE_MAX];
	if (ratio >= 3) {
		(void)fprintf(out, "<span class=delta>\xc3\x97 %.1f</span>", ratio);
	} else if (ratio > 0 && ratio < 0.002) {
		(void)fprintf(out, "<span class=delta>\xc3\xb7 %s</span>", rmi_html_count(buf, whole(1 / ratio)));
	} else {
		(void)fprintf(out, "<span class=delta>%s%.*f %%</span>", ratio < 1 ? "\xe2\x88\x92" : "+",
		    ratio > 0 && ratio < 0.1 ? 1 : 0, 100 * fabs(ratio - 1));
	}
}

static double
least(const struct rmi_compared *c, const struct figure *f)
{
	double v = INFINITY;
	for (size_t i = 0; i < c->n; i++) {
		double x = f->get(c, i);
		v = x < v ? x : v;
	}
	return v;
}

static bool
is_known(const struct rmi_compared *c, const struct figure *f)
{
	for (size_t i = 0; i < c->n; i++) {
		if (isfinite(f->get(c, i))) {
			return true;
		}
	}
	return false;
}

static void
figure_row(FILE *out, const struct rmi_compared *c, const struct figure *f)
{
	char buf[RMI_FIGURE_MAX];
	double best = least(c, f);
	(void)fprintf(out, "<tr><td>%s</td>", f->name);
	for (size_t i = 0; i < c->n; i++) {
		double v = f->get(c, i);
		bool mark = f->less_is_better && c->n > 1 && v <= best;
		bool bad = (f->get == get_lost || f->get == get_failed) && v > 0;
		(void)fprintf(out, "<td class='r%s%s'>%s", mark ? " best" : "", bad ? " badt" : "",
		    isfinite(v) ? f->show(buf, v) : "\xe2\x80\x93");
		if (i > 0 && f->less_is_better) {
			write_delta(out, f->get(c, 0), v);
		}
		(void)fprintf(out, "</td>");
	}
	(void)fprintf(out, "</tr>\n");
}

/* Median time of a stage in each run, for stages that some run has routed or done in the cloud. */
static void
stage_rows(FILE *out, const struct rmi_compared *c)
{
	for (size_t k = 0; k < c->sum[0].n_stages; k++) {
		const char *node = c->sum[0].stage[k].node;
		double first = NAN;
		bool told = false;
		for (size_t i = 0; i < c->n; i++) {
			for (size_t n = 0; n < c->sum[i].n_stages; n++) {
				const struct rmi_stage_summary *st = &c->sum[i].stage[n];
				told |= strcmp(st->node, node) == 0 && (st->routed || st->cloud > 0);
			}
		}
		if (!told) {
			continue;
		}
		(void)fprintf(out, "<tr><td>");
		rmi_html_text(out, node);
		(void)fprintf(out, ", median</td>");
		for (size_t i = 0; i < c->n; i++) {
			double v = NAN;
			char buf[RMI_FIGURE_MAX];
			for (size_t n = 0; n < c->sum[i].n_stages; n++) {
				const struct rmi_stage_summary *st = &c->sum[i].stage[n];
				v = strcmp(st->node, node) == 0 ? st->times.p50 : v;
			}
			first = i == 0 ? v : first;
			(void)fprintf(out, "<td class=r>%s", rmi_html_ms(buf, v));
			if (i > 0) {
				write_delta(out, first, v);
			}
			(void)fprintf(out, "</td>");
		}
		(void)fprintf(out, "</tr>\n");
	}
}

/* The number-th text of the stage that speaks first, NULL past the last. */
static const char *
words_of(const struct rmi_run *run, size_t number)
{
	const char *node = NULL;
	for (size_t i = 0; i < run->n_items; i++) {
		for (size_t k = 0; k < run->item[i].n_says; k++) {
			const struct rmi_run_say *say = &run->item[i].say[k];
			node = node == NULL ? say->node : node;
			if (say->node != NULL && node != NULL && strcmp(say->node, node) == 0 && number-- == 0) {
				return say->text;
			}
		}
	}
	return NULL;
}

/* How many utterances have the same words as in the first run: what a fallback costs in quality. */
static void
words_row(FILE *out, const struct rmi_compared *c)
{
	if (c->n < 2 || c->sum[0].says == 0) {
		return;
	}
	(void)fprintf(out, "<tr><td>same words as the first run</td><td class=r></td>");
	for (size_t i = 1; i < c->n; i++) {
		size_t same = 0, n = 0;
		for (const char *a; (a = words_of(c->run[0], n)) != NULL; n++) {
			const char *b = words_of(c->run[i], n);
			same += b != NULL && strcmp(a, b) == 0 ? 1 : 0;
		}
		(void)fprintf(out, "<td class=r>%zu of %zu</td>", same, n);
	}
	(void)fprintf(out, "</tr>\n");
}

static void
write_table(FILE *out, const struct rmi_compared *c)
{
	(void)fprintf(out, "<section class=card><h2>Side by side <small>differences are to the first run</small></h2>"
	                   "<div class=scroll><table class=cmp><tr><th>");
	for (size_t i = 0; i < c->n; i++) {
		(void)fprintf(out, "<th class=r>");
		rmi_html_text(out, c->run[i]->name);
	}
	(void)fprintf(out, "</tr>\n");
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		if (is_known(c, &figures[i])) {
			figure_row(out, c, &figures[i]);
		}
	}
	stage_rows(out, c);
	words_row(out, c);
	(void)fprintf(out, "</table></div></section>\n");
}

static void
write_bars(FILE *out, const struct rmi_compared *c, const struct figure *f)
{
	double most = 0;
	char buf[RMI_FIGURE_MAX];
	for (size_t i = 0; i < c->n; i++) {
		double v = f->get(c, i);
		most = v > most ? v : most;
	}
	(void)fprintf(out, "<section class=card><h2>%s</h2><div class=hb>", f->name);
	for (size_t i = 0; i < c->n; i++) {
		double v = f->get(c, i);
		bool cloud_most = c->sum[i].cloud * 2 > c->sum[i].cloud + c->sum[i].edge || c->sum[i].edge == 0;
		(void)fprintf(out, "<b>");
		rmi_html_text(out, c->run[i]->name);
		(void)fprintf(out,
		    "</b><div class=bar><i class=%s style='width:%.2f%%'></i></div><span class=val>%s</span>",
		    cloud_most ? "cloud" : "edge", most > 0 && v > 0 ? fmax(100 * v / most, 0.5) : 0,
		    isfinite(v) ? f->show(buf, v) : "\xe2\x80\x93");
	}
	(void)fprintf(out, "</div></section>\n");
}

void
rmi_compare_write(FILE *out, const struct rmi_compared *c)
{
	static const struct figure bars[] = {
	    {"Time per item, median", get_p50, rmi_html_ms, true},
	    {"Time per utterance, median", get_say_p50, rmi_html_ms, true},
	    {"Sent to the cloud", get_up, show_bytes, true},
	};
	(void)fprintf(out, "<div class=few>");
	for (size_t i = 0; i < sizeof(bars) / sizeof(bars[0]); i++) {
		if (is_known(c, &bars[i])) {
			write_bars(out, c, &bars[i]);
		}
	}
	(void)fprintf(out, "</div>\n");
	write_table(out, c);
}
