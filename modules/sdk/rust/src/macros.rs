//! `export!(Type)`, or with optional exports after a semicolon: `export!(Type; asset, next, flush, output_format, confidence, estimate)`.

#[macro_export]
macro_rules! export {
    ($module:ty $(; $($optional:ident),* $(,)?)?) => {
        #[cfg(target_arch = "wasm32")]
        mod rme_exports {
            use super::*;

            static mut GUEST: $crate::Guest<$module> = $crate::Guest::new();

            // SAFETY (of all): a module has one thread, its host calls one export at a time, with pointers as the interface says.
            fn guest() -> &'static mut $crate::Guest<$module> {
                unsafe { &mut *(&raw mut GUEST) }
            }

            #[export_name = "rme_abi"]
            extern "C" fn rme_abi() -> i32 {
                1
            }
            #[export_name = "rme_alloc"]
            extern "C" fn rme_alloc(len: u32) -> *mut u8 {
                $crate::buffer_alloc(len)
            }
            #[export_name = "rme_free"]
            unsafe extern "C" fn rme_free(ptr: *mut u8, len: u32) {
                $crate::buffer_free(ptr, len)
            }
            #[export_name = "configure"]
            unsafe extern "C" fn configure(json: *const u8, len: u32) -> i32 {
                guest().configure(json, len)
            }
            #[export_name = "initialize"]
            unsafe extern "C" fn initialize(session: *const u8) -> i32 {
                guest().initialize(session)
            }
            #[export_name = "process"]
            unsafe extern "C" fn process(data: *const u8, len: u32, result: *mut u8, result_len: *mut u32) -> i32 {
                guest().process(data, len, result, result_len)
            }
            #[export_name = "reset"]
            extern "C" fn reset() -> i32 {
                guest().reset()
            }
            #[export_name = "cleanup"]
            extern "C" fn cleanup() -> i32 {
                guest().cleanup()
            }
            $($($crate::export_one!($optional);)*)?
        }

        #[cfg(not(target_arch = "wasm32"))]
        mod rme_twin {
            use super::*;

            // SAFETY (of all): the host gives an instance of `size` bytes, zeroed and aligned, and calls as the interface says.
            unsafe fn guest<'a>(instance: *mut u8) -> &'a mut $crate::Guest<$module> {
                &mut *instance.cast()
            }
            unsafe extern "C" fn configure(g: *mut u8, json: *const u8, len: u32) -> i32 {
                guest(g).configure(json, len)
            }
            unsafe extern "C" fn initialize(g: *mut u8, session: *const u8) -> i32 {
                guest(g).initialize(session)
            }
            unsafe extern "C" fn process(g: *mut u8, data: *const u8, len: u32, result: *mut u8, result_len: *mut u32) -> i32 {
                guest(g).process(data, len, result, result_len)
            }
            unsafe extern "C" fn reset(g: *mut u8) -> i32 {
                guest(g).reset()
            }
            unsafe extern "C" fn cleanup(g: *mut u8) -> i32 {
                guest(g).cleanup()
            }

            #[export_name = concat!("rme_native_", env!("CARGO_CRATE_NAME"))]
            static TWIN: $crate::NativeModule = {
                #[allow(unused_mut)]
                let mut table = $crate::NativeModule {
                    name: concat!(env!("CARGO_CRATE_NAME"), "\0").as_ptr(),
                    size: core::mem::size_of::<$crate::Guest<$module>>(),
                    configure,
                    initialize,
                    process,
                    reset,
                    cleanup,
                    asset: &None,
                    next: &None,
                    flush: &None,
                    output_format: &None,
                    confidence: &None,
                    estimate: &None,
                };
                $($($crate::twin_one!($optional, table);)*)?
                table
            };
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! export_one {
    (asset) => {
        #[export_name = "asset"]
        unsafe extern "C" fn asset(name: *const u8, name_len: u32, data: *const u8, len: u32) -> i32 {
            guest().asset(name, name_len, data, len)
        }
    };
    (confidence) => {
        #[export_name = "confidence"]
        extern "C" fn confidence() -> f32 {
            guest().confidence()
        }
    };
    (estimate) => {
        #[export_name = "estimate"]
        unsafe extern "C" fn estimate(data: *const u8, len: u32, out: *mut $crate::Estimate) -> i32 {
            guest().estimate(data, len, out)
        }
    };
    (next) => {
        #[export_name = "next"]
        unsafe extern "C" fn next(result: *mut u8, result_len: *mut u32) -> i32 {
            guest().pull(result, result_len, $crate::Module::next)
        }
    };
    (flush) => {
        #[export_name = "flush"]
        unsafe extern "C" fn flush(result: *mut u8, result_len: *mut u32) -> i32 {
            guest().pull(result, result_len, $crate::Module::flush)
        }
    };
    (output_format) => {
        #[export_name = "output_format"]
        unsafe extern "C" fn output_format(result: *mut u8, result_len: *mut u32) -> i32 {
            guest().pull(result, result_len, $crate::Module::output_format)
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! twin_one {
    (asset, $table:ident) => {
        unsafe extern "C" fn asset(g: *mut u8, name: *const u8, name_len: u32, data: *const u8, len: u32) -> i32 {
            guest(g).asset(name, name_len, data, len)
        }
        $table.asset = &Some(asset);
    };
    (confidence, $table:ident) => {
        unsafe extern "C" fn confidence(g: *mut u8) -> f32 {
            guest(g).confidence()
        }
        $table.confidence = &Some(confidence);
    };
    (estimate, $table:ident) => {
        unsafe extern "C" fn estimate(g: *mut u8, data: *const u8, len: u32, out: *mut $crate::Estimate) -> i32 {
            guest(g).estimate(data, len, out)
        }
        $table.estimate = &Some(estimate);
    };
    (next, $table:ident) => {
        unsafe extern "C" fn next(g: *mut u8, result: *mut u8, result_len: *mut u32) -> i32 {
            guest(g).pull(result, result_len, $crate::Module::next)
        }
        $table.next = &Some(next);
    };
    (flush, $table:ident) => {
        unsafe extern "C" fn flush(g: *mut u8, result: *mut u8, result_len: *mut u32) -> i32 {
            guest(g).pull(result, result_len, $crate::Module::flush)
        }
        $table.flush = &Some(flush);
    };
    (output_format, $table:ident) => {
        unsafe extern "C" fn output_format(g: *mut u8, result: *mut u8, result_len: *mut u32) -> i32 {
            guest(g).pull(result, result_len, $crate::Module::output_format)
        }
        $table.output_format = &Some(output_format);
    };
}
