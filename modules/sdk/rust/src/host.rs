//! What a module may ask of its host.

mod import {
    #[cfg_attr(target_arch = "wasm32", link(wasm_import_module = "env"))]
    extern "C" {
        #[cfg_attr(target_arch = "wasm32", link_name = "call_remote_service")]
        pub fn rme_import_call(
            name: *const u8, name_len: u32, data: *const u8, len: u32, result: *mut u8, result_len: *mut u32,
        ) -> i32;
        #[cfg_attr(target_arch = "wasm32", link_name = "stream_to_remote")]
        pub fn rme_import_stream(name: *const u8, name_len: u32, data: *const u8, len: u32) -> i32;
        #[cfg_attr(target_arch = "wasm32", link_name = "rme_log")]
        pub fn rme_import_log(level: u32, text: *const u8, len: u32);
        #[cfg_attr(target_arch = "wasm32", link_name = "rme_error")]
        pub fn rme_import_error(text: *const u8, len: u32);
        #[cfg_attr(target_arch = "wasm32", link_name = "rme_now_ns")]
        pub fn rme_import_now() -> i64;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warning = 3,
    Error = 4,
}

/// A line for the log; the host limits the rate.
pub fn log(level: Level, text: &str) {
    // SAFETY: the host reads len bytes at the pointer, during the call.
    unsafe { import::rme_import_log(level as u32, text.as_ptr(), text.len() as u32) }
}

/// Monotonic clock.
pub fn now_ns() -> i64 {
    // SAFETY: takes nothing.
    unsafe { import::rme_import_now() }
}

pub(crate) fn fail_text(text: &str) {
    // SAFETY: as in log().
    unsafe { import::rme_import_error(text.as_ptr(), text.len() as u32) }
}

/// Why a service gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteError {
    Network,
    /// Also: offline, circuit breaker open.
    Unavailable,
    /// The answer has so many bytes: call again with more room, it is not asked for twice.
    TooSmall(usize),
    /// The registry grants no such service to this module.
    NotGranted,
    /// Time or budget is spent.
    Deadline,
    BadArgument,
}

fn status(code: i32, len: u32) -> Result<usize, RemoteError> {
    match code {
        0 => Ok(len as usize),
        -2 => Err(RemoteError::Unavailable),
        -5 => Err(RemoteError::TooSmall(len as usize)),
        -6 => Err(RemoteError::NotGranted),
        -7 => Err(RemoteError::Deadline),
        -8 => Err(RemoteError::BadArgument),
        _ => Err(RemoteError::Network),
    }
}

/// Call a service that the registry grants to this module, and wait for its answer.
pub fn remote_call<'a>(service: &str, request: &[u8], reply: &'a mut [u8]) -> Result<&'a [u8], RemoteError> {
    let mut len = reply.len() as u32;
    // SAFETY: the host reads the two slices, and writes at most len bytes to the third, during the call.
    let code = unsafe {
        import::rme_import_call(
            service.as_ptr(), service.len() as u32, request.as_ptr(), request.len() as u32, reply.as_mut_ptr(), &mut len,
        )
    };
    let n = status(code, len)?;
    reply.get(..n).ok_or(RemoteError::Network)
}

/// Send one item to a service, and want no answer.
pub fn stream_to_remote(service: &str, data: &[u8]) -> Result<(), RemoteError> {
    // SAFETY: the host reads the two slices, during the call.
    let code = unsafe {
        import::rme_import_stream(service.as_ptr(), service.len() as u32, data.as_ptr(), data.len() as u32)
    };
    status(code, 0).map(|_| ())
}
