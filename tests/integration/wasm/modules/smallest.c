/* The least there is: initialize, process, cleanup, malloc, free. Turns every byte around. */
#include <stdint.h>
#include <stdlib.h>

int
initialize(const char *session_id)
{
	return session_id != 0;
}

int
process(const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	if (*result_len < len) {
		*result_len = len;
		return -5;
	}
	for (uint32_t i = 0; i < len; i++) {
		result[i] = data[len - 1 - i];
	}
	*result_len = len;
	return 0;
}

int
cleanup(void)
{
	return 0;
}
