#include "wan/script.h"

#include "base/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 256, WORDS_MAX = 4 };

static const struct word {
	const char *name;
	enum rmi_wan_action action;
	bool directions[RMI_WAN_DIRECTIONS]; /* none: the action takes no value */
	enum rmi_unit unit;
} words[] = {
    {"up", RMI_WAN_UP, {false, false}, RMI_UNIT_NS},
    {"down", RMI_WAN_DOWN, {false, false}, RMI_UNIT_NS},
    {"freeze", RMI_WAN_FREEZE, {false, false}, RMI_UNIT_NS},
    {"cut", RMI_WAN_CUT, {false, false}, RMI_UNIT_NS},
    {"delay", RMI_WAN_DELAY, {true, true}, RMI_UNIT_NS},
    {"delay-up", RMI_WAN_DELAY, {true, false}, RMI_UNIT_NS},
    {"delay-down", RMI_WAN_DELAY, {false, true}, RMI_UNIT_NS},
    {"jitter", RMI_WAN_JITTER, {true, true}, RMI_UNIT_NS},
    {"jitter-up", RMI_WAN_JITTER, {true, false}, RMI_UNIT_NS},
    {"jitter-down", RMI_WAN_JITTER, {false, true}, RMI_UNIT_NS},
    {"rate", RMI_WAN_RATE, {true, true}, RMI_UNIT_BITS_PER_S},
    {"rate-up", RMI_WAN_RATE, {true, false}, RMI_UNIT_BITS_PER_S},
    {"rate-down", RMI_WAN_RATE, {false, true}, RMI_UNIT_BITS_PER_S},
};
enum { WORDS_COUNT = sizeof(words) / sizeof(words[0]) };

static bool
takes_value(const struct word *w)
{
	return w->directions[0] || w->directions[1];
}

static const struct word *
find_word(const char *name)
{
	for (size_t i = 0; i < WORDS_COUNT; i++) {
		if (strcmp(words[i].name, name) == 0) {
			return &words[i];
		}
	}
	return NULL;
}

/* Cut text into words in place. @return how many, or WORDS_MAX + 1 if there are more than fit */
static size_t
split_words(char *text, char *out[WORDS_MAX])
{
	size_t n = 0;
	text[strcspn(text, "#\r\n")] = '\0';
	for (char *rest = text;;) {
		rest += strspn(rest, " \t");
		if (*rest == '\0') {
			return n;
		}
		if (n == WORDS_MAX) {
			return WORDS_MAX + 1;
		}
		out[n++] = rest;
		rest += strcspn(rest, " \t");
		if (*rest != '\0') {
			*rest++ = '\0';
		}
	}
}

static enum rme_err
read_action(struct rmi_wan_step *step, char *const *parts, size_t n, struct rme_error *err)
{
	const struct word *w = find_word(parts[0]);
	if (w == NULL) {
		return rme_error_set(err, RME_ECONFIG, NULL,
		    "'%s' is no action: up, down, freeze, cut, or delay, jitter, rate (with -up or -down for one "
		    "direction) and a value",
		    parts[0]);
	}
	step->action = w->action;
	memcpy(step->directions, w->directions, sizeof(step->directions));
	if (n != (takes_value(w) ? 2u : 1u)) {
		return rme_error_set(
		    err, RME_ECONFIG, NULL, takes_value(w) ? "%s takes one value" : "%s takes no value", w->name);
	}
	if (takes_value(w) && rmi_units_parse(&step->value, parts[1], w->unit) != RME_OK) {
		return rme_error_set(err, RME_ECONFIG, NULL, "'%s' is not a %s (units: %s)", parts[1],
		    w->unit == RMI_UNIT_NS ? "time" : "rate", rmi_units_names(w->unit));
	}
	if (w->unit == RMI_UNIT_NS && step->value > RMI_WAN_DELAY_MAX_NS) {
		return rme_error_set(err, RME_ELIMIT, NULL, "'%s' is longer than an hour", parts[1]);
	}
	return RME_OK;
}

/* @param[out] found  false for a line that says nothing */
static enum rme_err
read_line(struct rmi_wan_step *step, bool *found, const char *line, struct rme_error *err)
{
	char text[LINE_MAX_BYTES];
	char *parts[WORDS_MAX];
	*step = (struct rmi_wan_step){0};
	if (snprintf(text, sizeof(text), "%s", line) >= (int)sizeof(text)) {
		return rme_error_set(err, RME_ELIMIT, NULL, "line of more than %d bytes", LINE_MAX_BYTES - 1);
	}
	size_t n = split_words(text, parts);
	size_t first = n > 0 && strcmp(parts[0], "at") == 0 ? 1 : 0;
	*found = n > 0;
	if (n == 0) {
		return RME_OK;
	}
	if (n > WORDS_MAX || n < first + 2) {
		return rme_error_set(
		    err, RME_ECONFIG, NULL, "expected 'at TIME ACTION [VALUE]', such as 'at 10s rate 1Mbit/s'");
	}
	if (rmi_units_parse(&step->at_ns, parts[first], RMI_UNIT_NS) != RME_OK) {
		return rme_error_set(err, RME_ECONFIG, NULL, "'%s' is not a time (units: %s)", parts[first],
		    rmi_units_names(RMI_UNIT_NS));
	}
	if (step->at_ns > RMI_WAN_AT_MAX_NS) {
		return rme_error_set(err, RME_ELIMIT, NULL, "'%s' is later than 10000 hours", parts[first]);
	}
	return read_action(step, parts + first + 1, n - first - 1, err);
}

static enum rme_err
append(struct rmi_wan_script *s, const struct rmi_wan_step *step)
{
	if (s->n == s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 8;
		struct rmi_wan_step *steps = realloc(s->steps, room * sizeof(*steps));
		if (steps == NULL) {
			return RME_ENOMEM;
		}
		s->steps = steps;
		s->room = room;
	}
	s->steps[s->n++] = *step;
	return RME_OK;
}

enum rme_err
rmi_wan_script_add(struct rmi_wan_script *s, const char *line, struct rme_error *err)
{
	struct rmi_wan_step step;
	bool found;
	enum rme_err e = read_line(&step, &found, line, err);
	if (e != RME_OK || !found) {
		return e;
	}
	if (s->n == RMI_WAN_SCRIPT_STEPS_MAX) {
		return rme_error_set(err, RME_ELIMIT, NULL, "more than %d steps", RMI_WAN_SCRIPT_STEPS_MAX);
	}
	if (s->n > 0 && step.at_ns < s->steps[s->n - 1].at_ns) {
		return rme_error_set(
		    err, RME_ECONFIG, NULL, "earlier than the step before it: put the steps in order of time");
	}
	e = append(s, &step);
	return e == RME_OK ? RME_OK : rme_error_set(err, e, NULL, "%s", rme_err_text(e));
}

/* Add the lines of text, which is changed. */
static enum rme_err
add_lines(struct rmi_wan_script *s, const char *path, char *text, struct rme_error *err)
{
	int number = 1;
	for (char *line = text; line != NULL; number++) {
		char *end = strchr(line, '\n');
		if (end != NULL) {
			*end++ = '\0';
		}
		struct rme_error inner;
		enum rme_err e = rmi_wan_script_add(s, line, &inner);
		if (e != RME_OK) {
			return rme_error_set(err, e, path, "line %d: %s", number, inner.text);
		}
		line = end;
	}
	return RME_OK;
}

enum rme_err
rmi_wan_script_load(struct rmi_wan_script *s, const char *path, struct rme_error *err)
{
	FILE *f = fopen(path, "re");
	if (f == NULL) {
		return rme_error_set(err, errno == ENOENT ? RME_ENOTFOUND : RME_EIO, path, "cannot open the script: %s",
		    strerror(errno));
	}
	char *text = malloc(RMI_WAN_SCRIPT_BYTES_MAX + 1);
	size_t n = text != NULL ? fread(text, 1, RMI_WAN_SCRIPT_BYTES_MAX + 1, f) : 0;
	enum rme_err e;
	if (text == NULL) {
		e = rme_error_set(err, RME_ENOMEM, path, "%s", rme_err_text(RME_ENOMEM));
	} else if (ferror(f) != 0) {
		e = rme_error_set(err, RME_EIO, path, "cannot read the script");
	} else if (n > RMI_WAN_SCRIPT_BYTES_MAX) {
		e = rme_error_set(err, RME_ELIMIT, path, "longer than %d bytes", RMI_WAN_SCRIPT_BYTES_MAX);
	} else {
		text[n] = '\0';
		e = add_lines(s, path, text, err);
	}
	free(text);
	(void)fclose(f);
	return e;
}

void
rmi_wan_script_done(struct rmi_wan_script *s)
{
	free(s->steps);
	*s = (struct rmi_wan_script){0};
}

void
rmi_wan_step_apply(const struct rmi_wan_step *step, int direction, struct rmi_wan_shape *shape)
{
	if (!step->directions[direction]) {
		return;
	}
	if (step->action == RMI_WAN_DELAY) {
		shape->delay_ns = step->value;
	} else if (step->action == RMI_WAN_JITTER) {
		shape->jitter_ns = step->value;
	} else if (step->action == RMI_WAN_RATE) {
		shape->rate_bps = step->value;
	}
}

char *
rmi_wan_step_text(const struct rmi_wan_step *step, char *buf, size_t size)
{
	for (size_t i = 0; i < WORDS_COUNT; i++) {
		const struct word *w = &words[i];
		if (w->action == step->action && memcmp(w->directions, step->directions, sizeof(w->directions)) == 0) {
			char value[RMI_UNITS_TEXT_MAX] = "";
			if (takes_value(w)) {
				(void)rmi_units_format(value, sizeof(value), step->value, w->unit);
			}
			(void)snprintf(buf, size, "%s%s%s", w->name, takes_value(w) ? " " : "", value);
			return buf;
		}
	}
	(void)snprintf(buf, size, "?");
	return buf;
}
