//! The time for which a tournament has been played. Levels go by it
//! (`docs/decisions/0052-levels-go-by-the-time-that-has-passed.md`).

use serde::{Deserialize, Serialize};

/// The time that has certainly passed since the start: the sum of the times between records of one
/// owner whose clock was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Played {
    /// As of the last record, in milliseconds.
    passed_ms: u64,
    /// Time of the last record, in milliseconds since 1970.
    at_ms: u64,
}

impl Played {
    /// Begins at the start, at this time.
    pub(crate) const fn begun(at_ms: u64) -> Self {
        Self { passed_ms: 0, at_ms }
    }

    /// Returns the time by now, in milliseconds. With `resumed`, `now_ms` does not tell how long
    /// ago the last record was written ([`wire::journal::Record::resumed`]).
    pub(crate) const fn by(self, now_ms: u64, resumed: bool) -> u64 {
        let since_ms = if resumed { 0 } else { now_ms.saturating_sub(self.at_ms) };
        self.passed_ms.saturating_add(since_ms)
    }

    /// Counts the time up to the next record.
    pub(crate) const fn wrote(&mut self, at_ms: u64, resumed: bool) {
        *self = Self { passed_ms: self.by(at_ms, resumed), at_ms };
    }
}
