#include <rme/pipeline.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/runtime.h>

/* A conversion that was put in: what its spec points to. */
struct conversion {
	const struct rme_node_type *type;
	void *config;
	char name[64];
	struct conversion *next;
};

struct rme_plan {
	struct conversion *conversions;
	size_t n;
	struct rme_plan_stage stage[RME_PIPELINE_STAGES_MAX];
};

static const char converter_name[] = "AudioTransform";

static const char *
spec_name(const struct rme_node_spec *spec)
{
	return spec->name != NULL ? spec->name : spec->type->name;
}

static enum rme_err
plan_append(struct rme_plan *p, const struct rme_plan_stage *st, struct rme_error *err)
{
	if (p->n == RME_PIPELINE_STAGES_MAX) {
		return rme_error_set(err, RME_ELIMIT, spec_name(&st->spec), "more than %d stages, conversions included",
		    RME_PIPELINE_STAGES_MAX);
	}
	p->stage[p->n++] = *st;
	return RME_OK;
}

/* A node that refuses a format does not say what it takes; so offer it all there are. */
static void
media_taken(const struct rme_node_spec *spec, char *text, size_t cap)
{
	size_t len = 0;
	text[0] = '\0';
	for (int m = RME_MEDIA_ANY + 1; m < RME_MEDIA_COUNT_; m++) {
		struct rme_format in = rme_format_of((enum rme_media)m), want = in,
		                  gives = rme_format_of(RME_MEDIA_ANY);
		char name[RME_FORMAT_TEXT_MAX];
		rme_format_print(&in, name);
		if (spec->type->formats(spec->type, spec->config, &in, &want, &gives) == RME_OK &&
		    len + strlen(name) + sizeof(" or ") <= cap) {
			len += (size_t)snprintf(text + len, cap - len, "%s%s", len > 0 ? " or " : "", name);
		}
	}
	if (len == 0) {
		(void)snprintf(text, cap, "something else");
	}
}

static enum rme_err
misfit(const struct rme_plan *p, const struct rme_node_spec *spec, const struct rme_format *have,
    const struct rme_format *want, struct rme_error *err)
{
	char has[RME_FORMAT_TEXT_MAX], wants[RME_FORMAT_TEXT_MAX];
	rme_format_print(have, has);
	if (want != NULL) {
		rme_format_print(want, wants);
	} else {
		media_taken(spec, wants, sizeof(wants));
	}
	if (p->n == 0) {
		return rme_error_set(err, RME_EFORMAT, spec_name(spec), "takes %s, but the input is %s", wants, has);
	}
	return rme_error_set(err, RME_EFORMAT, spec_name(spec), "takes %s, but '%s' before it gives %s", wants,
	    spec_name(&p->stage[p->n - 1].spec), has);
}

/* What the conversion gives: what is wanted, and what it does not say as it comes. */
static struct rme_format
audio_merge(const struct rme_format *have, const struct rme_format *want)
{
	struct rme_format f = *want;
	f.audio.sample = f.audio.sample != RME_SAMPLE_ANY ? f.audio.sample : have->audio.sample;
	f.audio.rate_hz = f.audio.rate_hz != 0 ? f.audio.rate_hz : have->audio.rate_hz;
	f.audio.channels = f.audio.channels != 0 ? f.audio.channels : have->audio.channels;
	return f;
}

static enum rme_err
conversion_config(struct conversion *c, const struct rme_format *to, struct rme_error *err)
{
	const struct rme_value values[] = {
	    {.key = "output_sample_rate", .kind = RME_VALUE_NUMBER, .number = to->audio.rate_hz},
	    {.key = "output_channels", .kind = RME_VALUE_NUMBER, .number = to->audio.channels},
	    {.key = "output_format",
	        .kind = RME_VALUE_TEXT,
	        .text = to->audio.sample == RME_SAMPLE_S16LE ? "s16le" : "f32le"},
	};
	const struct rme_params_in in = {values, sizeof(values) / sizeof(*values)};
	c->config = calloc(1, c->type->config_size);
	if (c->config == NULL) {
		return rme_error_set(err, RME_ENOMEM, c->name, "out of memory");
	}
	return rme_params_bind(c->type->params, &in, c->config, NULL, err);
}

static enum rme_err
insert_conversion(struct rme_plan *p, const struct rme_node_type *type, const struct rme_format *have,
    struct rme_plan_stage *before, struct rme_error *err)
{
	struct conversion *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		return rme_error_set(err, RME_ENOMEM, spec_name(&before->spec), "out of memory");
	}
	c->type = type;
	c->next = p->conversions;
	p->conversions = c;
	(void)snprintf(c->name, sizeof(c->name), "%.50s.convert", spec_name(&before->spec));
	before->in = audio_merge(have, &before->in);
	enum rme_err e = conversion_config(c, &before->in, err);
	if (e != RME_OK) {
		return e;
	}
	const struct rme_plan_stage st = {
	    .spec = {.type = type, .config = c->config, .name = c->name},
	    .in = *have,
	    .out = before->in,
	    .inserted = true,
	};
	return plan_append(p, &st, err);
}

static enum rme_err
plan_add(struct rme_plan *p, struct rme_runtime *rt, const struct rme_node_spec *spec, struct rme_format *format,
    struct rme_error *err)
{
	struct rme_plan_stage st = {.spec = *spec, .in = *format, .out = rme_format_of(RME_MEDIA_ANY)};
	if (spec->type->formats != NULL) {
		if (spec->type->formats(spec->type, spec->config, format, &st.in, &st.out) != RME_OK) {
			return misfit(p, spec, format, NULL, err);
		}
		/* What is not known beforehand is checked by the node, packet by packet. */
		if (format->media != RME_MEDIA_ANY && !rme_format_fits(format, &st.in)) {
			const struct rme_node_type *converter = rme_runtime_find(rt, converter_name);
			if (format->media != RME_MEDIA_AUDIO_PCM || st.in.media != RME_MEDIA_AUDIO_PCM ||
			    converter == NULL) {
				return misfit(p, spec, format, &st.in, err);
			}
			enum rme_err e = insert_conversion(p, converter, format, &st, err);
			if (e != RME_OK) {
				return e;
			}
			struct rme_format want = st.in;
			(void)spec->type->formats(spec->type, spec->config, &st.in, &want, &st.out);
		}
	}
	*format = st.out;
	return plan_append(p, &st, err);
}

enum rme_err
rme_plan_new(struct rme_plan **out, struct rme_runtime *rt, const struct rme_plan_in *in, struct rme_error *err)
{
	if (in->n == 0) {
		return rme_error_set(err, RME_EINVAL, NULL, "a pipeline needs at least one node");
	}
	struct rme_plan *p = calloc(1, sizeof(*p));
	if (p == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	struct rme_format format = in->format;
	for (size_t i = 0; i < in->n; i++) {
		enum rme_err e = plan_add(p, rt, &in->specs[i], &format, err);
		if (e != RME_OK) {
			rme_plan_free(p);
			return e;
		}
	}
	*out = p;
	return RME_OK;
}

void
rme_plan_free(struct rme_plan *p)
{
	if (p == NULL) {
		return;
	}
	while (p->conversions != NULL) {
		struct conversion *c = p->conversions;
		p->conversions = c->next;
		if (c->config != NULL) {
			rme_params_done(c->type->params, c->config);
		}
		free(c->config);
		free(c);
	}
	free(p);
}

size_t
rme_plan_stages(const struct rme_plan *p, const struct rme_plan_stage **stages)
{
	*stages = p->stage;
	return p->n;
}
