//! Where time and randomness come from: the only place that asks the operating system.

use std::time::{SystemTime, UNIX_EPOCH};
use wire::event::Seed;

/// Now, in milliseconds since 1970.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// 32 random bytes.
///
/// # Errors
/// When the operating system gives none.
pub fn seed() -> Result<Seed, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(Seed(bytes))
}

/// 64 random bits.
///
/// # Errors
/// When the operating system gives none.
pub fn bits() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}
