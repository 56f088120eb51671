#include "wasm/aot_key.h"

#include <cpuid.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

#include "wasm/wasmedge_api.h"

/* Raise it when the meaning of cached files changes. */
static const char format[] = "rme-aot-1";

enum { NOTE_ALIGN = 4 };

static size_t
align_note(size_t n)
{
	return (n + NOTE_ALIGN - 1) & ~(size_t)(NOTE_ALIGN - 1);
}

/* The build id is in a note: name "GNU", type NT_GNU_BUILD_ID. */
static void
hash_build_id(struct rmi_sha256 *h, const uint8_t *notes, size_t len)
{
	while (len >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) note;
		memcpy(&note, notes, sizeof(note));
		size_t name_at = sizeof(note), text_at = name_at + align_note(note.n_namesz);
		size_t next = text_at + align_note(note.n_descsz);
		if (next > len) {
			return;
		}
		if (note.n_type == NT_GNU_BUILD_ID) {
			rmi_sha256_update(h, notes + text_at, note.n_descsz);
		}
		notes += next;
		len -= next;
	}
}

static int
hash_library(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	if (strstr(info->dlpi_name, "libwasmedge.so") == NULL && strstr(info->dlpi_name, "libLLVM") == NULL) {
		return 0;
	}
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		if (p->p_type == PT_NOTE) {
			const uint8_t *notes = (const uint8_t *)(info->dlpi_addr + p->p_vaddr);
			hash_build_id(ctx, notes, p->p_memsz);
		}
	}
	return 0;
}

static void
hash_leaf(struct rmi_sha256 *h, unsigned leaf, unsigned subleaf)
{
	unsigned r[4] = {0};
	(void)__get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3]);
	if (leaf == 1) {
		r[1] = 0; /* number of this very core */
	}
	rmi_sha256_update(h, r, sizeof(r));
}

static void
hash_processor(struct rmi_sha256 *h)
{
	hash_leaf(h, 1, 0);
	hash_leaf(h, 7, 0);
	hash_leaf(h, 7, 1);
	hash_leaf(h, 0x80000001, 0);
}

void
rmi_aot_key(uint8_t out[RMI_SHA256_BYTES], const struct rmi_wasmedge *we, const uint8_t module[RMI_SHA256_BYTES],
    bool interruptible, bool preliminary)
{
	struct rmi_sha256 h;
	rmi_sha256_init(&h);
	rmi_sha256_update(&h, format, sizeof(format));
	rmi_sha256_update(&h, module, RMI_SHA256_BYTES);
	rmi_sha256_update(&h, interruptible ? "i" : "p", 1);
	rmi_sha256_update(&h, "0", preliminary ? 1 : 0);
	rmi_sha256_update(&h, we->VersionGet(), strlen(we->VersionGet()));
	(void)dl_iterate_phdr(hash_library, &h);
	hash_processor(&h);
	rmi_sha256_final(&h, out);
}
