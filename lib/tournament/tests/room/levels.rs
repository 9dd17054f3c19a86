//! The check of a tournament's levels: none goes back, and none comes before its time.

use wire::tournament::{TournamentConfig, TournamentEvent};

/// The levels that were played.
#[derive(Default)]
pub struct Levels {
    /// The time since the start, in milliseconds.
    pub passed_ms: u64,
    /// Number of the last level.
    last: u16,
}

impl Levels {
    /// Checks the level of an event.
    pub fn check(&mut self, event: &TournamentEvent, config: &TournamentConfig) {
        let TournamentEvent::Instructed { instruction, .. } = event else { return };
        let number = instruction.level.number;
        assert!(number >= self.last, "level {number} comes after level {}", self.last);
        let before = config.levels.iter().take(usize::from(number) - 1);
        let begins_ms: u64 = before.map(|level| u64::from(level.seconds) * 1_000).sum();
        assert!(begins_ms <= self.passed_ms, "level {number} comes after {} ms", self.passed_ms);
        self.last = number;
    }
}
