#include "wasm/service_names.h"

#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

static enum rme_err
add_name(struct rmi_service_names *s, const char *name, struct rme_error *err)
{
	if (s->n == RMI_SERVICE_NAMES_MAX) {
		return rme_error_set(err, RME_ECONFIG, NULL, "services: at most %d names", RMI_SERVICE_NAMES_MAX);
	}
	s->names[s->n] = strdup(name);
	if (s->names[s->n] == NULL) {
		return rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	}
	s->n++;
	return RME_OK;
}

static enum rme_err
add_from_json(struct rmi_service_names *s, const char *json, struct rme_error *err)
{
	yyjson_doc *doc = yyjson_read(json, strlen(json), 0);
	yyjson_val *list = yyjson_doc_get_root(doc);
	enum rme_err e = yyjson_is_arr(list)
	                     ? RME_OK
	                     : rme_error_set(err, RME_ECONFIG, NULL, "services: a JSON array of names is wanted");
	size_t i, n;
	yyjson_val *item;
	yyjson_arr_foreach(list, i, n, item)
	{
		if (e == RME_OK) {
			e = yyjson_is_str(item)
			        ? add_name(s, yyjson_get_str(item), err)
			        : rme_error_set(err, RME_ECONFIG, NULL, "services: name %zu is no text", i + 1);
		}
	}
	yyjson_doc_free(doc);
	return e;
}

enum rme_err
rmi_service_names_init(
    struct rmi_service_names *out, const char *json, const char *const *names, size_t n, struct rme_error *err)
{
	struct rmi_service_names s = {.names = calloc(RMI_SERVICE_NAMES_MAX, sizeof(char *))};
	enum rme_err e = s.names != NULL ? RME_OK : rme_error_set(err, RME_ENOMEM, NULL, "out of memory");
	if (e == RME_OK && json != NULL) {
		e = add_from_json(&s, json, err);
	} else {
		for (size_t i = 0; e == RME_OK && i < n; i++) {
			e = add_name(&s, names[i], err);
		}
	}
	if (e != RME_OK) {
		rmi_service_names_done(&s);
		return e;
	}
	*out = s;
	return RME_OK;
}

void
rmi_service_names_done(struct rmi_service_names *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->names[i]);
	}
	free(s->names);
	*s = (struct rmi_service_names){0};
}
