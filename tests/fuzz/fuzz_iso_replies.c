/*
 * What a guest process may put into its ring: the host's reader must neither read nor write where it should not, whatever
 * head, lengths and positions say. The first byte is a piece length: bytes arrive in such pieces; 0 = the position lies.
 */

#include "wasm/iso_receive.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rmi_ring ring;
	const struct rme_packet_meta item = rme_packet_meta_init();
	struct rmi_ring_end guest = {.ring = &ring};
	struct rmi_iso_receiver r = {
	    .end = {.ring = &ring}, .result_max = 65536, .number = 1, .assets = true, .item = &item};
	const char *what;
	memset(&ring, 0, offsetof(struct rmi_ring, data));
	size_t piece = size > 0 ? data[0] : 1;
	for (size_t at = 1; at < size;) {
		size_t n = piece > 0 && piece < size - at ? piece : size - at;
		at += rmi_ring_write(&guest, data + at, n);
		if (piece == 0) {
			atomic_fetch_add(&ring.head, data[size - 1] * 1024U);
		}
		enum rmi_iso_got got;
		while ((got = rmi_iso_receive(&r, &what)) == RMI_ISO_MESSAGE) {
		}
		if (got == RMI_ISO_VIOLATION) {
			break;
		}
	}
	rmi_iso_receiver_done(&r);
	return 0;
}
