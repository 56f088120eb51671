#include "report/picture.h"

#include <math.h>
#include <string.h>

#include <rme/route.h>

#include "report/html.h"
#include "report/run.h"
#include "report/summary.h"

enum {
	WIDTH = 1200,
	LEFT = 110, /* room for the names of the lanes */
	RIGHT = 24,
	WAVE_H = 92,
	LANE_H = 22,
	GAP = 12,
	DOTS_H = 150,
	AXIS_H = 22,
	DOTS_MAX = 6000, /* of one stage; of longer runs every n-th item is drawn */
};

struct picture {
	FILE *out;
	const struct rmi_run *run;
	const struct rmi_summary *sum;
	unsigned id;
	bool brief;
	bool timed; /* the x axis is media time; else it counts items */
	double end; /* of the x axis */
	int y;      /* top of the next lane */
};

/* What is the same over a stretch of items. */
struct stretch {
	double from, to;
	const char *class, *text;
	enum rme_side side;
	uint64_t items;
};

static double
x_of(const struct picture *p, double at)
{
	double share = p->end > 0 ? at / p->end : 0;
	return (double)LEFT + fmin(fmax(share, 0), 1) * (double)(WIDTH - LEFT - RIGHT);
}

static double
begin_of(const struct picture *p, size_t i)
{
	return p->timed ? p->run->item[i].pts_s : (double)i;
}

static double
end_of(const struct picture *p, size_t i)
{
	const struct rmi_run_item *it = &p->run->item[i];
	if (!p->timed) {
		return (double)i + 1;
	}
	return it->pts_s + (isfinite(it->duration_s) ? it->duration_s : 0.01);
}

static void
find_scale(struct picture *p)
{
	double end = rmi_wave_seconds(&p->run->wave);
	bool timed = end > 0;
	for (size_t i = 0; i < p->run->n_items; i++) {
		const struct rmi_run_item *it = &p->run->item[i];
		if (isfinite(it->pts_s)) {
			timed = true;
			end = fmax(end, it->pts_s + (isfinite(it->duration_s) ? it->duration_s : 0));
		}
	}
	p->timed = timed;
	p->end = timed ? end : (double)p->run->n_items;
}

static void
lane_name(const struct picture *p, const char *name, int height)
{
	(void)fprintf(p->out, "<text class=lane x=0 y=%d>", p->y + height / 2 + 4);
	rmi_html_text(p->out, name);
	(void)fprintf(p->out, "</text>");
}

/* --- sound --- */

static void
draw_speech(const struct picture *p, const char *attributes, int height)
{
	for (size_t i = 0; i < p->run->n_items;) {
		if (p->run->item[i].speech != RMI_SPEECH_YES || !(begin_of(p, i) >= 0)) {
			i++;
			continue;
		}
		double from = begin_of(p, i), to = end_of(p, i);
		while (
		    ++i < p->run->n_items && p->run->item[i].speech == RMI_SPEECH_YES && begin_of(p, i) <= to + 0.03) {
			to = end_of(p, i);
		}
		(void)fprintf(p->out, "<rect%s x=%.1f y=%d width=%.1f height=%d />", attributes, x_of(p, from), p->y,
		    x_of(p, to) - x_of(p, from), height);
	}
}

/* Quiet recordings are drawn larger, up to eight times: the picture is of when there is sound, not of how loud it is. */
static double
wave_scale(const struct rmi_wave *w)
{
	int peak = 127 / 8;
	for (size_t i = 0; i < w->n; i++) {
		peak = w->hi[i] > peak ? w->hi[i] : peak;
		peak = -w->lo[i] > peak ? -w->lo[i] : peak;
	}
	return (double)WAVE_H / 2 / peak;
}

/* One column per unit of width: the smallest and largest of the pairs that fall on it. */
static void
draw_shape(const struct picture *p, const char *attributes)
{
	const struct rmi_wave *w = &p->run->wave;
	double per_s = (double)w->rate_hz / (double)w->per, middle = p->y + (double)WAVE_H / 2, scale = wave_scale(w);
	(void)fprintf(p->out, "<path%s d='", attributes);
	for (size_t i = 0; i < w->n;) {
		double x = x_of(p, (double)i / per_s);
		int lo = w->lo[i], hi = w->hi[i];
		while (++i < w->n && x_of(p, (double)i / per_s) < x + 1) {
			lo = w->lo[i] < lo ? w->lo[i] : lo;
			hi = w->hi[i] > hi ? w->hi[i] : hi;
		}
		(void)fprintf(p->out, "M%.0f %.1fv%.1fh.9v%.1fz", x, middle - hi * scale - 0.4, (hi - lo) * scale + 0.8,
		    -(hi - lo) * scale - 0.8);
	}
	(void)fprintf(p->out, "'/>");
}

static void
draw_sound(struct picture *p)
{
	if (p->run->wave.n == 0) {
		return;
	}
	char clip[64];
	lane_name(p, "sound", WAVE_H);
	draw_speech(p, " class=sp", WAVE_H);
	draw_shape(p, " class=w");
	(void)fprintf(p->out, "<clipPath id=s%u>", p->id);
	draw_speech(p, "", WAVE_H);
	(void)fprintf(p->out, "</clipPath>");
	(void)snprintf(clip, sizeof(clip), " class=ws clip-path='url(#s%u)'", p->id);
	draw_shape(p, clip);
	p->y += WAVE_H + GAP;
}

/* --- lanes of stages --- */

static const struct rmi_run_stage *
stage_of(const struct rmi_run_item *it, const char *node)
{
	for (size_t i = 0; i < it->n_stages; i++) {
		if (it->stage[i].node != NULL && strcmp(it->stage[i].node, node) == 0) {
			return &it->stage[i];
		}
	}
	return NULL;
}

static void
write_span(const struct picture *p, double from, double to)
{
	char a[RMI_FIGURE_MAX], b[RMI_FIGURE_MAX];
	if (p->timed) {
		(void)fprintf(p->out, "%s to %s", rmi_html_time(a, from), rmi_html_time(b, to));
	} else {
		(void)fprintf(p->out, "items %.0f to %.0f", from + 1, to);
	}
}

static void
draw_stretch(const struct picture *p, const struct stretch *s)
{
	double x = x_of(p, s->from), w = fmax(x_of(p, s->to) - x, 1.2);
	char n[RMI_FIGURE_MAX];
	(void)fprintf(
	    p->out, "<rect class=%s x=%.1f y=%d width=%.1f height=%d rx=2><title>", s->class, x, p->y, w, LANE_H);
	write_span(p, s->from, s->to);
	(void)fprintf(p->out, "\n%s, %s %s\n", s->side != RME_SIDE_NONE ? rme_side_name(s->side) : "failed",
	    rmi_html_count(n, s->items), s->items == 1 ? "item" : "items");
	rmi_html_text(p->out, s->text);
	(void)fprintf(p->out, "</title></rect>");
}

static bool
goes_on(const struct stretch *s, const struct stretch *next)
{
	/* Reasons that carry figures ("retry in 2.1 s") differ from item to item: the first stands for all. */
	return s->items > 0 && s->class == next->class && next->from <= s->to + 0.03 && next->from >= s->from &&
	       next->to - next->from < 1;
}

/* The stage had a choice, or used the network. */
static bool
is_told(const struct rmi_run_stage *st)
{
	return st != NULL && (st->mode != NULL || st->side == RME_SIDE_CLOUD);
}

/* What the item was about where the stage got it: the utterance that a stage before put into words, else the input. */
static void
find_span(const struct picture *p, size_t i, const char *node, struct stretch *s)
{
	const struct rmi_run_item *it = &p->run->item[i];
	s->from = begin_of(p, i);
	s->to = end_of(p, i);
	for (size_t k = 0; k < it->n_stages && strcmp(it->stage[k].node != NULL ? it->stage[k].node : "", node) != 0;
	    k++) {
		for (size_t n = 0; n < it->n_says; n++) {
			const struct rmi_run_say *say = &it->say[n];
			bool mine =
			    say->node != NULL && it->stage[k].node != NULL && strcmp(say->node, it->stage[k].node) == 0;
			if (mine && p->timed && isfinite(say->pts_s) && isfinite(say->duration_s)) {
				s->from = say->pts_s;
				s->to = say->pts_s + say->duration_s;
				return;
			}
		}
	}
}

static const char *
class_of(const struct rmi_run_stage *st)
{
	return rmi_html_side(st->side, st->fell_back || st->side == RME_SIDE_NONE);
}

/* Where the stage worked on each item. */
static void
draw_route(struct picture *p, const char *node)
{
	struct stretch now = {.items = 0};
	lane_name(p, node, LANE_H);
	(void)fprintf(
	    p->out, "<rect class=track x=%d y=%d width=%d height=%d rx=3 />", LEFT, p->y, WIDTH - LEFT - RIGHT, LANE_H);
	for (size_t i = 0; i < p->run->n_items; i++) {
		const struct rmi_run_stage *st = stage_of(&p->run->item[i], node);
		if (!is_told(st) || !isfinite(begin_of(p, i))) {
			continue;
		}
		struct stretch next = {.class = class_of(st), .text = st->text, .side = st->side, .items = 1};
		find_span(p, i, node, &next);
		if (goes_on(&now, &next)) {
			now.to = next.to;
			now.items++;
			continue;
		}
		if (now.items > 0) {
			draw_stretch(p, &now);
		}
		now = next;
	}
	if (now.items > 0) {
		draw_stretch(p, &now);
	}
	p->y += LANE_H + GAP;
}

static void
draw_say(const struct picture *p, const struct rmi_run_item *it, const struct rmi_run_say *say)
{
	const struct rmi_run_stage *st = stage_of(it, say->node);
	enum rme_side side = st != NULL && st->side != RME_SIDE_NONE ? st->side : say->side;
	double from = isfinite(say->pts_s) ? say->pts_s : it->pts_s;
	double to = from + (isfinite(say->duration_s) ? say->duration_s : 1);
	double x = x_of(p, from), w = fmax(x_of(p, to) - x, 3);
	char ms[RMI_FIGURE_MAX];
	if (!isfinite(from)) {
		return;
	}
	/* Packets keep the side of those who made their data; a stage that has none of its own works here. */
	const char *class = st == NULL && side == RME_SIDE_CLOUD ? "cloud" : "none";
	class = is_told(st) ? class_of(st) : class;
	(void)fprintf(p->out, "<svg x=%.1f y=%d width=%.1f height=%d><rect class=%s width=%.1f height=%d rx=3><title>",
	    x, p->y, w, LANE_H, class, w, LANE_H);
	write_span(p, from, to);
	(void)fprintf(p->out, "\n");
	rmi_html_text(p->out, say->text);
	if (st != NULL) {
		(void)fprintf(p->out, "\n%s, %s", rme_side_name(side),
		    rmi_html_ms(ms, rmi_run_stage_ms(it, (size_t)(st - it->stage))));
		(void)fprintf(p->out, "%s", st->text != NULL ? "\n" : "");
		rmi_html_text(p->out, st->text);
	}
	(void)fprintf(p->out, "</title></rect><text class=in x=5 y=15 pointer-events=none>");
	rmi_html_text(p->out, say->text);
	(void)fprintf(p->out, "</text></svg>");
}

/* What the stage said, over the sound that it is about. @return false where it said nothing */
static bool
draw_says(struct picture *p, const char *node)
{
	bool any = false;
	for (size_t i = 0; i < p->run->n_items; i++) {
		const struct rmi_run_item *it = &p->run->item[i];
		for (size_t k = 0; k < it->n_says; k++) {
			if (it->say[k].node == NULL || strcmp(it->say[k].node, node) != 0) {
				continue;
			}
			if (!any) {
				lane_name(p, node, LANE_H);
				(void)fprintf(p->out, "<rect class=track x=%d y=%d width=%d height=%d rx=3 />", LEFT,
				    p->y, WIDTH - LEFT - RIGHT, LANE_H);
			}
			any = true;
			draw_say(p, it, &it->say[k]);
		}
	}
	p->y += any ? LANE_H + GAP : 0;
	return any;
}

static void
draw_stages(struct picture *p)
{
	for (size_t i = 0; i < p->sum->n_stages; i++) {
		const struct rmi_stage_summary *st = &p->sum->stage[i];
		if (!draw_says(p, st->node) && (st->routed || st->cloud > 0)) {
			draw_route(p, st->node);
		}
	}
}

/* --- latencies --- */

/* Powers of ten that hold all times to be drawn. */
static void
dot_range(const struct picture *p, double *low, double *high)
{
	double lo = INFINITY, hi = 0;
	for (size_t i = 0; i < p->run->n_items; i++) {
		for (size_t k = 0; k < p->run->item[i].n_stages; k++) {
			const struct rmi_run_stage *s = &p->run->item[i].stage[k];
			double t = rmi_run_stage_ms(&p->run->item[i], k);
			if (isfinite(t) && t > 0 && is_told(s)) {
				lo = fmin(lo, t);
				hi = fmax(hi, t);
			}
		}
	}
	*low = hi > 0 ? floor(log10(fmax(lo, 1e-3))) : 0;
	*high = hi > 0 ? fmax(ceil(log10(hi)), *low + 1) : 0;
}

static void
draw_dots_of(const struct picture *p, const struct rmi_stage_summary *st, double low, double high)
{
	size_t step = (size_t)st->items / DOTS_MAX + 1;
	for (size_t i = 0; i < p->run->n_items; i += step) {
		const struct rmi_run_stage *s = stage_of(&p->run->item[i], st->node);
		double t = s != NULL ? rmi_run_stage_ms(&p->run->item[i], (size_t)(s - p->run->item[i].stage)) : 0;
		if (!(t > 0) || !isfinite(begin_of(p, i)) || !is_told(s)) {
			continue;
		}
		double share = (log10(fmax(t, 1e-3)) - low) / (high - low);
		char ms[RMI_FIGURE_MAX];
		(void)fprintf(p->out, "<circle class=%s cx=%.1f cy=%.1f r=2.4><title>", class_of(s),
		    x_of(p, begin_of(p, i)), p->y + (double)DOTS_H * (1 - share));
		rmi_html_text(p->out, st->node);
		(void)fprintf(p->out, " %s\n", rmi_html_ms(ms, t));
		rmi_html_text(p->out, s->text);
		(void)fprintf(p->out, "</title></circle>");
	}
}

static void
draw_dots(struct picture *p)
{
	double low, high;
	dot_range(p, &low, &high);
	if (high <= low || p->brief) {
		return;
	}
	lane_name(p, "latency", DOTS_H);
	for (double e = low; e <= high; e++) {
		double y = p->y + (double)DOTS_H * (1 - (e - low) / (high - low));
		char ms[RMI_FIGURE_MAX];
		(void)fprintf(p->out, "<path class=grid d='M%d %.1fH%d'/><text x=%d y=%.1f text-anchor=end>%s</text>",
		    LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, rmi_html_ms(ms, pow(10, e)));
	}
	for (size_t i = 0; i < p->sum->n_stages; i++) {
		if (p->sum->stage[i].routed || p->sum->stage[i].cloud > 0) {
			draw_dots_of(p, &p->sum->stage[i], low, high);
		}
	}
	p->y += DOTS_H + GAP;
}

/* --- the whole --- */

/* A round step that gives about ten ticks. */
static double
tick_step(double end)
{
	double raw = end / 10, power = pow(10, floor(log10(fmax(raw, 1e-3))));
	double f = raw / power;
	return power * (f <= 1 ? 1 : f <= 2 ? 2 : f <= 5 ? 5 : 10);
}

static void
draw_axis(struct picture *p)
{
	double step = p->timed ? tick_step(p->end) : fmax(tick_step(p->end), 1);
	(void)fprintf(p->out, "<path class=axis d='M%d %dH%d'/>", LEFT, p->y, WIDTH - RIGHT);
	for (double t = 0; t <= p->end * 1.0001; t += step) {
		char text[RMI_FIGURE_MAX];
		(void)fprintf(p->out, "<path class=axis d='M%.1f %dv5'/><text x=%.1f y=%d text-anchor=middle>",
		    x_of(p, t), p->y, x_of(p, t), p->y + 18);
		(void)(p->timed ? rmi_html_time(text, t) : rmi_html_count(text, (uint64_t)t));
		char *tenths = step >= 1 ? strchr(text, '.') : NULL;
		if (tenths != NULL) {
			*tenths = '\0';
		}
		(void)fprintf(p->out, "%s</text>", text);
	}
	p->y += AXIS_H;
}

static bool
speaks(const struct rmi_run *run, const char *node)
{
	for (size_t i = 0; i < run->n_items; i++) {
		for (size_t k = 0; k < run->item[i].n_says; k++) {
			const char *who = run->item[i].say[k].node;
			if (who != NULL && strcmp(who, node) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* Heights must be known before the first lane is drawn. */
static int
height_of(const struct picture *p)
{
	double low, high;
	int h = 4 + AXIS_H + (p->run->wave.n > 0 ? WAVE_H + GAP : 0);
	for (size_t i = 0; i < p->sum->n_stages; i++) {
		const struct rmi_stage_summary *st = &p->sum->stage[i];
		h += st->routed || st->cloud > 0 || speaks(p->run, st->node) ? LANE_H + GAP : 0;
	}
	dot_range(p, &low, &high);
	return h + (high > low && !p->brief ? DOTS_H + GAP : 0);
}

void
rmi_picture_write(FILE *out, const struct rmi_run *run, const struct rmi_summary *sum, unsigned id, bool brief)
{
	struct picture p = {.out = out, .run = run, .sum = sum, .id = id, .brief = brief, .y = 4};
	find_scale(&p);
	int height = height_of(&p);
	(void)fprintf(out,
	    "<div class=scroll><svg class=time data-left=%d viewBox='0 0 %d %d' role=img aria-label='timeline'>", LEFT,
	    WIDTH, height);
	draw_sound(&p);
	draw_stages(&p);
	draw_dots(&p);
	draw_axis(&p);
	(void)fprintf(out, "<line class=cur y1=0 y2=%d x1=0 x2=0 /></svg></div>\n", height - AXIS_H);
}
