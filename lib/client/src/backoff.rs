//! Pauses before the next attempt to connect.

use std::time::Duration;

/// The first attempt after a loss comes within this time, spread at random, so that the clients of
/// a gateway that died do not all connect in the same instant.
const FIRST: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(3);

/// Pauses that double, each drawn at random between zero and the full pause.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Returns the next pause. `draw` is any random number.
    pub(crate) fn next(&mut self, draw: u64) -> Duration {
        let full = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let micros = u64::try_from(full.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(draw % micros.max(1))
    }

    /// Starts over with the shortest pause: a connection held.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Returns a random number. Without an entropy source it is 0: only the pauses depend on it, and
/// are then short.
pub(crate) fn draw() -> u64 {
    getrandom::u64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_start_over() {
        let mut backoff = Backoff::default();
        assert!(backoff.next(u64::MAX) < FIRST);
        let later: Vec<_> = (0..20).map(|_| backoff.next(2_999_999)).collect();
        assert!(later.iter().all(|&wait| wait < LONGEST));
        assert!(later[19] > Duration::from_secs(2));
        backoff.reset();
        assert!(backoff.next(u64::MAX - 1) < FIRST);
    }
}
