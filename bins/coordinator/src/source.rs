//! Where time and randomness come from: the only place that asks the operating system.

use wire::event::Seed;

/// Returns the time of this process in milliseconds since 1970 ([`bus::clock`]).
pub fn now_ms() -> u64 {
    bus::clock::now_ms()
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
