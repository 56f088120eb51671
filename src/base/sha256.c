#include "base/sha256.h"

#include <string.h>

/* FIPS 180-4, section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t round_constant[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7,
    0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c,
    0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t
rotate_right(uint32_t x, unsigned n)
{
	return (x >> n) | (x << (32 - n));
}

static uint32_t
load_be32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24) | ((uint32_t)p[1] << 16) | ((uint32_t)p[2] << 8) | p[3];
}

static void
store_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* FIPS 180-4, section 6.2.2. */
static void
compress_block(uint32_t state[8], const uint8_t block[64])
{
	uint32_t w[64];
	for (size_t t = 0; t < 16; t++) {
		w[t] = load_be32(block + 4 * t);
	}
	for (size_t t = 16; t < 64; t++) {
		uint32_t s0 = rotate_right(w[t - 15], 7) ^ rotate_right(w[t - 15], 18) ^ (w[t - 15] >> 3);
		uint32_t s1 = rotate_right(w[t - 2], 17) ^ rotate_right(w[t - 2], 19) ^ (w[t - 2] >> 10);
		w[t] = w[t - 16] + s0 + w[t - 7] + s1;
	}
	uint32_t v[8];
	memcpy(v, state, sizeof(v));
	for (size_t t = 0; t < 64; t++) {
		uint32_t s1 = rotate_right(v[4], 6) ^ rotate_right(v[4], 11) ^ rotate_right(v[4], 25);
		uint32_t choose = (v[4] & v[5]) ^ (~v[4] & v[6]);
		uint32_t t1 = v[7] + s1 + choose + round_constant[t] + w[t];
		uint32_t s0 = rotate_right(v[0], 2) ^ rotate_right(v[0], 13) ^ rotate_right(v[0], 22);
		uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
		memmove(v + 1, v, 7 * sizeof(v[0]));
		v[4] += t1;
		v[0] = t1 + s0 + majority;
	}
	for (size_t i = 0; i < 8; i++) {
		state[i] += v[i];
	}
}

void
rmi_sha256_init(struct rmi_sha256 *h)
{
	static const uint32_t start[8] = {
	    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
	memcpy(h->state, start, sizeof(start));
	h->total_bytes = 0;
	h->fill = 0;
}

void
rmi_sha256_update(struct rmi_sha256 *h, const void *data, size_t len)
{
	const uint8_t *p = data;
	h->total_bytes += len;
	while (len > 0) {
		if (h->fill == 0 && len >= sizeof(h->block)) {
			compress_block(h->state, p);
			p += sizeof(h->block);
			len -= sizeof(h->block);
			continue;
		}
		size_t n = sizeof(h->block) - h->fill;
		n = n < len ? n : len;
		memcpy(h->block + h->fill, p, n);
		h->fill += n;
		p += n;
		len -= n;
		if (h->fill == sizeof(h->block)) {
			compress_block(h->state, h->block);
			h->fill = 0;
		}
	}
}

void
rmi_sha256_final(struct rmi_sha256 *h, uint8_t out[RMI_SHA256_BYTES])
{
	uint64_t bits = h->total_bytes * 8;
	h->block[h->fill++] = 0x80;
	if (h->fill > 56) {
		memset(h->block + h->fill, 0, sizeof(h->block) - h->fill);
		compress_block(h->state, h->block);
		h->fill = 0;
	}
	memset(h->block + h->fill, 0, 56 - h->fill);
	store_be32(h->block + 56, (uint32_t)(bits >> 32));
	store_be32(h->block + 60, (uint32_t)bits);
	compress_block(h->state, h->block);
	for (size_t i = 0; i < 8; i++) {
		store_be32(out + 4 * i, h->state[i]);
	}
}

void
rmi_sha256_of(const void *data, size_t len, uint8_t out[RMI_SHA256_BYTES])
{
	struct rmi_sha256 h;
	rmi_sha256_init(&h);
	rmi_sha256_update(&h, data, len);
	rmi_sha256_final(&h, out);
}

void
rmi_sha256_hex(const uint8_t hash[RMI_SHA256_BYTES], char hex[RMI_SHA256_HEX])
{
	static const char digit[] = "0123456789abcdef";
	for (size_t i = 0; i < RMI_SHA256_BYTES; i++) {
		hex[2 * i] = digit[hash[i] >> 4];
		hex[2 * i + 1] = digit[hash[i] & 15];
	}
	hex[2 * RMI_SHA256_BYTES] = '\0';
}
