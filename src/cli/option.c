#include "cli/args.h"

#include "base/units.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool
in_range(const struct rmi_option *o, double v)
{
	return (o->min == 0 && o->max == 0) || (v >= o->min && v <= o->max);
}

static bool
read_int(struct rmi_value *v, const char *text)
{
	char *end;
	errno = 0;
	intmax_t n = strtoimax(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || !in_range(v->option, (double)n)) {
		return false;
	}
	v->integer = n;
	v->number = (double)n;
	return true;
}

static bool
read_number(struct rmi_value *v, const char *text)
{
	char *end;
	double d = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(d) || !in_range(v->option, d)) {
		return false;
	}
	v->number = d;
	return true;
}

static bool
read_choice(struct rmi_value *v, const char *text)
{
	for (size_t i = 0; v->option->choices[i] != NULL; i++) {
		if (strcmp(v->option->choices[i], text) == 0) {
			v->integer = (int64_t)i;
			return true;
		}
	}
	return false;
}

bool
rmi_option_read(struct rmi_value *v, const char *text)
{
	v->text = text;
	switch (v->option->kind) {
	case RMI_OPTION_FLAG:
	case RMI_OPTION_STRING:
		return true;
	case RMI_OPTION_FILE:
		return *text != '\0';
	case RMI_OPTION_INT:
		return read_int(v, text);
	case RMI_OPTION_NUMBER:
		return read_number(v, text);
	case RMI_OPTION_SIZE:
		return rmi_units_parse(&v->integer, text, RMI_UNIT_BYTES) == RME_OK;
	case RMI_OPTION_DURATION:
		return rmi_units_parse(&v->integer, text, RMI_UNIT_NS) == RME_OK;
	case RMI_OPTION_RATE:
		return rmi_units_parse(&v->integer, text, RMI_UNIT_BITS_PER_S) == RME_OK;
	case RMI_OPTION_ENUM:
		return read_choice(v, text);
	}
	return false;
}

void
rmi_option_expects(char *buf, size_t size, const struct rmi_option *o)
{
	bool bounded = o->min != 0 || o->max != 0;
	switch (o->kind) {
	case RMI_OPTION_INT:
	case RMI_OPTION_NUMBER:
		(void)snprintf(buf, size, o->kind == RMI_OPTION_INT ? "a whole number" : "a number");
		if (bounded) {
			size_t n = strlen(buf);
			(void)snprintf(buf + n, size - n, " from %g to %g", o->min, o->max);
		}
		return;
	case RMI_OPTION_SIZE:
		(void)snprintf(buf, size, "a size such as 64KiB (%s)", rmi_units_names(RMI_UNIT_BYTES));
		return;
	case RMI_OPTION_DURATION:
		(void)snprintf(buf, size, "a time such as 20ms (%s)", rmi_units_names(RMI_UNIT_NS));
		return;
	case RMI_OPTION_RATE:
		(void)snprintf(buf, size, "a rate such as 8Mbit/s (%s)", rmi_units_names(RMI_UNIT_BITS_PER_S));
		return;
	case RMI_OPTION_ENUM: {
		size_t n = (size_t)snprintf(buf, size, "one of");
		for (size_t i = 0; o->choices[i] != NULL && n < size; i++) {
			n += (size_t)snprintf(buf + n, size - n, "%s %s", i > 0 ? "," : "", o->choices[i]);
		}
		return;
	}
	case RMI_OPTION_FLAG:
	case RMI_OPTION_STRING:
	case RMI_OPTION_FILE:
		(void)snprintf(buf, size, "a value");
		return;
	}
}

static const struct rmi_option *
known_option(const struct rmi_args *args, const char *name)
{
	const struct rmi_option *tables[] = {rmi_args_command(args)->options, rmi_common_options};
	for (size_t t = 0; t < 2; t++) {
		for (const struct rmi_option *o = tables[t]; o != NULL && o->name != NULL; o++) {
			if (strcmp(o->name, name) == 0) {
				return o;
			}
		}
	}
	assert(false && "option is not in the command's table");
	return NULL;
}

/* The last value given, else the fallback; all zero if there is neither. */
static struct rmi_value
value_of(const struct rmi_args *args, const char *name)
{
	const struct rmi_option *o = known_option(args, name);
	for (size_t i = args->n_values; i > 0; i--) {
		if (args->values[i - 1].option == o) {
			return args->values[i - 1];
		}
	}
	struct rmi_value v = {.option = o};
	bool ok = o == NULL || o->fallback == NULL || rmi_option_read(&v, o->fallback);
	assert(ok);
	(void)ok;
	return v;
}

size_t
rmi_args_count(const struct rmi_args *args, const char *option)
{
	const struct rmi_option *o = known_option(args, option);
	size_t n = 0;
	for (size_t i = 0; i < args->n_values; i++) {
		n += args->values[i].option == o;
	}
	return n;
}

bool
rmi_args_given(const struct rmi_args *args, const char *option)
{
	return rmi_args_count(args, option) > 0;
}

const char *
rmi_args_text(const struct rmi_args *args, const char *option)
{
	return value_of(args, option).text;
}

const char *
rmi_args_text_at(const struct rmi_args *args, const char *option, size_t index)
{
	const struct rmi_option *o = known_option(args, option);
	for (size_t i = 0; i < args->n_values; i++) {
		if (args->values[i].option == o && index-- == 0) {
			return args->values[i].text;
		}
	}
	return NULL;
}

int64_t
rmi_args_int(const struct rmi_args *args, const char *option)
{
	const struct rmi_option *o = known_option(args, option);
	if (o != NULL && o->kind == RMI_OPTION_FLAG) {
		return (int64_t)rmi_args_count(args, option);
	}
	return value_of(args, option).integer;
}

double
rmi_args_number(const struct rmi_args *args, const char *option)
{
	return value_of(args, option).number;
}

size_t
rmi_args_operand_count(const struct rmi_args *args)
{
	return args->n_operands;
}

const char *
rmi_args_operand(const struct rmi_args *args, size_t index)
{
	return index < args->n_operands ? args->operands[index] : NULL;
}
