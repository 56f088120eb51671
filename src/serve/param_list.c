#include "serve/param_list.h"

#include "serve/literal.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

void
rmi_param_list_done(struct rmi_param_list *l)
{
	yyjson_mut_doc_free(l->doc);
	l->doc = NULL;
	l->n = 0;
}

static enum rme_err
text_of(struct rmi_param_list *l, yyjson_mut_val *v, const char **out)
{
	size_t n;
	char *text = yyjson_mut_val_write(v, YYJSON_WRITE_ALLOW_INF_AND_NAN, &n);
	yyjson_mut_val *kept = text != NULL ? yyjson_mut_strncpy(l->doc, text, n) : NULL;
	free(text);
	*out = yyjson_mut_get_str(kept);
	return *out != NULL ? RME_OK : RME_ENOMEM;
}

static enum rme_err
value_of(struct rmi_param_list *l, struct rme_value *out, yyjson_mut_val *v, struct rme_error *err)
{
	if (yyjson_mut_is_null(v)) {
		out->kind = RME_VALUE_NULL;
	} else if (yyjson_mut_is_bool(v)) {
		out->kind = RME_VALUE_BOOL;
		out->boolean = yyjson_mut_get_bool(v);
	} else if (yyjson_mut_is_num(v)) {
		out->kind = RME_VALUE_NUMBER;
		out->number = yyjson_mut_get_num(v);
		return text_of(l, v, &out->text);
	} else if (yyjson_mut_is_str(v)) {
		out->kind = RME_VALUE_TEXT;
		out->text = yyjson_mut_get_str(v);
		if (strlen(out->text) != yyjson_mut_get_len(v)) {
			return rme_error_set(err, RME_ECONFIG, NULL, "%s: texts with NUL are not taken", out->key);
		}
	} else {
		out->kind = RME_VALUE_JSON;
		return text_of(l, v, &out->text);
	}
	return RME_OK;
}

static enum rme_err
ready(struct rmi_param_list *l, const char *key, struct rme_error *err)
{
	if (l->doc == NULL && (l->doc = yyjson_mut_doc_new(NULL)) == NULL) {
		return RME_ENOMEM;
	}
	if (l->n == RME_PARAMS_MAX) {
		return rme_error_set(err, RME_ELIMIT, NULL, "more than %d parameters", RME_PARAMS_MAX);
	}
	if (strlen(key) > RMI_PARAM_KEY_MAX || !rmi_utf8_valid(key, strlen(key))) {
		return rme_error_set(err, RME_ECONFIG, NULL, "a parameter's name is too long, or not UTF-8");
	}
	return RME_OK;
}

static enum rme_err
append(struct rmi_param_list *l, const char *key, yyjson_mut_val *v, struct rme_error *err)
{
	struct rme_value value = {.key = yyjson_mut_get_str(yyjson_mut_strcpy(l->doc, key))};
	if (value.key == NULL) {
		return RME_ENOMEM;
	}
	enum rme_err e = value_of(l, &value, v, err);
	if (e == RME_OK) {
		l->values[l->n++] = value;
	}
	return e;
}

enum rme_err
rmi_param_list_add(struct rmi_param_list *l, const char *key, const char *text, struct rme_error *err)
{
	yyjson_mut_val *v = NULL;
	enum rme_err e = ready(l, key, err);
	if (e == RME_OK) {
		e = rmi_literal_read(l->doc, text, strlen(text), &v, err);
	}
	return e == RME_OK ? append(l, key, v, err) : e;
}

enum rme_err
rmi_param_list_add_json(struct rmi_param_list *l, const char *json, size_t len, struct rme_error *err)
{
	size_t i;
	size_t n;
	yyjson_mut_val *key;
	yyjson_mut_val *v;
	yyjson_mut_val *root = NULL;
	if (len == 0) {
		return RME_OK;
	}
	enum rme_err e = ready(l, "", err);
	if (e == RME_OK) {
		e = rmi_literal_read(l->doc, json, len, &root, err);
	}
	if (e != RME_OK) {
		return e;
	}
	if (!yyjson_mut_is_obj(root)) {
		return rme_error_set(err, RME_ECONFIG, NULL, "parameters must be one JSON object");
	}
	yyjson_mut_obj_foreach(root, i, n, key, v)
	{
		e = ready(l, yyjson_mut_get_str(key), err);
		if (e == RME_OK) {
			e = append(l, yyjson_mut_get_str(key), v, err);
		}
		if (e != RME_OK) {
			return e;
		}
	}
	return RME_OK;
}

void
rmi_param_list_keep_known(struct rmi_param_list *l, const struct rme_param *table)
{
	size_t kept = 0;
	for (size_t i = 0; i < l->n; i++) {
		const struct rme_param *p = table;
		while (p != NULL && p->name != NULL && strcmp(p->name, l->values[i].key) != 0) {
			p++;
		}
		if (p != NULL && p->name != NULL) {
			l->values[kept++] = l->values[i];
		}
	}
	l->n = kept;
}
