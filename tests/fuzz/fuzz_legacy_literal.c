/* Values of config maps: JSON, Python literals, plain text. Whatever comes of it must be writable as JSON. */
#include "serve/param_list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmi_param_list l = {.n = 0};
	char *text = malloc(size + 1);
	if (text == NULL) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (rmi_param_list_add(&l, "key", text, NULL) == RME_OK && (l.n != 1 || l.values[0].kind > RME_VALUE_JSON)) {
		abort();
	}
	(void)!rmi_param_list_add_json(&l, text, size, NULL);
	rmi_param_list_done(&l);
	free(text);
	return 0;
}
