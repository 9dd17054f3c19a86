//! Time and randomness: the two things that the rules take as inputs.

use std::time::{SystemTime, UNIX_EPOCH};
use wire::event::Seed;

/// What a deck is shuffled from: 32 bytes of the operating system's generator.
pub fn random_seed() -> Seed {
    let mut bytes = [0; 32];
    // The operating system's generator does not fail once it is seeded; a predictable deck is worse than a stop.
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the operating system gives no random numbers");
        std::process::abort();
    }
    Seed(bytes)
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
