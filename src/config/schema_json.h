#ifndef RMI_CONFIG_SCHEMA_JSON_H
#define RMI_CONFIG_SCHEMA_JSON_H

/**
 * @file
 * The tables of a file printed for others: JSON Schema (draft 2020-12) for editors, Markdown for the reference pages.
 */

#include <stdio.h>

#include "config/schema.h"

struct rme_param;
struct rme_runtime;

/**
 * JSON Schema of a file. @p types, where given, says which nodes there are and what their parameters are.
 * @return text to be freed by the caller; NULL = out of memory
 */
char *rmi_schema_to_json(const struct rmi_schema *root, const struct rme_runtime *types);

/** Tables of all keys, in Markdown. */
void rmi_schema_to_markdown(FILE *out, const struct rmi_schema *root);

/** One parameter's type, default and range for people: "time, default 50ms, 1ms to 60s". */
void rmi_param_text(char *buf, size_t size, const struct rme_param *param);

#endif
