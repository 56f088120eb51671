//! The exports of module interface 1 over one static instance, or the table of a native twin (modules/sdk/c/rme_native.h).

use core::ffi::CStr;
use core::mem::MaybeUninit;

use crate::{host, Error, Estimate, Module, Output, Params};

const TOO_SMALL: i32 = -5;

/// An instance in memory that was zeroed: the module is made at the first call.
#[repr(C, align(16))]
pub struct Guest<T> {
    made: bool,
    configured: bool,
    state: MaybeUninit<T>,
}

fn code(r: Result<(), Error>) -> i32 {
    let (code, text) = match r {
        Ok(()) => return 0,
        Err(Error::Failed(text)) => (-1, text),
        Err(Error::Unsupported(text)) => (-2, text),
        Err(Error::BadInput(text)) => (-3, text),
        Err(Error::NotReady(text)) => (-4, text),
    };
    host::fail_text(text);
    code
}

impl<T: Module> Guest<T> {
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Guest { made: false, configured: false, state: MaybeUninit::uninit() }
    }

    fn state(&mut self) -> &mut T {
        if !self.made {
            self.state.write(T::new());
            self.made = true;
        }
        // SAFETY: made above, or before.
        unsafe { self.state.assume_init_mut() }
    }

    /// # Safety
    /// Each pointer has as many bytes as the length after it says; the bytes of an asset stay for good.
    pub unsafe fn asset(&mut self, name: *const u8, name_len: u32, data: *const u8, len: u32) -> i32 {
        let name = core::str::from_utf8(bytes(name, name_len)).unwrap_or("");
        code(self.state().asset(name, bytes(data, len)))
    }

    /// # Safety
    /// As `asset`.
    pub unsafe fn configure(&mut self, json: *const u8, len: u32) -> i32 {
        let r = code(self.state().configure(&Params::new(bytes(json, len))));
        self.configured = r >= 0;
        r
    }

    /// # Safety
    /// `session` is a C string.
    pub unsafe fn initialize(&mut self, session: *const u8) -> i32 {
        if !self.configured {
            let r = self.configure(b"{}".as_ptr(), 2);
            if r < 0 {
                return r;
            }
        }
        let session = CStr::from_ptr(session.cast()).to_str().unwrap_or("");
        let r = code(self.state().initialize(session));
        if r < 0 { r } else { 1 }
    }

    unsafe fn produce(
        &mut self, bound: usize, result: *mut u8, result_len: *mut u32,
        make: impl FnOnce(&mut T, &mut Output) -> Result<(), Error>,
    ) -> i32 {
        let room = *result_len as usize;
        if bound > room {
            *result_len = bound.min(u32::MAX as usize) as u32;
            return TOO_SMALL;
        }
        let mut out = Output::new(core::slice::from_raw_parts_mut(result, room));
        let r = code(make(self.state(), &mut out));
        *result_len = if r >= 0 { out.as_bytes().len() as u32 } else { 0 };
        if out.overflowed() {
            return code(Err(Error::Failed("result longer than the module declared")));
        }
        r
    }

    /// # Safety
    /// As `asset`; `*result_len` is the room at `result`.
    pub unsafe fn process(&mut self, data: *const u8, len: u32, result: *mut u8, result_len: *mut u32) -> i32 {
        if !self.configured {
            return code(Err(Error::NotReady("initialize was not called")));
        }
        let input = bytes(data, len);
        let bound = self.state().result_bound(input.len());
        self.produce(bound, result, result_len, |m, out| m.process(input, out))
    }

    /// # Safety
    /// `*result_len` is the room at `result`.
    pub unsafe fn pull(
        &mut self, result: *mut u8, result_len: *mut u32, make: impl FnOnce(&mut T, &mut Output) -> Result<(), Error>,
    ) -> i32 {
        let bound = self.state().result_bound(0);
        self.produce(bound, result, result_len, make)
    }

    pub fn reset(&mut self) -> i32 {
        self.state().reset();
        0
    }

    pub fn cleanup(&mut self) -> i32 {
        self.state().cleanup();
        0
    }

    pub fn confidence(&mut self) -> f32 {
        self.state().confidence().unwrap_or(f32::NAN)
    }

    /// # Safety
    /// As `asset`; `out` may be written.
    pub unsafe fn estimate(&mut self, data: *const u8, len: u32, out: *mut Estimate) -> i32 {
        *out = self.state().estimate(bytes(data, len));
        0
    }
}

unsafe fn bytes<'a>(data: *const u8, len: u32) -> &'a [u8] {
    if len == 0 { &[] } else { core::slice::from_raw_parts(data, len as usize) }
}

/// struct rme_native_module of modules/sdk/c/rme_native.h.
#[repr(C)]
pub struct NativeModule {
    pub name: *const u8,
    pub size: usize,
    pub configure: unsafe extern "C" fn(*mut u8, *const u8, u32) -> i32,
    pub initialize: unsafe extern "C" fn(*mut u8, *const u8) -> i32,
    pub process: unsafe extern "C" fn(*mut u8, *const u8, u32, *mut u8, *mut u32) -> i32,
    pub reset: unsafe extern "C" fn(*mut u8) -> i32,
    pub cleanup: unsafe extern "C" fn(*mut u8) -> i32,
    pub asset: &'static Option<unsafe extern "C" fn(*mut u8, *const u8, u32, *const u8, u32) -> i32>,
    pub next: &'static Option<unsafe extern "C" fn(*mut u8, *mut u8, *mut u32) -> i32>,
    pub flush: &'static Option<unsafe extern "C" fn(*mut u8, *mut u8, *mut u32) -> i32>,
    pub output_format: &'static Option<unsafe extern "C" fn(*mut u8, *mut u8, *mut u32) -> i32>,
    pub confidence: &'static Option<unsafe extern "C" fn(*mut u8) -> f32>,
    pub estimate: &'static Option<unsafe extern "C" fn(*mut u8, *const u8, u32, *mut Estimate) -> i32>,
}

// SAFETY: nothing in it changes.
unsafe impl Sync for NativeModule {}
