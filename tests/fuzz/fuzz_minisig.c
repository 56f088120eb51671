/* A signature file, and a key file, of anybody. */

#include <stdlib.h>
#include <string.h>
#include "sign/minisig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rmi_minisig_public key = {.id = {0}};
	const struct rmi_minisig_keys keys = {&key, 1};
	struct rme_error err;
	char *text = malloc(size + 1);
	if (text == NULL || rmi_minisig_init(&err) != RME_OK) {
		abort();
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (rmi_minisig_verify(&keys, text, data, size, &err) == RME_OK) {
		abort(); /* nobody has the key that is all zero */
	}
	(void)!rmi_minisig_read_public(&key, text, &err);
	struct rmi_minisig_secret secret;
	(void)!rmi_minisig_read_secret(&secret, text, NULL, &err);
	free(text);
	return 0;
}
