#ifndef RMI_SERVE_PARAM_LIST_H
#define RMI_SERVE_PARAM_LIST_H

/**
 * @file
 * Parameters as callers send them (a config map of the existing protocol, a JSON object of rme.v1), made into the list
 * that rme_params_bind() takes.
 */

#include <rme/params.h>

#include <yyjson.h>

enum { RMI_PARAM_KEY_MAX = 256 };

struct rmi_param_list {
	yyjson_mut_doc *doc; /**< owns all texts */
	size_t n;
	struct rme_value values[RME_PARAMS_MAX];
};

/** All-zero it first. Release with rmi_param_list_done(), after failure too. */
void rmi_param_list_done(struct rmi_param_list *l);

/**
 * Add one entry of a config map (see literal.h).
 * @return RME_OK, RME_ECONFIG, RME_ELIMIT (too many, too long), RME_EPROTO (not UTF-8), RME_ENOMEM
 */
RME_NODISCARD enum rme_err
rmi_param_list_add(struct rmi_param_list *l, const char *key, const char *text, struct rme_error *err);

/** Add every member of a JSON object; empty text = none. Same returns. */
RME_NODISCARD enum rme_err
rmi_param_list_add_json(struct rmi_param_list *l, const char *json, size_t len, struct rme_error *err);

/** Leave out what the table does not know, as the existing service does. */
void rmi_param_list_keep_known(struct rmi_param_list *l, const struct rme_param *table);

#endif
