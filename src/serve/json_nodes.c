#include "serve/json_nodes.h"

#include <string.h>

struct json_stage {
	struct rmi_json_link *link;
};

static enum rme_err
stage_open(struct rme_node *self, const void *config)
{
	struct json_stage *st = rme_node_state(self);
	memcpy(&st->link, &config, sizeof st->link); /* written by this stage: the session's own */
	return RME_OK;
}

static enum rme_err
in_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in, struct rme_format *want,
    struct rme_format *gives)
{
	const struct rmi_json_link *link = config;
	(void)type;
	(void)in;
	*want = rme_format_of(RME_MEDIA_JSON);
	*gives = link->kind.format;
	return RME_OK;
}

static enum rme_err
in_process(struct rme_node *self, struct rme_packet *in)
{
	struct json_stage *st = rme_node_state(self);
	struct rme_packet *out;
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = rmi_json_read(&out, &st->link->kind, in, st->link->want, &err);
	rme_packet_unref(in);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "%s", err.text[0] != '\0' ? err.text : rme_err_text(e));
	}
	return rme_node_emit(self, out);
}

static enum rme_err
out_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in, struct rme_format *want,
    struct rme_format *gives)
{
	(void)type;
	(void)config;
	(void)in;
	(void)want;
	*gives = rme_format_of(RME_MEDIA_JSON);
	return RME_OK;
}

static enum rme_err
out_process(struct rme_node *self, struct rme_packet *in)
{
	const struct json_stage *st = rme_node_state(self);
	struct rme_packet *out;
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = rmi_json_write(&out, in, st->link->kind.shape, &err);
	rme_packet_unref(in);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "%s", err.text[0] != '\0' ? err.text : rme_err_text(e));
	}
	return rme_node_emit(self, out);
}

const struct rme_node_type rmi_json_in_type = {
    .name = "JsonInput",
    .category = "base",
    .help = "makes packets of JSON texts",
    .flags = RME_NODE_INTERNAL,
    .state_size = sizeof(struct json_stage),
    .formats = in_formats,
    .open = stage_open,
    .process = in_process,
};

const struct rme_node_type rmi_json_out_type = {
    .name = "JsonOutput",
    .category = "base",
    .help = "makes JSON texts of results",
    .flags = RME_NODE_INTERNAL,
    .state_size = sizeof(struct json_stage),
    .formats = out_formats,
    .open = stage_open,
    .process = out_process,
};

/* The media that the node asks for when it is offered f; ANY where it takes none of it. */
static enum rme_media
asks_for(const struct rme_node_type *type, const void *config, struct rme_format f)
{
	struct rme_format want = f;
	struct rme_format gives = rme_format_of(RME_MEDIA_ANY);
	if (type->formats(type, config, &f, &want, &gives) != RME_OK) {
		return RME_MEDIA_ANY;
	}
	return want.media != RME_MEDIA_ANY ? want.media : f.media;
}

enum rme_media
rmi_json_want(const struct rme_node_type *type, const void *config)
{
	static const enum rme_media others[] = {
	    RME_MEDIA_TEXT, RME_MEDIA_IMAGE_RAW, RME_MEDIA_IMAGE_JPEG, RME_MEDIA_IMAGE_PNG, RME_MEDIA_TENSOR_F32};
	if (type->formats == NULL) {
		return RME_MEDIA_JSON;
	}
	enum rme_media m = asks_for(type, config, rme_format_of(RME_MEDIA_JSON));
	if (m != RME_MEDIA_ANY) {
		return m;
	}
	if (asks_for(type, config, rme_format_audio(RME_SAMPLE_F32LE, 16000, 1)) == RME_MEDIA_AUDIO_PCM) {
		return RME_MEDIA_AUDIO_PCM;
	}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (asks_for(type, config, rme_format_of(others[i])) == others[i]) {
			return others[i];
		}
	}
	return RME_MEDIA_OCTETS;
}
