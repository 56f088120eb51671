#include "config/schema_json.h"

#include <ctype.h>
#include <rme/params.h>

#include "base/text.h"
#include "base/units.h"

static const char *
kind_text(enum rmi_field_kind kind)
{
	static const char *const texts[] = {
	    [RMI_FIELD_TEXT] = "text",
	    [RMI_FIELD_NAME] = "name",
	    [RMI_FIELD_PATH] = "path",
	    [RMI_FIELD_BOOL] = "true or false",
	    [RMI_FIELD_INT] = "whole number",
	    [RMI_FIELD_NUMBER] = "number",
	    [RMI_FIELD_CHOICE] = "one of",
	    [RMI_FIELD_CHOICES] = "list of",
	    [RMI_FIELD_DURATION] = "time",
	    [RMI_FIELD_BYTES] = "size",
	    [RMI_FIELD_FORMAT] = "media format",
	    [RMI_FIELD_TEXTS] = "list of text",
	    [RMI_FIELD_ANY] = "any value",
	    [RMI_FIELD_SETTINGS] = "map of settings",
	    [RMI_FIELD_OBJECT] = "map",
	    [RMI_FIELD_LIST] = "list of maps",
	    [RMI_FIELD_MAP] = "map of names",
	};
	return texts[kind];
}

static void
add_bound(struct rmi_text *t, int unit, double bound)
{
	char buf[RMI_UNITS_TEXT_MAX];
	if (unit < 0) {
		rmi_text_add(t, "%.15g", bound);
		return;
	}
	int64_t q = (int64_t)(bound * (unit == RMI_UNIT_NS ? 1e9 : 1));
	rmi_text_add(t, "%s", rmi_units_format(buf, sizeof(buf), q, (enum rmi_unit)unit));
}

/* ", 1ms to 60s"; @p unit < 0 = plain numbers. */
static void
add_range(struct rmi_text *t, int unit, double min, double max)
{
	if (min == 0 && max == 0) {
		return;
	}
	rmi_text_add(t, ", ");
	add_bound(t, unit, min);
	if (max > min) {
		rmi_text_add(t, " to ");
		add_bound(t, unit, max);
	}
}

static int
field_unit(enum rmi_field_kind kind)
{
	return kind == RMI_FIELD_DURATION ? RMI_UNIT_NS : kind == RMI_FIELD_BYTES ? RMI_UNIT_BYTES : -1;
}

static void
write_field(FILE *out, const struct rmi_field *f)
{
	char buf[512];
	struct rmi_text t = rmi_text_begin(buf, sizeof(buf));
	rmi_text_add(&t, "%s", kind_text(f->kind));
	for (size_t i = 0; f->choices != NULL && f->choices[i] != NULL; i++) {
		rmi_text_add(&t, "%s `%s`", i > 0 ? "," : "", f->choices[i]);
	}
	add_range(&t, field_unit(f->kind), f->min, f->max);
	(void)fprintf(out, "| `%s` | %s | ", f->key, buf);
	if (f->required) {
		(void)fputs("required", out);
	} else if (f->fallback != NULL) {
		(void)fprintf(out, "`%s`", f->fallback);
	}
	(void)fprintf(out, " | %s |\n", f->help);
}

static void
write_map(FILE *out, const struct rmi_schema *s, const char *title)
{
	(void)fprintf(out, "\n### %s\n", title);
	if (s->help != NULL) {
		(void)fprintf(out, "\n%c%s.\n", toupper((unsigned char)s->help[0]), s->help + 1);
	}
	if (s->short_key != NULL) {
		(void)fprintf(out, "A plain value stands for `{%s: value}`.\n", s->short_key);
	}
	(void)fputs("\n| key | value | default | meaning |\n|---|---|---|---|\n", out);
	for (const struct rmi_field *f = s->fields; f->key != NULL; f++) {
		write_field(out, f);
	}
}

static void write_schema(FILE *out, const struct rmi_schema *s, const char *title);

static void
write_parts(FILE *out, const struct rmi_schema *s, const char *title)
{
	for (const struct rmi_field *f = s->fields; f->key != NULL; f++) {
		if (f->schema == NULL) {
			continue;
		}
		char buf[160];
		struct rmi_text sub = rmi_text_begin(buf, sizeof(buf));
		const char *mark = f->kind == RMI_FIELD_LIST ? "[]" : f->kind == RMI_FIELD_MAP ? ".NAME" : "";
		if (s->only_key != NULL) {
			rmi_text_add(&sub, "%s, ", title);
		}
		rmi_text_add(&sub, "`%s%s`", f->key, mark);
		write_schema(out, f->schema, buf);
	}
}

static void
write_schema(FILE *out, const struct rmi_schema *s, const char *title)
{
	if (s->variants == NULL) {
		write_map(out, s, title);
		write_parts(out, s, title);
		return;
	}
	for (size_t i = 0; s->variants[i] != NULL; i++) {
		char sub[160];
		(void)snprintf(sub, sizeof(sub), "%s, %s", title, s->variants[i]->name);
		write_schema(out, s->variants[i], sub);
	}
}

void
rmi_schema_to_markdown(FILE *out, const struct rmi_schema *root)
{
	char title[128];
	(void)snprintf(title, sizeof(title), "%c%s", toupper((unsigned char)root->name[0]), root->name + 1);
	write_schema(out, root, title);
}

void
rmi_param_text(char *buf, size_t size, const struct rme_param *p)
{
	struct rmi_text t = rmi_text_begin(buf, size);
	rmi_text_add(&t, "%s", rme_param_kind_name(p->kind));
	if (p->kind == RME_PARAM_CHOICE) {
		rmi_text_add(&t, ": ");
		rmi_text_add_words(&t, p->choices);
	}
	int unit = p->kind == RME_PARAM_DURATION ? RMI_UNIT_NS : p->kind == RME_PARAM_BYTES ? RMI_UNIT_BYTES : -1;
	add_range(&t, unit, p->min, p->max);
	if (p->required) {
		rmi_text_add(&t, ", required");
	} else if (p->fallback != NULL) {
		rmi_text_add(&t, ", default %s", p->fallback);
	}
}
