//! Preloaded into a process, sets only its wall clock: `CLOCK_REALTIME` is ahead by as many seconds
//! as the file says that `SHIFTED_CLOCK` names; negative ones are behind. The file may change while
//! the process runs, like a machine's clock that is set.
//!
//! Built by `tests/build.rs`, for tests only: no program of the project knows of it.

use std::{
    env,
    ffi::{c_int, c_long},
    fs,
    sync::OnceLock,
};

#[cfg(target_arch = "x86_64")]
const CLOCK_GETTIME: c_long = 228;
#[cfg(target_arch = "aarch64")]
const CLOCK_GETTIME: c_long = 113;
const CLOCK_REALTIME: c_int = 0;

/// The C library's `timespec`.
#[repr(C)]
pub struct Time {
    seconds: i64,
    nanos: c_long,
}

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
}

/// The C library's function of this name, as the kernel has it, but for the shift.
///
/// # Safety
/// That of the C library's: `time` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Time) -> c_int {
    let result = unsafe { syscall(CLOCK_GETTIME, c_long::from(clock), time) };
    if result == 0 && clock == CLOCK_REALTIME {
        unsafe { (*time).seconds += shift() };
    }
    if result == 0 { 0 } else { -1 }
}

fn shift() -> i64 {
    static FILE: OnceLock<Option<String>> = OnceLock::new();
    let file = FILE.get_or_init(|| env::var("SHIFTED_CLOCK").ok());
    let text = file.as_ref().and_then(|file| fs::read_to_string(file).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
