#include "config/yaml_doc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>
#include <yyjson.h>

#include "base/utf8.h"
#include "config/scalar.h"

#define TOO_DEEP "nested too deeply (an alias inside its own anchor also ends here)"

/* One tree being built from libyaml's document. */
struct build {
	struct rmi_diags *diags;
	const struct rmi_source *source;
	const struct rmi_env *env;
	yaml_document_t *doc;
	size_t nodes; /* made so far */
};

const char *
rmi_yaml_kind_name(enum rmi_yaml_kind kind)
{
	static const char *const names[] = {"nothing", "true or false", "a number", "text", "a list", "a map"};
	return names[kind];
}

const struct rmi_yaml_node *
rmi_yaml_get(const struct rmi_yaml_node *map, const char *key)
{
	for (size_t i = 0; map->kind == RMI_YAML_MAP && i < map->n; i++) {
		if (strcmp(map->pairs[i].key, key) == 0) {
			return map->pairs[i].value;
		}
	}
	return NULL;
}

static struct rmi_mark
mark_of(const struct build *b, const yaml_node_t *n)
{
	unsigned width = 1;
	if (n->start_mark.line == n->end_mark.line && n->end_mark.column > n->start_mark.column) {
		width = (unsigned)(n->end_mark.column - n->start_mark.column);
	}
	return (struct rmi_mark){
	    b->source, (unsigned)n->start_mark.line + 1, (unsigned)n->start_mark.column + 1, width};
}

static const struct rmi_yaml_node *
fail(struct build *b, const struct rmi_mark *mark, const char *text)
{
	rmi_diag_error(b->diags, mark, "%s", text);
	return NULL;
}

static const struct rmi_yaml_node *build_node(struct build *b, const yaml_node_t *from, unsigned depth);

static const struct rmi_yaml_node *
build_scalar(struct build *b, const yaml_node_t *from, struct rmi_yaml_node *to)
{
	const char *text = (const char *)from->data.scalar.value;
	size_t len = from->data.scalar.length;
	if (len > RMI_YAML_SCALAR_MAX) {
		return fail(b, &to->mark, "this text is longer than 64 KiB");
	}
	if (memchr(text, '\0', len) != NULL) {
		return fail(b, &to->mark, "this text holds a NUL character");
	}
	struct rme_error err;
	if (b->env != NULL && rmi_env_expand(&text, &b->diags->arena, b->env, &err) != RME_OK) {
		return fail(b, &to->mark, err.text);
	}
	if (!rmi_utf8_valid(text, strlen(text))) {
		return fail(b, &to->mark, "this text is not UTF-8 once its variables are replaced");
	}
	to->text = rmi_arena_strndup(&b->diags->arena, text, strlen(text));
	if (to->text == NULL) {
		return fail(b, &to->mark, rme_err_text(RME_ENOMEM));
	}
	to->kind = RMI_YAML_TEXT;
	if (from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		rmi_scalar_type(to);
	}
	return to;
}

static const struct rmi_yaml_node *
build_list(struct build *b, const yaml_node_t *from, struct rmi_yaml_node *to, unsigned depth)
{
	const yaml_node_item_t *start = from->data.sequence.items.start;
	size_t n = (size_t)(from->data.sequence.items.top - start);
	const struct rmi_yaml_node **items = rmi_arena_calloc(&b->diags->arena, n, sizeof(*items));
	if (items == NULL) {
		return fail(b, &to->mark, rme_err_text(RME_ENOMEM));
	}
	to->kind = RMI_YAML_LIST;
	to->items = items;
	for (size_t i = 0; i < n; i++) {
		items[i] = build_node(b, yaml_document_get_node(b->doc, start[i]), depth + 1);
		if (items[i] == NULL) {
			return NULL;
		}
		to->n++;
	}
	return to;
}

/* A key is a scalar that comes once. */
static const char *
build_key(struct build *b, const yaml_node_t *key, const struct rmi_yaml_node *map, const struct rmi_mark *mark)
{
	if (key->type != YAML_SCALAR_NODE || memchr(key->data.scalar.value, '\0', key->data.scalar.length) != NULL) {
		(void)fail(b, mark, "a key must be plain text");
		return NULL;
	}
	const char *text = (const char *)key->data.scalar.value;
	if (strcmp(text, "<<") == 0 && key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
		(void)fail(b, mark, "merge keys (<<) are not supported");
		rmi_diag_hint(b->diags, "use an alias for the whole value, or write the keys out");
		return NULL;
	}
	for (size_t i = 0; i < map->n; i++) {
		if (strcmp(map->pairs[i].key, text) == 0) {
			rmi_diag_error(b->diags, mark, "key '%s' is there twice (first in line %u)", text,
			    map->pairs[i].mark.line);
			return NULL;
		}
	}
	const char *copy = rmi_arena_strndup(&b->diags->arena, text, key->data.scalar.length);
	if (copy == NULL) {
		(void)fail(b, mark, rme_err_text(RME_ENOMEM));
	}
	return copy;
}

static const struct rmi_yaml_node *
build_map(struct build *b, const yaml_node_t *from, struct rmi_yaml_node *to, unsigned depth)
{
	const yaml_node_pair_t *start = from->data.mapping.pairs.start;
	size_t n = (size_t)(from->data.mapping.pairs.top - start);
	struct rmi_yaml_pair *pairs =
	    n <= RMI_YAML_KEYS_MAX ? rmi_arena_calloc(&b->diags->arena, n, sizeof(*pairs)) : NULL;
	if (pairs == NULL) {
		return fail(b, &to->mark, n > RMI_YAML_KEYS_MAX ? "too many keys" : rme_err_text(RME_ENOMEM));
	}
	to->kind = RMI_YAML_MAP;
	to->pairs = pairs;
	for (size_t i = 0; i < n; i++) {
		const yaml_node_t *key = yaml_document_get_node(b->doc, start[i].key);
		pairs[i].mark = mark_of(b, key);
		pairs[i].key = build_key(b, key, to, &pairs[i].mark);
		if (pairs[i].key == NULL) {
			return NULL;
		}
		pairs[i].value = build_node(b, yaml_document_get_node(b->doc, start[i].value), depth + 1);
		if (pairs[i].value == NULL) {
			return NULL;
		}
		to->n++;
	}
	return to;
}

static bool
has_default_tag(const yaml_node_t *n)
{
	static const char *const tags[] = {
	    [YAML_SCALAR_NODE] = YAML_DEFAULT_SCALAR_TAG,
	    [YAML_SEQUENCE_NODE] = YAML_DEFAULT_SEQUENCE_TAG,
	    [YAML_MAPPING_NODE] = YAML_DEFAULT_MAPPING_TAG,
	};
	return n->tag == NULL || strcmp((const char *)n->tag, tags[n->type]) == 0;
}

static const struct rmi_yaml_node *
build_node(struct build *b, const yaml_node_t *from, unsigned depth)
{
	struct rmi_mark mark = mark_of(b, from);
	if (depth > RMI_YAML_DEPTH_MAX) {
		return fail(b, &mark, TOO_DEEP);
	}
	if (++b->nodes > RMI_YAML_NODES_MAX) {
		return fail(b, &mark, "the file says more than 20000 values, aliases followed");
	}
	if (!has_default_tag(from)) {
		return fail(b, &mark, "tags (!) are not supported");
	}
	struct rmi_yaml_node *to = rmi_arena_calloc(&b->diags->arena, 1, sizeof(*to));
	if (to == NULL) {
		return fail(b, &mark, rme_err_text(RME_ENOMEM));
	}
	to->mark = mark;
	switch (from->type) {
	case YAML_SCALAR_NODE:
		return build_scalar(b, from, to);
	case YAML_SEQUENCE_NODE:
		return build_list(b, from, to, depth);
	case YAML_MAPPING_NODE:
		return build_map(b, from, to, depth);
	case YAML_NO_NODE:
		break;
	}
	return fail(b, &mark, "unknown kind of value");
}

/* Errors in the encoding come with a byte offset, all others with a place. */
static struct rmi_mark
mark_at_offset(const struct rmi_source *source, size_t offset)
{
	struct rmi_mark m = {source, 1, 1, 1};
	for (size_t i = 0; i < offset && i < source->len; i++) {
		if (source->text[i] == '\n') {
			m.line++;
			m.column = 1;
		} else if (((unsigned char)source->text[i] & 0xc0) != 0x80) {
			m.column++;
		}
	}
	return m;
}

static bool
line_holds(const struct rmi_source *source, unsigned line, const char *what)
{
	const char *p = source->text, *end = source->text + source->len;
	while (p != NULL && --line > 0) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p != NULL ? p + 1 : NULL;
	}
	const char *stop = p != NULL ? memchr(p, '\n', (size_t)(end - p)) : NULL;
	return p != NULL && memmem(p, (size_t)((stop != NULL ? stop : end) - p), what, strlen(what)) != NULL;
}

static void
report_syntax(struct build *b, const yaml_parser_t *p)
{
	const char *problem = p->problem != NULL ? p->problem : "not YAML";
	if (p->error == YAML_READER_ERROR) {
		struct rmi_mark m = mark_at_offset(b->source, p->problem_offset);
		rmi_diag_error(b->diags, &m, "%s", problem);
		return;
	}
	struct rmi_mark m = {b->source, (unsigned)p->problem_mark.line + 1, (unsigned)p->problem_mark.column + 1, 1};
	if (p->error == YAML_MEMORY_ERROR) {
		m.line = 0;
		problem = rme_err_text(RME_ENOMEM);
	}
	if (p->context != NULL) {
		rmi_diag_error(
		    b->diags, &m, "%s, %s that starts in line %zu", problem, p->context, p->context_mark.line + 1);
	} else {
		rmi_diag_error(b->diags, &m, "%s", problem);
	}
	if (strncmp(problem, "found character that cannot start any token", 43) == 0) {
		rmi_diag_hint(b->diags, "indent with blanks, not with tabs; quote text that starts with @ or `");
	} else if (line_holds(b->source, m.line, "${")) {
		rmi_diag_hint(b->diags, "inside { } and [ ], a value with ${NAME} needs quotes");
	}
}

static const struct rmi_yaml_node *
build_document(struct build *b, yaml_document_t *doc)
{
	const yaml_node_t *root = yaml_document_get_root_node(doc);
	if (root == NULL) {
		struct rmi_mark whole = {b->source, 0, 0, 1};
		return fail(b, &whole, "the file is empty");
	}
	b->doc = doc;
	return build_node(b, root, 0);
}

/* One document and no more. */
static const struct rmi_yaml_node *
parse_documents(struct build *b, yaml_parser_t *parser)
{
	yaml_document_t doc;
	if (!yaml_parser_load(parser, &doc)) {
		report_syntax(b, parser);
		return NULL;
	}
	const struct rmi_yaml_node *root = build_document(b, &doc);
	yaml_document_delete(&doc);
	if (root == NULL) {
		return NULL;
	}
	if (!yaml_parser_load(parser, &doc)) {
		report_syntax(b, parser);
		return NULL;
	}
	const yaml_node_t *second = yaml_document_get_root_node(&doc);
	if (second != NULL) {
		struct rmi_mark m = mark_of(b, second);
		root = fail(b, &m, "a second document starts here; a file holds one");
	}
	yaml_document_delete(&doc);
	return root;
}

static bool
start_parser(yaml_parser_t *parser, const struct rmi_source *source)
{
	if (!yaml_parser_initialize(parser)) {
		return false;
	}
	size_t mark_bytes = source->len >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    parser, (const unsigned char *)source->text + mark_bytes, source->len - mark_bytes);
	return true;
}

static int
depth_change(yaml_event_type_t type)
{
	bool opens = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
	bool closes = type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
	return opens ? 1 : closes ? -1 : 0;
}

/*
 * The library's time for a value grows with the depth it is at, so 1 MiB of brackets would take it hours. Event by event it
 * reads little ahead, and can be stopped. Mistakes of syntax are left to the reading proper.
 */
static bool
check_depth(struct build *b, yaml_parser_t *parser)
{
	yaml_event_t event = {0};
	int depth = 0;
	while (depth <= RMI_YAML_DEPTH_MAX + 1 && yaml_parser_parse(parser, &event)) {
		struct rmi_mark m = {
		    b->source, (unsigned)event.start_mark.line + 1, (unsigned)event.start_mark.column + 1, 1};
		yaml_event_type_t type = event.type;
		yaml_event_delete(&event);
		if (type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT) {
			return true;
		}
		depth += depth_change(type);
		if (depth > RMI_YAML_DEPTH_MAX + 1) {
			(void)fail(b, &m, TOO_DEEP);
		}
	}
	return depth <= RMI_YAML_DEPTH_MAX + 1;
}

static const struct rmi_yaml_node *
parse_source(struct rmi_diags *diags, const struct rmi_source *source, const struct rmi_env *env)
{
	struct build b = {.diags = diags, .source = source, .env = env};
	struct rmi_mark whole = {source, 0, 0, 1};
	if (source->len > RMI_YAML_BYTES_MAX) {
		return fail(&b, &whole, "the file is larger than 1 MiB");
	}
	yaml_parser_t parser;
	if (!start_parser(&parser, source)) {
		return fail(&b, &whole, rme_err_text(RME_ENOMEM));
	}
	bool shallow = check_depth(&b, &parser);
	yaml_parser_delete(&parser);
	if (!shallow) {
		return NULL;
	}
	if (!start_parser(&parser, source)) {
		return fail(&b, &whole, rme_err_text(RME_ENOMEM));
	}
	const struct rmi_yaml_node *root = parse_documents(&b, &parser);
	yaml_parser_delete(&parser);
	return root;
}

/* A source in the arena, with room for @p len bytes of text. */
static struct rmi_source *
new_source(struct rmi_diags *diags, const char *name)
{
	struct rmi_source *s = rmi_arena_calloc(&diags->arena, 1, sizeof(*s));
	if (s == NULL) {
		return NULL;
	}
	s->name = rmi_arena_strndup(&diags->arena, name, strlen(name));
	s->text = "";
	return s->name != NULL ? s : NULL;
}

/* There is no memory for more than to say so. */
static const struct rmi_yaml_node *
out_of_memory(struct rmi_diags *diags, const struct rmi_source *s)
{
	static const struct rmi_source unnamed = {.name = "configuration", .text = ""};
	rmi_diag_error(diags, &(struct rmi_mark){.source = s != NULL ? s : &unnamed}, "%s", rme_err_text(RME_ENOMEM));
	return NULL;
}

const struct rmi_yaml_node *
rmi_yaml_parse(struct rmi_diags *diags, const struct rmi_source *source, const struct rmi_env *env)
{
	struct rmi_source *s = new_source(diags, source->name);
	const char *text = s != NULL ? rmi_arena_strndup(&diags->arena, source->text, source->len) : NULL;
	if (text == NULL) {
		return out_of_memory(diags, s);
	}
	s->text = text;
	s->len = source->len;
	return parse_source(diags, s, env);
}

/* @return bytes read, at most RMI_YAML_BYTES_MAX + 1; SIZE_MAX after an error (errno) */
static size_t
read_whole(const char *path, char *buf)
{
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "rbe");
	if (f == NULL) {
		return SIZE_MAX;
	}
	size_t n = fread(buf, 1, RMI_YAML_BYTES_MAX + 1, f);
	int error = errno;
	n = ferror(f) ? SIZE_MAX : n;
	if (!is_stdin) {
		(void)fclose(f);
	}
	errno = error;
	return n;
}

const struct rmi_yaml_node *
rmi_yaml_load(struct rmi_diags *diags, const char *path, const struct rmi_env *env)
{
	struct rmi_source *s = new_source(diags, strcmp(path, "-") == 0 ? "<stdin>" : path);
	char *buf = s != NULL ? malloc(RMI_YAML_BYTES_MAX + 1) : NULL;
	if (buf == NULL) {
		return out_of_memory(diags, s);
	}
	size_t len = read_whole(path, buf);
	if (len == SIZE_MAX) {
		rmi_diag_error(diags, &(struct rmi_mark){.source = s}, "cannot be read: %s", strerror(errno));
		free(buf);
		return NULL;
	}
	const char *text = rmi_arena_strndup(&diags->arena, buf, len);
	free(buf);
	if (text == NULL) {
		return out_of_memory(diags, s);
	}
	s->text = text;
	s->len = len;
	return parse_source(diags, s, env);
}

static yyjson_mut_val *
json_value(yyjson_mut_doc *doc, const struct rmi_yaml_node *node)
{
	switch (node->kind) {
	case RMI_YAML_NULL:
		return yyjson_mut_null(doc);
	case RMI_YAML_BOOL:
		return yyjson_mut_bool(doc, node->boolean);
	case RMI_YAML_NUMBER:
		return rmi_scalar_is_json_number(node->text) ? yyjson_mut_raw(doc, node->text)
		                                             : yyjson_mut_real(doc, node->number);
	case RMI_YAML_TEXT:
		return yyjson_mut_str(doc, node->text);
	case RMI_YAML_LIST: {
		yyjson_mut_val *list = yyjson_mut_arr(doc);
		for (size_t i = 0; i < node->n; i++) {
			(void)yyjson_mut_arr_append(list, json_value(doc, node->items[i]));
		}
		return list;
	}
	case RMI_YAML_MAP: {
		yyjson_mut_val *map = yyjson_mut_obj(doc);
		for (size_t i = 0; i < node->n; i++) {
			(void)yyjson_mut_obj_add(
			    map, yyjson_mut_str(doc, node->pairs[i].key), json_value(doc, node->pairs[i].value));
		}
		return map;
	}
	}
	return NULL;
}

const char *
rmi_yaml_path_text(struct rmi_arena *arena, const struct rmi_yaml_node *v)
{
	const char *file = v->mark.source->name, *slash = strrchr(file, '/');
	if (v->text[0] == '/' || v->text[0] == '\0' || v->text[0] == '#' || slash == NULL ||
	    strchr(v->text, '\n') != NULL) {
		return v->text;
	}
	return rmi_arena_printf(arena, "%.*s/%s", (int)(slash - file), file, v->text);
}

const char *
rmi_yaml_to_json(struct rmi_arena *arena, const struct rmi_yaml_node *node)
{
	yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	if (doc == NULL) {
		return NULL;
	}
	yyjson_mut_doc_set_root(doc, json_value(doc, node));
	size_t len;
	char *json = yyjson_mut_write(doc, 0, &len);
	const char *copy = json != NULL ? rmi_arena_strndup(arena, json, len) : NULL;
	free(json);
	yyjson_mut_doc_free(doc);
	return copy;
}
