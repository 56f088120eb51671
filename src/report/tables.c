#include "report/tables.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <rme/route.h>

#include "report/html.h"
#include "report/run.h"
#include "report/summary.h"

enum { SPEAKERS_MAX = 8, TROUBLE_MAX = 60 };

/* --- totals --- */

static void
card(FILE *out, const char *name, const char *value, const char *class)
{
	(void)fprintf(out, "<div class=card><div class=k>%s</div><div class='v %s'>%s</div>", name, class, value);
}

static void
card_end(FILE *out, const char *note)
{
	(void)fprintf(out, "<div class=n>%s</div></div>\n", note);
}

static void
write_bar(FILE *out, uint64_t edge, uint64_t cloud, uint64_t failed)
{
	double all = (double)(edge + cloud + failed);
	if (all > 0) {
		(void)fprintf(out,
		    "<div class=bar><i class=edge style='width:%.2f%%'></i><i class=cloud style='width:%.2f%%'></i>"
		    "<i class=bad style='width:%.2f%%'></i></div>",
		    100 * (double)edge / all, 100 * (double)cloud / all, 100 * (double)failed / all);
	}
}

static void
card_items(FILE *out, const struct rmi_summary *s)
{
	char a[RMI_FIGURE_MAX], b[RMI_FIGURE_MAX], note[128];
	card(out, "items", rmi_html_count(a, s->items), "");
	if (s->lost + s->failed == 0) {
		card_end(out, "<span class=good>0 lost, 0 failed</span>");
		return;
	}
	(void)snprintf(note, sizeof(note), "<span class=badt>%s lost, %s failed</span>", rmi_html_count(a, s->lost),
	    rmi_html_count(b, s->failed));
	card_end(out, note);
}

static void
card_sides(FILE *out, const struct rmi_summary *s)
{
	char a[RMI_FIGURE_MAX], b[RMI_FIGURE_MAX], c[RMI_FIGURE_MAX], note[128];
	double all = (double)(s->edge + s->cloud);
	card(out, "decided for the edge", rmi_html_percent(a, (double)s->edge, all), "");
	write_bar(out, s->edge, s->cloud, 0);
	(void)snprintf(
	    note, sizeof(note), "%s edge, %s cloud", rmi_html_count(b, s->edge), rmi_html_count(c, s->cloud));
	card_end(out, note);
}

void
rmi_tables_totals(FILE *out, const struct rmi_summary *s)
{
	char a[RMI_FIGURE_MAX], b[RMI_FIGURE_MAX], note[128];
	(void)fprintf(out, "<div class=cards>\n");
	card_items(out, s);
	card(out, "time per item, median", rmi_html_ms(a, s->times.p50), "");
	(void)snprintf(
	    note, sizeof(note), "p95 %s, p99 %s", rmi_html_ms(a, s->times.p95), rmi_html_ms(b, s->times.p99));
	card_end(out, note);
	if (s->say_times.n > 0) {
		card(out, "time per utterance", rmi_html_ms(a, s->say_times.p50), "");
		(void)snprintf(
		    note, sizeof(note), "from its end to the answer, p95 %s", rmi_html_ms(b, s->say_times.p95));
		card_end(out, note);
	}
	if (s->edge + s->cloud > 0) {
		card_sides(out, s);
		card(out, "fallbacks", rmi_html_count(a, s->fallbacks), "");
		(void)snprintf(note, sizeof(note), "%s of all items",
		    s->fallbacks == 0 ? "none" : rmi_html_percent(b, (double)s->fallbacks, (double)s->items));
		card_end(out, note);
	}
	card(out, "sent to the cloud", rmi_html_bytes(a, s->up), "");
	(void)snprintf(note, sizeof(note), "received %s", rmi_html_bytes(b, s->down));
	card_end(out, note);
	if (s->media_s > 0) {
		(void)snprintf(a, sizeof(a), "%.1f s", s->media_s);
		card(out, "media", a, "");
		(void)snprintf(note, sizeof(note), "%s speech, run took %s",
		    s->speech_s > 0 ? rmi_html_percent(a, s->speech_s, s->media_s) : "no",
		    rmi_html_ms(b, s->wall_ms > 0 ? s->wall_ms : (double)NAN));
		card_end(out, note);
	}
	if (!isnan(s->cost)) {
		card(out, "cost of the cloud", rmi_html_usd(a, s->cost), "");
		card_end(out, "by the prices given");
	}
	(void)fprintf(out, "</div>\n");
}

/* --- stages --- */

static void
cell(FILE *out, const char *text)
{
	(void)fprintf(out, "<td class=r>%s</td>", text);
}

static void
cell_count(FILE *out, uint64_t n)
{
	char a[RMI_FIGURE_MAX];
	cell(out, n == 0 ? "" : rmi_html_count(a, n));
}

static void
stage_row(FILE *out, const struct rmi_stage_summary *st, bool cost)
{
	char a[RMI_FIGURE_MAX];
	(void)fprintf(out, "<tr><td><b>");
	rmi_html_text(out, st->node);
	(void)fprintf(out, "</b></td>");
	cell_count(out, st->items);
	(void)fprintf(out, "<td>");
	if (st->routed || st->cloud > 0) {
		write_bar(out, st->edge, st->cloud, st->unanswered);
		(void)fprintf(out, "<span class=n>%llu edge, %llu cloud</span>", (unsigned long long)st->edge,
		    (unsigned long long)st->cloud);
	} else {
		(void)fprintf(out, "<span class=n>here</span>");
	}
	(void)fprintf(out, "</td>");
	cell(out, rmi_html_ms(a, st->times.p50));
	cell(out, rmi_html_ms(a, st->times.p95));
	cell(out, st->edge_times.n > 0 && st->routed ? rmi_html_ms(a, st->edge_times.p50) : "");
	cell(out, st->cloud_times.n > 0 ? rmi_html_ms(a, st->cloud_times.p50) : "");
	cell(out, st->up > 0 ? rmi_html_bytes(a, st->up) : "");
	cell(out, st->down > 0 ? rmi_html_bytes(a, st->down) : "");
	cell_count(out, st->fallbacks);
	if (cost) {
		cell(out, isnan(st->cost) ? "" : rmi_html_usd(a, st->cost));
	}
	(void)fprintf(out, "</tr>\n");
}

void
rmi_tables_stages(FILE *out, const struct rmi_summary *s)
{
	bool cost = !isnan(s->cost);
	(void)fprintf(out,
	    "<section class=card><h2>Stages <small>time from the item coming in until it was handed on</small></h2>"
	    "<div class=scroll><table><tr><th>stage<th class=r>items<th>where<th class=r>median<th class=r>p95"
	    "<th class=r>edge<br>median<th class=r>cloud<br>median<th class=r>sent<th class=r>received<th "
	    "class=r>fell<br>back%s"
	    "</tr>\n",
	    cost ? "<th class=r>cost" : "");
	for (size_t i = 0; i < s->n_stages; i++) {
		stage_row(out, &s->stage[i], cost);
	}
	(void)fprintf(out, "</table></div></section>\n");
}

/* --- reasons --- */

void
rmi_tables_reasons(FILE *out, const struct rmi_summary *s)
{
	if (s->n_reasons == 0) {
		return;
	}
	double most = (double)s->reason[0].items;
	(void)fprintf(out, "<section class=card><h2>Why <small>the rule that decided, with one example</small></h2>"
	                   "<div class=scroll><table><tr><th>stage<th>went to<th class=r>items<th><th>because</tr>\n");
	for (size_t i = 0; i < s->n_reasons; i++) {
		const struct rmi_reason_summary *r = &s->reason[i];
		char n[RMI_FIGURE_MAX];
		const char *class = rmi_html_side(r->first, r->fell_back);
		enum rme_side to =
		    r->fell_back ? (r->first == RME_SIDE_EDGE ? RME_SIDE_CLOUD : RME_SIDE_EDGE) : r->first;
		(void)fprintf(out, "<tr><td><b>");
		rmi_html_text(out, r->node);
		(void)fprintf(out, "</b></td><td><span class='b %s'>%s%s</span></td><td class=r>%s</td>", class,
		    rme_side_name(to), r->fell_back ? ", fallback" : "", rmi_html_count(n, r->items));
		(void)fprintf(out, "<td><div class=bar><i class=%s style='width:%.1f%%'></i></div></td><td class=why>",
		    class, fmax(100 * (double)r->items / most, 1));
		rmi_html_text(out, r->example);
		(void)fprintf(out, "</td></tr>\n");
	}
	(void)fprintf(out, "</table></div></section>\n");
}

/* --- what was said --- */

/* The stages that speak, in the order in which they do. */
static size_t
find_speakers(const struct rmi_run *run, const char *node[SPEAKERS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < run->n_items; i++) {
		for (size_t k = 0; k < run->item[i].n_says; k++) {
			const char *who = run->item[i].say[k].node;
			bool known = who == NULL;
			for (size_t j = 0; j < n && !known; j++) {
				known = strcmp(node[j], who) == 0;
			}
			if (!known && n < SPEAKERS_MAX) {
				node[n++] = who;
			}
		}
	}
	return n;
}

/* The number-th text of a stage about the item, NULL past the last. */
static const struct rmi_run_say *
say_of(const struct rmi_run_item *it, const char *node, size_t number)
{
	for (size_t i = 0; i < it->n_says; i++) {
		if (it->say[i].node != NULL && strcmp(it->say[i].node, node) == 0 && number-- == 0) {
			return &it->say[i];
		}
	}
	return NULL;
}

static bool
says_something(const struct rmi_run_item *it, const struct rmi_run_stage *s)
{
	return s->node != NULL && say_of(it, s->node, 0) != NULL;
}

/* Side, time and reason of every stage that had a choice, or used the network: from the first on that has put the item
   into words, or only those that were in trouble. */
static void
write_routes(FILE *out, const struct rmi_run_item *it, bool trouble)
{
	bool begun = trouble;
	for (size_t i = 0; i < it->n_stages; i++) {
		const struct rmi_run_stage *s = &it->stage[i];
		char ms[RMI_FIGURE_MAX];
		begun = begun || says_something(it, s);
		bool told = s->mode != NULL || s->side == RME_SIDE_CLOUD;
		if (!begun || !told || (trouble && !s->fell_back && s->side != RME_SIDE_NONE)) {
			continue;
		}
		(void)fprintf(out, "<div><span class='b %s'>", rmi_html_side(s->side, s->fell_back));
		rmi_html_text(out, s->node);
		(void)fprintf(out, ": %s, %s</span> <span class=why>", rme_side_name(s->side),
		    rmi_html_ms(ms, rmi_run_stage_ms(it, i)));
		rmi_html_text(out, s->text);
		(void)fprintf(out, "</span></div>");
	}
}

static void
say_row(FILE *out, const struct rmi_run_item *it, const char *const *node, size_t n_nodes, size_t number)
{
	char a[RMI_FIGURE_MAX], b[RMI_FIGURE_MAX];
	const struct rmi_run_say *first = say_of(it, node[0], number);
	double from = first != NULL && isfinite(first->pts_s) ? first->pts_s : it->pts_s;
	double length = first != NULL && isfinite(first->duration_s) ? first->duration_s : it->duration_s;
	(void)fprintf(out, "<tr><td class=r>%s<br><span class=n>%s</span></td>", rmi_html_time(a, from),
	    isfinite(length) ? rmi_html_ms(b, length * 1000) : "");
	for (size_t i = 0; i < n_nodes; i++) {
		const struct rmi_run_say *say = say_of(it, node[i], number);
		(void)fprintf(out, "<td class='say %s'>", i > 0 ? "reply" : "");
		rmi_html_text(out, say != NULL ? say->text : NULL);
		(void)fprintf(out, "</td>");
	}
	(void)fprintf(out, "<td>");
	if (number == 0) {
		write_routes(out, it, false);
	}
	(void)fprintf(
	    out, "</td><td class=r>%s</td></tr>\n", number == 0 ? rmi_html_ms(a, it->end_ms - it->start_ms) : "");
}

void
rmi_tables_says(FILE *out, const struct rmi_run *run)
{
	const char *node[SPEAKERS_MAX];
	size_t n = find_speakers(run, node);
	if (n == 0) {
		return;
	}
	(void)fprintf(out, "<section class=card><h2>What was said <small>where it was worked on, and why</small></h2>"
	                   "<div class=scroll><table><tr><th class=r>at");
	for (size_t i = 0; i < n; i++) {
		(void)fprintf(out, "<th>");
		rmi_html_text(out, node[i]);
	}
	(void)fprintf(out, "<th>worked on by<th class=r>in all</tr>\n");
	for (size_t i = 0; i < run->n_items; i++) {
		const struct rmi_run_item *it = &run->item[i];
		size_t rows = 0;
		for (size_t k = 0; k < n; k++) {
			size_t of_stage = 0;
			while (say_of(it, node[k], of_stage) != NULL) {
				of_stage++;
			}
			rows = of_stage > rows ? of_stage : rows;
		}
		for (size_t row = 0; row < rows; row++) {
			say_row(out, it, node, n, row);
		}
	}
	(void)fprintf(out, "</table></div></section>\n");
}

/* --- trouble --- */

static bool
in_trouble(const struct rmi_run_item *it)
{
	bool trouble = it->error != NULL;
	for (size_t i = 0; i < it->n_stages && !trouble; i++) {
		trouble = it->stage[i].fell_back;
	}
	return trouble;
}

static void
trouble_row(FILE *out, const struct rmi_run_item *it)
{
	char a[RMI_FIGURE_MAX];
	(void)fprintf(out, "<tr><td class=r>%llu</td><td class=r>%s</td><td>", (unsigned long long)it->seq,
	    rmi_html_time(a, it->pts_s));
	write_routes(out, it, true);
	(void)fprintf(out, "</td><td>");
	if (it->error != NULL) {
		(void)fprintf(out, "<span class='b bad'>");
		rmi_html_text(out, it->error);
		(void)fprintf(out, "</span> <span class=why>");
		rmi_html_text(out, it->where);
		(void)fprintf(out, "%s", it->where != NULL ? ": " : "");
		rmi_html_text(out, it->text);
		(void)fprintf(out, "</span>");
	} else {
		(void)fprintf(out, "<span class=good>answered</span>");
	}
	(void)fprintf(out, "</td></tr>\n");
}

void
rmi_tables_trouble(FILE *out, const struct rmi_run *run)
{
	uint64_t n = 0;
	for (size_t i = 0; i < run->n_items; i++) {
		n += in_trouble(&run->item[i]) ? 1 : 0;
	}
	if (n == 0) {
		return;
	}
	(void)fprintf(out,
	    "<section class=card><details%s><summary>Fallbacks and failures: %llu%s</summary><div class=scroll>"
	    "<table><tr><th class=r>item<th class=r>at<th>worked on by<th>ended</tr>\n",
	    n <= 12 ? " open" : "", (unsigned long long)n, n > TROUBLE_MAX ? ", the first of them" : "");
	uint64_t shown = 0;
	for (size_t i = 0; i < run->n_items && shown < TROUBLE_MAX; i++) {
		if (in_trouble(&run->item[i])) {
			trouble_row(out, &run->item[i]);
			shown++;
		}
	}
	(void)fprintf(out, "</table></div></details></section>\n");
}
