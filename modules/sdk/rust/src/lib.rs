//! Write a RemoteMedia Edge module in Rust: implement [`Module`] for a struct and name it in [`export!`].
//! Needs neither `std` nor any other crate; `alloc` (with `Vec`, `String`) works, since the crate brings an allocator.
//!
//! ```ignore
//! #![no_std]
//! use rme_module::{export, Error, Module, Output, Params};
//!
//! pub struct Gain {
//!     factor: f32,
//! }
//!
//! impl Module for Gain {
//!     fn new() -> Self {
//!         Gain { factor: 1.0 }
//!     }
//!     fn configure(&mut self, params: &Params) -> Result<(), Error> {
//!         self.factor = params.number("factor", 1.0, 0.0, 100.0, "factor: a number from 0 to 100 is wanted")? as f32;
//!         Ok(())
//!     }
//!     fn result_bound(&self, input: usize) -> usize {
//!         input
//!     }
//!     fn process(&mut self, input: &[u8], out: &mut Output) -> Result<(), Error> {
//!         for sample in rme_module::samples_s16(input)? {
//!             out.sample_s16(sample as f32 * self.factor);
//!         }
//!         Ok(())
//!     }
//! }
//!
//! export!(Gain);
//! ```
//!
//! The interface behind it is docs/reference/module-abi.md.
#![no_std]

mod export;
#[cfg(target_arch = "wasm32")]
mod heap;
mod host;
mod io;
mod json;
mod macros;

pub use export::{Guest, NativeModule};
#[cfg(target_arch = "wasm32")]
pub use heap::{buffer_alloc, buffer_free};
pub use host::{log, now_ns, remote_call, stream_to_remote, Level, RemoteError};
pub use io::{samples_f32, samples_s16, Output};
pub use json::{Json, Params};

/// Why an item, or the start of the module, failed. The text is for people: what is wrong, and what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    Failed(&'static str),
    Unsupported(&'static str),
    BadInput(&'static str),
    NotReady(&'static str),
}

/// How much an item would cost (in the units of the registry's cost model), and how doubtful the answer would be, 0..1.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Estimate {
    pub work_units: f32,
    pub doubt: f32,
}

/// A module. One instance serves one session; its calls come one at a time, in this order: `new`, `asset`..., `configure`,
/// `initialize`, then items, and `cleanup` at the end.
pub trait Module: Sized {
    /// The instance as it is before it is configured.
    fn new() -> Self;

    /// A file of the host that a parameter of type `asset` names: "model", or "model/means" where it names a folder.
    fn asset(&mut self, _name: &str, _bytes: &'static [u8]) -> Result<(), Error> {
        Ok(())
    }
    fn configure(&mut self, _params: &Params) -> Result<(), Error> {
        Ok(())
    }
    fn initialize(&mut self, _session: &str) -> Result<(), Error> {
        Ok(())
    }
    /// The most bytes that the result of an item of `input` bytes can have. The host makes room before `process` is called.
    fn result_bound(&self, input: usize) -> usize;
    /// One item; what is written to `out` is its result, nothing = no result.
    fn process(&mut self, input: &[u8], out: &mut Output) -> Result<(), Error>;
    /// Forget the stream, keep the configuration.
    fn reset(&mut self) {}
    fn cleanup(&mut self) {}

    // What follows is exported only where `export!` names it.

    /// Further results of the same item, until one is empty.
    fn next(&mut self, _out: &mut Output) -> Result<(), Error> {
        Ok(())
    }
    /// The input ended: what is left, until a result is empty.
    fn flush(&mut self, _out: &mut Output) -> Result<(), Error> {
        Ok(())
    }
    /// The media format of the output as text.
    fn output_format(&mut self, _out: &mut Output) -> Result<(), Error> {
        Ok(())
    }
    /// Of the last item: the probability that its result is right; None = no opinion.
    fn confidence(&mut self) -> Option<f32> {
        None
    }
    /// Of an item before it is processed; must be cheap (50 us).
    fn estimate(&mut self, _input: &[u8]) -> Estimate {
        Estimate { work_units: f32::NAN, doubt: f32::NAN }
    }
}

/// What stands for a panic: the error's text, and the end of the instance.
#[cfg(not(test))]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo) -> ! {
    host::fail_text(info.message().as_str().unwrap_or("panic"));
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    loop {
        extern "C" {
            fn abort() -> !;
        }
        // SAFETY: abort() takes nothing and does not return.
        unsafe { abort() }
    }
}
