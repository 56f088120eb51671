#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/sha256.h"

static void
assert_hash(const void *data, size_t len, const char *hex)
{
	uint8_t hash[RMI_SHA256_BYTES];
	char text[RMI_SHA256_HEX];
	rmi_sha256_of(data, len, hash);
	rmi_sha256_hex(hash, text);
	assert_string_equal(text, hex);
}

/* NIST: FIPS 180-4 examples and the SHA test vectors for hashing byte-oriented messages. */
static void
nist_vectors(void **state)
{
	(void)state;
	assert_hash("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_hash("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	assert_hash(
	    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrs"
	    "tnopqrstu",
	    112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
	assert_hash("\xbd", 1, "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b");
}

static void
a_million_times_a(void **state)
{
	(void)state;
	char *a = malloc(1000000);
	assert_non_null(a);
	memset(a, 'a', 1000000);
	assert_hash(a, 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(a);
}

static void
pieces_of_any_length_give_the_same(void **state)
{
	(void)state;
	uint8_t data[300];
	for (size_t i = 0; i < sizeof(data); i++) {
		data[i] = (uint8_t)(i * 7);
	}
	for (size_t len = 0; len <= sizeof(data); len += 13) {
		uint8_t whole[RMI_SHA256_BYTES];
		rmi_sha256_of(data, len, whole);
		for (size_t step = 1; step < 140; step += 9) {
			struct rmi_sha256 h;
			uint8_t pieces[RMI_SHA256_BYTES];
			rmi_sha256_init(&h);
			for (size_t at = 0; at < len; at += step) {
				rmi_sha256_update(&h, data + at, len - at < step ? len - at : step);
			}
			rmi_sha256_final(&h, pieces);
			assert_memory_equal(pieces, whole, sizeof(whole));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nist_vectors),
	    cmocka_unit_test(a_million_times_a),
	    cmocka_unit_test(pieces_of_any_length_give_the_same),
	};
	return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
