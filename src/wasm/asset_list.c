#include "wasm/asset_list.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

struct asset {
	const struct rme_module_param *param;
	char *path;
};

struct rmi_asset_list {
	size_t n;
	struct asset assets[];
};

static enum rme_err
out_of_memory(struct rme_error *err)
{
	return rme_error_set(err, RME_ENOMEM, NULL, "%s", rme_err_text(RME_ENOMEM));
}

bool
rmi_asset_list_wanted(const struct rme_module_entry *entry)
{
	for (size_t i = 0; entry != NULL && i < entry->n_params; i++) {
		if (entry->params[i].type == RME_MODULE_PARAM_ASSET) {
			return true;
		}
	}
	return false;
}

/* One parameter: its path goes to the list, and true or false stays in the object. */
static enum rme_err
take_one(struct rmi_asset_list *list, yyjson_mut_doc *doc, const struct rme_module_param *p, struct rme_error *err)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc), *v = yyjson_mut_obj_get(root, p->name);
	if (v != NULL && !yyjson_mut_is_str(v)) {
		return rme_error_set(err, RME_ECONFIG, NULL, "parameter '%s' takes the name of a file", p->name);
	}
	const char *path = v != NULL ? yyjson_mut_get_str(v) : "";
	bool given = path[0] != '\0';
	if (given) {
		char *copy = strdup(path);
		if (copy == NULL) {
			return out_of_memory(err);
		}
		list->assets[list->n++] = (struct asset){p, copy};
	}
	yyjson_mut_val *key = yyjson_mut_str(doc, p->name), *flag = yyjson_mut_bool(doc, given);
	return key != NULL && flag != NULL && yyjson_mut_obj_put(root, key, flag) ? RME_OK : out_of_memory(err);
}

static enum rme_err
take_all(struct rmi_asset_list *list, yyjson_mut_doc *doc, const struct rme_module_entry *entry, struct rme_error *err)
{
	if (!yyjson_mut_is_obj(yyjson_mut_doc_get_root(doc))) {
		return rme_error_set(err, RME_ECONFIG, NULL, "params must be a JSON object");
	}
	enum rme_err e = RME_OK;
	for (size_t i = 0; e == RME_OK && i < entry->n_params; i++) {
		if (entry->params[i].type == RME_MODULE_PARAM_ASSET) {
			e = take_one(list, doc, &entry->params[i], err);
		}
	}
	return e;
}

enum rme_err
rmi_asset_list_take(struct rmi_asset_list **out, char **params, const struct rme_module_entry *entry, const char *json,
    struct rme_error *err)
{
	json = json != NULL ? json : "{}";
	if (!rmi_asset_list_wanted(entry)) {
		*out = NULL;
		*params = strdup(json);
		return *params != NULL ? RME_OK : out_of_memory(err);
	}
	struct rmi_asset_list *list = calloc(1, sizeof(*list) + entry->n_params * sizeof(list->assets[0]));
	yyjson_doc *given = yyjson_read(json, strlen(json), 0);
	yyjson_mut_doc *doc = given != NULL ? yyjson_doc_mut_copy(given, NULL) : NULL;
	enum rme_err e = list != NULL && doc != NULL
	                     ? take_all(list, doc, entry, err)
	                     : rme_error_set(err, RME_ECONFIG, NULL, "params must be a JSON object");
	char *text = e == RME_OK ? yyjson_mut_write(doc, 0, NULL) : NULL;
	yyjson_mut_doc_free(doc);
	yyjson_doc_free(given);
	if (text == NULL) {
		rmi_asset_list_free(list);
		return e != RME_OK ? e : out_of_memory(err);
	}
	*out = list;
	*params = text;
	return RME_OK;
}

static enum rme_err
list_give(void *ctx, const struct rmi_asset_sink *sink, struct rme_error *err)
{
	const struct rmi_asset_list *list = ctx;
	enum rme_err e = RME_OK;
	for (size_t i = 0; e == RME_OK && i < list->n; i++) {
		e = rmi_asset_read(list->assets[i].param, list->assets[i].path, sink, err);
	}
	return e;
}

struct rmi_asset_source
rmi_asset_list_source(struct rmi_asset_list *list)
{
	return (struct rmi_asset_source){.give = list != NULL ? list_give : NULL, .ctx = list};
}

enum rme_err
rmi_asset_give(const struct rmi_asset_source *source, const struct rmi_asset_sink *sink, struct rme_error *err)
{
	return source->give != NULL ? source->give(source->ctx, sink, err) : RME_OK;
}

void
rmi_asset_list_free(struct rmi_asset_list *list)
{
	for (size_t i = 0; list != NULL && i < list->n; i++) {
		free(list->assets[i].path);
	}
	free(list);
}
