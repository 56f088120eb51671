#include <rme/route.h>

#include <math.h>
#include <stdio.h>

/* Longest number with its unit. */
enum { FIGURE_MAX = 32 };

static const char *const mode_names[] = {
    [RME_ROUTE_NONE] = "none",
    [RME_ROUTE_EDGE_ONLY] = "edge_only",
    [RME_ROUTE_EDGE_FIRST] = "edge_first",
    [RME_ROUTE_CLOUD_FIRST] = "cloud_first",
    [RME_ROUTE_CLOUD_ONLY] = "cloud_only",
    [RME_ROUTE_AUTO] = "auto",
    [RME_ROUTE_THRESHOLDS] = "thresholds",
    [RME_ROUTE_FUNCTION] = "function",
};

static const char *const reason_names[] = {
    [RME_REASON_NONE] = "none",
    [RME_REASON_MODE] = "mode",
    [RME_REASON_PRIVATE] = "private",
    [RME_REASON_SMALL] = "small",
    [RME_REASON_LARGE] = "large",
    [RME_REASON_MIDDLE] = "middle",
    [RME_REASON_FASTER] = "faster",
    [RME_REASON_OTHER_FAILING] = "other_failing",
    [RME_REASON_OFFLINE] = "offline",
    [RME_REASON_FUNCTION] = "function",
    [RME_REASON_STICKY] = "sticky",
    [RME_REASON_PROBE] = "probe",
    [RME_REASON_NOT_OPEN] = "not_open",
    [RME_REASON_LOW_CONFIDENCE] = "low_confidence",
    [RME_REASON_DEADLINE] = "deadline",
    [RME_REASON_LAST_RESORT] = "last_resort",
};

static const char *
word_of(const char *const *words, size_t n, unsigned index)
{
	return index < n ? words[index] : "unknown";
}

const char *
rme_route_mode_name(enum rme_route_mode m)
{
	return word_of(mode_names, sizeof(mode_names) / sizeof(mode_names[0]), (unsigned)m);
}

const char *
rme_route_reason_name(enum rme_route_reason r)
{
	return word_of(reason_names, sizeof(reason_names) / sizeof(reason_names[0]), (unsigned)r);
}

const char *
rme_side_name(enum rme_side s)
{
	static const char *const names[] = {"none", "edge", "cloud"};
	return word_of(names, sizeof(names) / sizeof(names[0]), (unsigned)s);
}

/* Three digits at most, as people read them: 2, 2.5, 12.5, 640. */
static void
write_figure(char out[FIGURE_MAX], double value, const char *unit)
{
	if (value < 100 && fabs(value - floor(value + 0.05)) >= 0.05) {
		(void)snprintf(out, FIGURE_MAX, "%.1f %s", value, unit);
	} else {
		(void)snprintf(out, FIGURE_MAX, "%.0f %s", value, unit);
	}
}

static void
write_bytes(char out[FIGURE_MAX], uint64_t bytes)
{
	static const char *const units[] = {"B", "KB", "MB", "GB"};
	double v = (double)bytes;
	size_t u = 0;
	while (v >= 999.95 && u < sizeof(units) / sizeof(units[0]) - 1) {
		v /= 1000;
		u++;
	}
	write_figure(out, v, units[u]);
}

static void
write_ms(char out[FIGURE_MAX], double ms)
{
	if (ms < 1) {
		write_figure(out, ms * 1000, "us");
	} else if (ms < 1000) {
		write_figure(out, ms, "ms");
	} else {
		write_figure(out, ms / 1000, "s");
	}
}

static void
write_ns(char out[FIGURE_MAX], int64_t ns)
{
	write_ms(out, (double)ns / 1e6);
}

static enum rme_side
other_side(enum rme_side s)
{
	return s == RME_SIDE_CLOUD ? RME_SIDE_EDGE : RME_SIDE_CLOUD;
}

static size_t
end_of(int written)
{
	if (written < 0) {
		return 0;
	}
	return written < RME_ROUTE_TEXT_MAX ? (size_t)written : RME_ROUTE_TEXT_MAX - 1;
}

static int
tell_size(const struct rme_route *r, char *text)
{
	char have[FIGURE_MAX], limit[FIGURE_MAX];
	double c = (double)r->complexity;
	write_bytes(have, r->bytes);
	write_bytes(limit, r->bytes_limit);
	if (r->reason == RME_REASON_MIDDLE) {
		return snprintf(text, RME_ROUTE_TEXT_MAX,
		    "%s and complexity %.2f are between the limits: edge, then cloud", have, c);
	}
	if (r->reason == RME_REASON_SMALL) {
		return snprintf(text, RME_ROUTE_TEXT_MAX, "%s < %s and complexity %.2f < %.2f", have, limit, c,
		    (double)r->complexity_limit);
	}
	if (r->bytes_limit != 0) {
		return snprintf(text, RME_ROUTE_TEXT_MAX, "%s > %s", have, limit);
	}
	return snprintf(text, RME_ROUTE_TEXT_MAX, "complexity %.2f > %.2f", c, (double)r->complexity_limit);
}

static int
tell_measured(const struct rme_route *r, char *text)
{
	bool edge = r->first == RME_SIDE_EDGE;
	double here = (double)(edge ? r->edge_ms : r->cloud_ms), there = (double)(edge ? r->cloud_ms : r->edge_ms);
	char own[FIGURE_MAX], others[FIGURE_MAX], left[FIGURE_MAX];
	write_ms(own, here);
	write_ms(others, there);
	write_ns(left, r->left_ns > 0 ? r->left_ns : 0);
	const char *side = rme_side_name(r->first), *other = rme_side_name(other_side(r->first));
	if (r->reason == RME_REASON_DEADLINE) {
		return snprintf(
		    text, RME_ROUTE_TEXT_MAX, "%s needs %s and %s are left (measured)", other, others, left);
	}
	return snprintf(text, RME_ROUTE_TEXT_MAX, "%s %s < %s %s (measured)", side, own, other, others);
}

/* "retry in 2.1 s" or what there is to say instead. */
static void
write_retry(char *out, size_t cap, const struct rme_route *r)
{
	char span[FIGURE_MAX];
	if (r->retry_ns > 0) {
		write_ns(span, r->retry_ns);
		(void)snprintf(out, cap, ", retry in %s", span);
	} else {
		(void)snprintf(out, cap, "%s", r->reason == RME_REASON_OTHER_FAILING ? ", being tried again" : "");
	}
}

static int
tell_health(const struct rme_route *r, char *text)
{
	char retry[FIGURE_MAX + 16];
	write_retry(retry, sizeof(retry), r);
	const char *side = rme_side_name(r->first), *other = rme_side_name(other_side(r->first));
	switch ((int)r->reason) {
	case RME_REASON_OTHER_FAILING:
		if (r->failures == 1) {
			return snprintf(text, RME_ROUTE_TEXT_MAX, "%s failed%s", other, retry);
		}
		return snprintf(text, RME_ROUTE_TEXT_MAX, "%s failed %u times in a row%s", other, r->failures, retry);
	case RME_REASON_NOT_OPEN:
		if (r->mode == RME_ROUTE_EDGE_ONLY || r->mode == RME_ROUTE_CLOUD_ONLY) {
			other = r->mode == RME_ROUTE_EDGE_ONLY ? "edge" : "cloud";
		} else if (r->first == RME_SIDE_NONE) {
			return snprintf(text, RME_ROUTE_TEXT_MAX, "no side is there");
		}
		return snprintf(text, RME_ROUTE_TEXT_MAX, "%s is not there%s%s%s", other,
		    r->cause_text[0] != '\0' ? ": " : "", r->cause_text, retry);
	case RME_REASON_PROBE:
		return snprintf(text, RME_ROUTE_TEXT_MAX, "trying %s again after %u failures", side, r->failures);
	default:
		return snprintf(text, RME_ROUTE_TEXT_MAX, "no side is well, %s tried anyway", side);
	}
}

static int
tell_reason(const struct rme_route *r, char *text)
{
	switch (r->reason) {
	case RME_REASON_SMALL:
	case RME_REASON_LARGE:
	case RME_REASON_MIDDLE:
		return tell_size(r, text);
	case RME_REASON_FASTER:
	case RME_REASON_DEADLINE:
		return tell_measured(r, text);
	case RME_REASON_OTHER_FAILING:
	case RME_REASON_NOT_OPEN:
	case RME_REASON_PROBE:
	case RME_REASON_LAST_RESORT:
		return tell_health(r, text);
	case RME_REASON_MODE:
		return snprintf(text, RME_ROUTE_TEXT_MAX, "mode %s", rme_route_mode_name(r->mode));
	case RME_REASON_PRIVATE:
		return snprintf(text, RME_ROUTE_TEXT_MAX, "%s",
		    r->first == RME_SIDE_EDGE ? "data is local, it stays on this device"
		                              : "data is local, and the edge cannot take it");
	case RME_REASON_OFFLINE:
		return snprintf(text, RME_ROUTE_TEXT_MAX, "offline: the cloud cannot be reached");
	case RME_REASON_FUNCTION:
		return snprintf(text, RME_ROUTE_TEXT_MAX, "the user's rule says %s", rme_side_name(r->first));
	case RME_REASON_STICKY:
		return snprintf(text, RME_ROUTE_TEXT_MAX, "the session stays with the %s", rme_side_name(r->first));
	case RME_REASON_LOW_CONFIDENCE:
	case RME_REASON_NONE:
		break;
	}
	text[0] = '\0';
	return 0;
}

static int
tell_fallback(const struct rme_route *r, char *text)
{
	char took[FIGURE_MAX];
	write_ns(took, r->first_ns);
	const char *side = rme_side_name(r->first);
	const char *start = r->side == RME_SIDE_NONE ? "fallback failed too" : "fallback";
	if (r->reason == RME_REASON_LOW_CONFIDENCE) {
		return snprintf(text, RME_ROUTE_TEXT_MAX, "%s was not sure enough: %s", side, r->cause_text);
	}
	if (r->cause == RME_EEMPTY) {
		return snprintf(text, RME_ROUTE_TEXT_MAX, "%s: empty answer from %s after %s", start, side, took);
	}
	if (r->cause == RME_ETIMEDOUT && r->cause_text[0] == '\0') {
		return snprintf(text, RME_ROUTE_TEXT_MAX, "%s: no answer from %s in %s", start, side, took);
	}
	return snprintf(text, RME_ROUTE_TEXT_MAX, "%s: %s failed after %s: %s", start, side, took,
	    r->cause_text[0] != '\0' ? r->cause_text : rme_err_text(r->cause));
}

size_t
rme_route_text(const struct rme_route *r, char text[RME_ROUTE_TEXT_MAX])
{
	return end_of(r->fell_back ? tell_fallback(r, text) : tell_reason(r, text));
}
