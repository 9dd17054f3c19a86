//! The only source of randomness: the operating system.

/// Returns 64 random bits.
///
/// # Errors
/// [`getrandom::Error`] when the operating system gives none.
pub fn bits() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}
