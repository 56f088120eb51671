/*
 * What compilers call without being asked, for modules that link no libc: Rust, and wasm32-unknown-unknown. What a
 * module does not need, the linker leaves out.
 */

#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* One instruction each, with bulk memory. */
void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
	return __builtin_memcpy(to, from, n);
}

void *
memmove(void *to, const void *from, size_t n)
{
	return __builtin_memmove(to, from, n);
}

void *
memset(void *to, int byte, size_t n)
{
	return __builtin_memset(to, byte, n);
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;
	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i]) {
			return x[i] - y[i];
		}
	}
	return 0;
}

size_t
strlen(const char *s)
{
	size_t n = 0;
	while (s[n] != '\0') {
		n++;
	}
	return n;
}
