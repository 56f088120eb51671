#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "nodes/fsg.h"
#include "nodes/speech_grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	if (text == NULL || size > RMI_GRAMMAR_BYTES_MAX) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	struct rme_error err;
	struct rmi_fsg fsg;
	(void)!rmi_grammar_check(text, &err);
	(void)!rmi_fsg_read(&fsg, text, &err);
	rmi_fsg_done(&fsg);
	free(text);
	return 0;
}
