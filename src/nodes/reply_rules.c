#include <stdlib.h>
#include <string.h>
#include <rme/node.h>
#include "nodes/catalog.h"
#include "nodes/json_io.h"
#include "nodes/reply_match.h"

enum { RULES_MAX = 1024 };

struct config {
	char *rules; /* JSON */
	char *fallback, *empty;
};

static const struct rme_param params[] = {
    {.name = "rules",
        .kind = RME_PARAM_JSON,
        .offset = offsetof(struct config, rules),
        .help = "list of {when: pattern, say: reply}; the first that fits counts"},
    {.name = "default",
        .kind = RME_PARAM_TEXT,
        .offset = offsetof(struct config, fallback),
        .fallback = "I heard: {text}",
        .help = "reply where no rule fits; empty = none"},
    {.name = "empty",
        .kind = RME_PARAM_TEXT,
        .offset = offsetof(struct config, empty),
        .help = "reply to a text without words; empty = none"},
    {.name = NULL},
};

struct replier {
	const struct config *config;
	yyjson_doc *rules;
	struct rmi_reply_words words; /* of the item at hand */
};

static enum rme_err
check_rule(struct rme_node *self, yyjson_val *rule, size_t number)
{
	yyjson_val *when = yyjson_obj_get(rule, "when");
	yyjson_val *say = yyjson_obj_get(rule, "say");
	if (!yyjson_is_str(when) || !yyjson_is_str(say) || yyjson_obj_size(rule) != 2) {
		return rme_node_fail(self, RME_ECONFIG, "rule %zu: a rule is {when: pattern, say: reply}", number);
	}
	struct rme_error err = {.code = RME_OK};
	enum rme_err e = rmi_reply_check(yyjson_get_str(when), &err);
	return e == RME_OK ? RME_OK : rme_node_fail(self, e, "rule %zu: %s", number, err.text);
}

static enum rme_err
replier_open(struct rme_node *self, const void *config)
{
	struct replier *r = rme_node_state(self);
	r->config = config;
	if (r->config->rules == NULL) {
		return RME_OK;
	}
	r->rules = yyjson_read(r->config->rules, strlen(r->config->rules), YYJSON_READ_NOFLAG);
	yyjson_val *list = yyjson_doc_get_root(r->rules);
	if (!yyjson_is_arr(list)) {
		return rme_node_fail(self, RME_ECONFIG, "rules is a list of {when: pattern, say: reply}");
	}
	if (yyjson_arr_size(list) > RULES_MAX) {
		return rme_node_fail(self, RME_ELIMIT, "more than %d rules", RULES_MAX);
	}
	yyjson_arr_iter it = yyjson_arr_iter_with(list);
	size_t number = 0;
	for (yyjson_val *rule = yyjson_arr_iter_next(&it); rule != NULL; rule = yyjson_arr_iter_next(&it)) {
		enum rme_err e = check_rule(self, rule, ++number);
		if (e != RME_OK) {
			return e;
		}
	}
	return RME_OK;
}

static void
replier_close(struct rme_node *self)
{
	struct replier *r = rme_node_state(self);
	yyjson_doc_free(r->rules);
}

/* The reply's pattern for the words at hand. */
static const char *
choose(const struct replier *r, struct rmi_reply_caught *caught)
{
	caught->n = 0;
	if (r->words.n == 0) {
		return r->config->empty;
	}
	yyjson_arr_iter it = yyjson_arr_iter_with(yyjson_doc_get_root(r->rules));
	for (yyjson_val *rule = yyjson_arr_iter_next(&it); rule != NULL; rule = yyjson_arr_iter_next(&it)) {
		if (rmi_reply_match(yyjson_get_str(yyjson_obj_get(rule, "when")), &r->words, caught)) {
			return yyjson_get_str(yyjson_obj_get(rule, "say"));
		}
	}
	return r->config->fallback;
}

static enum rme_err
reply(struct rme_node *self, const struct rme_packet *in)
{
	struct replier *r = rme_node_state(self);
	struct rmi_reply_caught caught;
	const char *pattern = choose(r, &caught);
	if (pattern == NULL || pattern[0] == '\0') {
		return RME_OK;
	}
	char *text = NULL;
	enum rme_err e = rmi_reply_fill(&text, pattern, &r->words, &caught);
	if (e != RME_OK) {
		return rme_node_fail(
		    self, e, "the reply is longer than %d bytes, or memory ran out", RMI_REPLY_BYTES_MAX);
	}
	e = rmi_text_emit(self, rme_packet_meta(in), text, strlen(text));
	free(text);
	return e;
}

static enum rme_err
replier_process(struct rme_node *self, struct rme_packet *in)
{
	struct replier *r = rme_node_state(self);
	struct rmi_text_in text = {0};
	enum rme_err e = rmi_text_in(&text, self, in);
	if (e == RME_OK) {
		rmi_reply_words(&r->words, text.text, text.len);
		e = reply(self, in);
	}
	rmi_text_in_done(&text);
	rme_packet_unref(in);
	return e;
}

static enum rme_err
replier_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type, (void)config, (void)want;
	*gives = rme_format_of(RME_MEDIA_TEXT);
	bool text = in->media == RME_MEDIA_ANY || in->media == RME_MEDIA_TEXT || in->media == RME_MEDIA_JSON;
	return text ? RME_OK : RME_EFORMAT;
}

const struct rme_node_type rmi_reply_rules_type = {
    .name = "ReplyRules",
    .category = "text",
    .help = "Answers a text by rules: the first pattern that fits.",
    .state_size = sizeof(struct replier),
    .config_size = sizeof(struct config),
    .params = params,
    .formats = replier_formats,
    .open = replier_open,
    .process = replier_process,
    .close = replier_close,
};
