//! Where randomness comes from: the only place that asks the operating system.

/// 64 random bits.
///
/// # Errors
/// When the operating system gives none.
pub fn bits() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}
