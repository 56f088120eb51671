/* The detector of fast_vad as src/detector.rs sees it. */

#include "vad_kernel.h"
#include "vad_report.h"

enum { VAD_FFI_BYTES = 131072 }; /* DETECTOR_BYTES in src/detector.rs */
_Static_assert(sizeof(struct vad) <= VAD_FFI_BYTES, "the room that Rust has for the detector");
_Static_assert(
    sizeof(struct vad_summary) == 32 && offsetof(struct vad_summary, is_speech) == 28, "the layout of Summary");

void vad_ffi_init(struct vad *v, const struct vad_options *options);
void vad_ffi_push(struct vad *v, const int16_t *pcm, uint32_t n, struct vad_summary *out);
uint32_t vad_ffi_report(const struct vad_summary *s, uint8_t *to, uint32_t cap);

void
vad_ffi_init(struct vad *v, const struct vad_options *options)
{
	vad_init(v, options);
}

void
vad_ffi_push(struct vad *v, const int16_t *pcm, uint32_t n, struct vad_summary *out)
{
	vad_push(v, pcm, n, out, NULL);
}

/* The members of the result object, without the braces. */
uint32_t
vad_ffi_report(const struct vad_summary *s, uint8_t *to, uint32_t cap)
{
	struct rme_out out = {to, cap, 0, 0};
	vad_report_put(&out, s);
	return out.len;
}
