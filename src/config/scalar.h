#ifndef RMI_CONFIG_SCALAR_H
#define RMI_CONFIG_SCALAR_H

/** @file What an unquoted YAML scalar means: the core schema of YAML 1.2.2, section 10.3. */

#include "config/yaml_doc.h"

/** Set kind, number and boolean by node->text. Infinity and NaN stay text. */
void rmi_scalar_type(struct rmi_yaml_node *node);

/** True if the text is a number as RFC 8259 writes it. */
bool rmi_scalar_is_json_number(const char *text);

#endif
