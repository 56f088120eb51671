/*
 * Does with large items what their first byte says:
 *   's'  answers with the sum of all bytes (8 bytes)
 *   't'  touches one byte in 64 KiB and answers with their sum: what it costs to get an item here
 *   'z'  touches one byte in 64 KiB of a result as long as the item, which takes no time
 *   'c'  answers with a copy, each byte one more
 *   'w'  writes to its input, then answers with the sum
 *   'b'  the same by memory.fill
 *   'o'  answers with a copy, and remembers where; 'O' writes there: to a result that it has given away
 *   'n'  answers with a copy, and `next` with another two
 *   'p'  answers with a copy, and has `output_format` want as much room for its few bytes
 *   'r'  has WASI write random bytes into its input, and answers with the sum
 *   'f'  takes memory until there is none, then answers with the sum
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t *given;
static void *volatile taken;
static uint32_t more_len, more_left, format_room;
static const uint8_t *more_data;

int
initialize(const char *session_id)
{
	return session_id != 0;
}

static uint64_t
sum_of(const uint8_t *data, uint32_t len, uint32_t step)
{
	uint64_t sum = 0;
	for (uint32_t i = 0; i < len; i += step) {
		sum += data[i];
	}
	return sum;
}

static int
answer_sum(const uint8_t *data, uint32_t len, uint32_t step, uint8_t *result, uint32_t *result_len)
{
	uint64_t sum = sum_of(data, len, step);
	memcpy(result, &sum, sizeof(sum));
	*result_len = sizeof(sum);
	return 0;
}

static int
answer_length(uint32_t len, uint8_t *result, uint32_t *result_len)
{
	if (*result_len < len) {
		*result_len = len;
		return -5;
	}
	for (uint32_t i = 0; i < len; i += 65536) {
		result[i]++;
	}
	*result_len = len;
	return 0;
}

static int
answer_copy(const uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	if (*result_len < len) {
		*result_len = len;
		return -5;
	}
	for (uint32_t i = 0; i < len; i++) {
		result[i] = (uint8_t)(data[i] + 1);
	}
	*result_len = len;
	given = result;
	return 0;
}

int
process(uint8_t *data, uint32_t len, uint8_t *result, uint32_t *result_len)
{
	more_left = 0;
	switch (len > 0 ? data[0] : 0) {
	case 's':
		return answer_sum(data, len, 1, result, result_len);
	case 't':
		return answer_sum(data, len, 65536, result, result_len);
	case 'z':
		return answer_length(len, result, result_len);
	case 'w':
		data[len / 2] ^= 0x55;
		data[len - 1] ^= 0x55;
		return answer_sum(data, len, 1, result, result_len);
	case 'b':
		memset(data + len / 2, 7, len / 4);
		return answer_sum(data, len, 1, result, result_len);
	case 'r':
		if (getentropy(data + len / 2, 16) != 0) {
			return -1;
		}
		return answer_sum(data, len / 2, 1, result, result_len);
	case 'O':
		given[17] = 1;
		return -1;
	case 'n':
		more_data = data;
		more_len = len;
		more_left = 2;
		return answer_copy(data, len, result, result_len);
	case 'p':
		format_room = len;
		return answer_copy(data, len, result, result_len);
	case 'f':
		do {
			taken = malloc(1 << 16);
		} while (taken != NULL);
		return answer_sum(data, len, 1, result, result_len);
	default:
		return answer_copy(data, len, result, result_len);
	}
}

int
next(uint8_t *result, uint32_t *result_len)
{
	if (more_left == 0) {
		*result_len = 0;
		return 0;
	}
	int status = answer_copy(more_data, more_len, result, result_len);
	if (status == 0) {
		result[0] = (uint8_t)more_left--;
	}
	return status;
}

int
output_format(char *result, uint32_t *result_len)
{
	static const char format[] = "text/plain";
	if (*result_len < format_room) {
		*result_len = format_room;
		return -5;
	}
	*result_len = format_room > 0 ? sizeof(format) - 1 : 0;
	memcpy(result, format, *result_len);
	return 0;
}

int
cleanup(void)
{
	return 0;
}
