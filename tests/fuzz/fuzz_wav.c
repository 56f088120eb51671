#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
#include "nodes/audio_reader.h"

enum { PACKETS_MAX = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An audio file, whatever its header says: read strictly and leniently, packet by packet. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int lenient = 0; lenient < 2; lenient++) {
		int fd = memfd_create("wav", MFD_CLOEXEC);
		if (fd < 0 || (size > 0 && pwrite(fd, data, size, 0) != (ssize_t)size)) {
			return 0;
		}
		const struct rmi_audio_reader_config config = {.allow_truncated = lenient != 0};
		struct rmi_audio_reader *r = NULL;
		struct rme_error err;
		if (rmi_audio_reader_open_fd(&r, fd, "fuzz", &config, &err) != RME_OK) {
			continue;
		}
		struct rme_packet *p = NULL;
		for (int i = 0; i < PACKETS_MAX && rmi_audio_reader_next(r, &p, &err) == RME_OK; i++) {
			rme_packet_unref(p);
		}
		rmi_audio_reader_close(r);
	}
	return 0;
}
