//! The detector of fast_vad: the same C (../fast_vad/vad_kernel.c), so the same bits.

use rme_module::Output;

const DETECTOR_BYTES: usize = 131072; // VAD_FFI_BYTES in vad_ffi.c
const REPORT_MAX: usize = 256; // VAD_REPORT_MAX
pub const RATE_HZ: usize = 16000;

/// struct vad_options.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Options {
    pub threshold: f32,
    pub speech_ratio: f32,
    /// Frames of 10 ms that speech goes on after the probability fell.
    pub hold: u32,
    pub low_latency: i32,
}

/// struct vad_summary: what an item held.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct Summary {
    pub frames: u32,
    pub speech_frames: u32,
    pub probability: f32,
    pub last: f32,
    pub energy: f32,
    pub snr_db: f32,
    pub latency_ms: u32,
    pub is_speech: i32,
}

#[repr(C, align(16))]
pub struct Detector([u8; DETECTOR_BYTES]);

extern "C" {
    fn vad_ffi_init(v: *mut Detector, options: *const Options);
    fn vad_ffi_push(v: *mut Detector, pcm: *const i16, n: u32, out: *mut Summary);
    fn vad_ffi_report(s: *const Summary, to: *mut u8, cap: u32) -> u32;
    fn vad_reset(v: *mut Detector);
    fn vad_confidence(s: *const Summary) -> f32;
}

// SAFETY (of all): the C functions touch what they are given and nothing else, as far as the layouts agree, which
// vad_ffi.c asserts.
impl Detector {
    pub const fn new() -> Self {
        Detector([0; DETECTOR_BYTES])
    }

    pub fn init(&mut self, options: &Options) {
        unsafe { vad_ffi_init(self, options) }
    }

    pub fn push(&mut self, pcm: &[i16]) -> Summary {
        let mut summary = Summary::default();
        unsafe { vad_ffi_push(self, pcm.as_ptr(), pcm.len() as u32, &mut summary) }
        summary
    }

    pub fn reset(&mut self) {
        unsafe { vad_reset(self) }
    }
}

impl Summary {
    pub fn confidence(&self) -> f32 {
        unsafe { vad_confidence(self) }
    }

    /// The members of the result object, without the braces.
    pub fn report(&self, out: &mut Output) {
        let mut text = [0u8; REPORT_MAX];
        let n = unsafe { vad_ffi_report(self, text.as_mut_ptr(), REPORT_MAX as u32) };
        out.bytes(&text[..n as usize]);
    }
}
