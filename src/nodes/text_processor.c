#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rme/node.h>
#include "nodes/catalog.h"
#include "nodes/json_io.h"
#include "nodes/text_case.h"

/*
 * Answers with the keys of the existing system: original_text, operations, results, processed_by, node_config. What is
 * wrong with the input is a result too (key "error"), not a failed item: its clients look there.
 */

enum { OPERATIONS_MAX = 64, OPERATION_NAME_MAX = 200 };

struct config {
	char *operations; /* JSON list */
};

static const struct rme_param params[] = {
    {.name = "operations",
        .kind = RME_PARAM_JSON,
        .offset = offsetof(struct config, operations),
        .help = "list of operations for input that names none; default [\"uppercase\"]"},
    {.name = NULL},
};

struct processor {
	struct rmi_case_table *cases;
	yyjson_doc *operations; /* of the configuration; NULL = none given */
};

static enum rme_err
processor_open(struct rme_node *self, const void *config)
{
	struct processor *p = rme_node_state(self);
	const struct config *c = config;
	enum rme_err e = rmi_case_table_new(&p->cases);
	if (e != RME_OK) {
		return rme_node_fail(self, e, "no table of letters (C.UTF-8)");
	}
	if (c->operations != NULL) {
		p->operations = yyjson_read(c->operations, strlen(c->operations), YYJSON_READ_NOFLAG);
		if (!yyjson_is_arr(yyjson_doc_get_root(p->operations))) {
			return rme_node_fail(
			    self, RME_ECONFIG, "operations is a list, such as [uppercase, word_count]");
		}
	}
	return RME_OK;
}

static void
processor_close(struct rme_node *self)
{
	struct processor *p = rme_node_state(self);
	rmi_case_table_free(p->cases);
	yyjson_doc_free(p->operations);
}

/* What an operation works on and writes to. */
struct work {
	yyjson_mut_doc *doc;
	const struct rmi_case_table *cases;
	struct rmi_span text;
	char *room; /* rmi_text_room() */
};

static yyjson_mut_val *
to_upper(const struct work *w)
{
	return yyjson_mut_strncpy(w->doc, w->room, rmi_text_case(w->room, w->text, RMI_CASE_UPPER, w->cases));
}

static yyjson_mut_val *
to_lower(const struct work *w)
{
	return yyjson_mut_strncpy(w->doc, w->room, rmi_text_case(w->room, w->text, RMI_CASE_LOWER, w->cases));
}

static yyjson_mut_val *
to_title(const struct work *w)
{
	return yyjson_mut_strncpy(w->doc, w->room, rmi_text_case(w->room, w->text, RMI_CASE_TITLE, w->cases));
}

static yyjson_mut_val *
reverse(const struct work *w)
{
	return yyjson_mut_strncpy(w->doc, w->room, rmi_text_reverse(w->room, w->text));
}

static yyjson_mut_val *
remove_spaces(const struct work *w)
{
	return yyjson_mut_strncpy(w->doc, w->room, rmi_text_without_spaces(w->room, w->text));
}

static yyjson_mut_val *
char_count(const struct work *w)
{
	return yyjson_mut_uint(w->doc, rmi_text_characters(w->text));
}

static yyjson_mut_val *
word_count(const struct work *w)
{
	struct rmi_span first, last;
	return yyjson_mut_uint(w->doc, rmi_text_words(w->text, &first, &last));
}

static yyjson_mut_val *
first_word(const struct work *w)
{
	struct rmi_span first, last;
	(void)rmi_text_words(w->text, &first, &last);
	return yyjson_mut_strncpy(w->doc, first.text, first.len);
}

static yyjson_mut_val *
last_word(const struct work *w)
{
	struct rmi_span first, last;
	(void)rmi_text_words(w->text, &first, &last);
	return yyjson_mut_strncpy(w->doc, last.text, last.len);
}

static const struct {
	const char *name;
	yyjson_mut_val *(*run)(const struct work *w);
} operations[] = {
    {"uppercase", to_upper},
    {"lowercase", to_lower},
    {"reverse", reverse},
    {"word_count", word_count},
    {"char_count", char_count},
    {"title_case", to_title},
    {"remove_spaces", remove_spaces},
    {"first_word", first_word},
    {"last_word", last_word},
};

static void
run_unknown(const struct work *w, const char *name, yyjson_mut_val *results)
{
	char key[OPERATION_NAME_MAX + 32];
	char text[OPERATION_NAME_MAX + 32];
	name = strlen(name) <= OPERATION_NAME_MAX ? name : "(long name)";
	(void)snprintf(key, sizeof(key), "unknown_operation_%s", name);
	(void)snprintf(text, sizeof(text), "Unknown operation: %s", name);
	(void)yyjson_mut_obj_put(results, yyjson_mut_strcpy(w->doc, key), yyjson_mut_strcpy(w->doc, text));
}

static void
run_operation(const struct work *w, const char *name, yyjson_mut_val *results)
{
	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		if (strcmp(operations[i].name, name) == 0) {
			(void)yyjson_mut_obj_put(
			    results, yyjson_mut_str(w->doc, operations[i].name), operations[i].run(w));
			return;
		}
	}
	run_unknown(w, name, results);
}

/* What one item asks for. */
struct request {
	yyjson_val *root;       /* NULL where the input is text/plain */
	struct rmi_span text;   /* text NULL: there is none */
	yyjson_val *operations; /* NULL: the default */
	const char *error;      /* for people; NULL = fine */
};

static struct request
understand(const struct processor *p, const struct rmi_text_in *plain, yyjson_doc *doc)
{
	struct request r = {.operations = yyjson_doc_get_root(p->operations)};
	if (doc == NULL) {
		r.text = (struct rmi_span){plain->text, plain->len};
		return r;
	}
	r.root = yyjson_doc_get_root(doc);
	yyjson_val *text = yyjson_obj_get(r.root, "text");
	yyjson_val *own = yyjson_obj_get(r.root, "operations");
	r.operations = own != NULL ? own : r.operations;
	if (!yyjson_is_obj(r.root)) {
		r.error = "Input must be a dictionary";
	} else if (text == NULL) {
		r.error = "Input must contain 'text' key";
	} else if (!yyjson_is_str(text)) {
		r.error = "'text' must be a string";
	} else if (r.operations != NULL && !yyjson_is_arr(r.operations)) {
		r.error = "'operations' must be a list";
	} else if (yyjson_arr_size(r.operations) > OPERATIONS_MAX) {
		r.error = "'operations' has more than 64 entries";
	} else {
		r.text = (struct rmi_span){yyjson_get_str(text), yyjson_get_len(text)};
	}
	return r;
}

static bool
add_processed_by(struct rme_node *self, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	char by[128];
	(void)snprintf(by, sizeof(by), "TextProcessorNode[%.100s]", rme_node_name(self));
	return yyjson_mut_obj_add_strcpy(doc, root, "processed_by", by);
}

static yyjson_mut_val *
asked_operations(yyjson_mut_doc *doc, const struct request *r)
{
	if (r->operations != NULL) {
		return yyjson_val_mut_copy(doc, r->operations);
	}
	yyjson_mut_val *list = yyjson_mut_arr(doc);
	(void)yyjson_mut_arr_add_str(doc, list, "uppercase");
	return list;
}

/* Every operation's result by its name; NULL where memory ran out. */
static yyjson_mut_val *
run_all(const struct processor *p, const struct request *r, yyjson_mut_val *asked, yyjson_mut_doc *doc)
{
	struct work w = {doc, p->cases, r->text, malloc(rmi_text_room(r->text.len) + 1)};
	yyjson_mut_val *results = yyjson_mut_obj(doc);
	if (w.room == NULL || asked == NULL || results == NULL) {
		free(w.room);
		return NULL;
	}
	yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(asked);
	for (yyjson_mut_val *op = yyjson_mut_arr_iter_next(&it); op != NULL; op = yyjson_mut_arr_iter_next(&it)) {
		run_operation(&w, yyjson_mut_is_str(op) ? yyjson_mut_get_str(op) : "(not a string)", results);
	}
	free(w.room);
	return results;
}

static yyjson_mut_val *
own_config(const struct processor *p, yyjson_mut_doc *doc)
{
	yyjson_mut_val *config = yyjson_mut_obj(doc);
	if (p->operations != NULL) {
		yyjson_mut_val *own = yyjson_val_mut_copy(doc, yyjson_doc_get_root(p->operations));
		(void)yyjson_mut_obj_add_val(doc, config, "operations", own);
	}
	return config;
}

static bool
fill_error(struct rme_node *self, const struct request *r, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	return yyjson_mut_obj_add_str(doc, root, "error", r->error) &&
	       yyjson_mut_obj_add_val(doc, root, "input", yyjson_val_mut_copy(doc, r->root)) &&
	       add_processed_by(self, doc, root);
}

static bool
fill_answer(struct rme_node *self, const struct request *r, yyjson_mut_doc *doc, yyjson_mut_val *root)
{
	const struct processor *p = rme_node_state(self);
	yyjson_mut_val *asked = asked_operations(doc, r);
	yyjson_mut_val *results = run_all(p, r, asked, doc);
	return yyjson_mut_obj_add_strncpy(doc, root, "original_text", r->text.text, r->text.len) &&
	       yyjson_mut_obj_add_val(doc, root, "operations", asked) &&
	       yyjson_mut_obj_add_val(doc, root, "results", results) && add_processed_by(self, doc, root) &&
	       yyjson_mut_obj_add_val(doc, root, "node_config", own_config(p, doc));
}

static enum rme_err
answer(struct rme_node *self, const struct rme_packet *in, const struct request *r)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = doc != NULL ? yyjson_mut_obj(doc) : NULL;
	enum rme_err e = RME_ENOMEM;
	if (root != NULL && (r->error != NULL ? fill_error(self, r, doc, root) : fill_answer(self, r, doc, root))) {
		yyjson_mut_doc_set_root(doc, root);
		e = rmi_json_emit(self, rme_packet_meta(in), doc);
	}
	yyjson_mut_doc_free(doc);
	return e;
}

static enum rme_err
processor_process(struct rme_node *self, struct rme_packet *in)
{
	struct processor *p = rme_node_state(self);
	struct rmi_text_in plain = {0};
	yyjson_doc *doc = NULL;
	enum rme_err e = rme_packet_meta(in)->format.media == RME_MEDIA_JSON ? rmi_json_in(&doc, self, in)
	                                                                     : rmi_text_in(&plain, self, in);
	if (e == RME_OK) {
		struct request r = understand(p, &plain, doc);
		e = answer(self, in, &r);
	}
	yyjson_doc_free(doc);
	rme_packet_unref(in);
	return e;
}

static enum rme_err
processor_formats(const struct rme_node_type *type, const void *config, const struct rme_format *in,
    struct rme_format *want, struct rme_format *gives)
{
	(void)type, (void)config, (void)want;
	*gives = rme_format_of(RME_MEDIA_JSON);
	bool text = in->media == RME_MEDIA_ANY || in->media == RME_MEDIA_TEXT || in->media == RME_MEDIA_JSON;
	return text ? RME_OK : RME_EFORMAT;
}

const struct rme_node_type rmi_text_processor_type = {
    .name = "TextProcessorNode",
    .category = "text",
    .help = "Changes case, counts, reverses and takes words of a text.",
    .state_size = sizeof(struct processor),
    .config_size = sizeof(struct config),
    .params = params,
    .formats = processor_formats,
    .open = processor_open,
    .process = processor_process,
    .close = processor_close,
};
