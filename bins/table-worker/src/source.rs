//! Time and randomness: the two things that the rules take as inputs.

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

/// Returns the time of this process in milliseconds since 1970 ([`bus::clock`]).
pub fn now_ms() -> u64 {
    bus::clock::now_ms()
}
