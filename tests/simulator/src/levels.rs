//! The checker of a tournament's levels: none comes before its time, and none goes back.

use crate::world::BEGAN_MS;
use wire::tournament::TournamentEvent;

/// How long after the decision the record of a start may be stored where the owner's clock was set,
/// in milliseconds.
const LATE_START_MS: u64 = 20_000;
/// By how much a start's time may lie before its record's, in milliseconds, so that it counts as
/// held up and not as the time of a clock that was set.
const HELD_UP_MS: u64 = 60_000;

/// The levels that one tournament has played.
#[derive(Default)]
pub(crate) struct Levels {
    /// When each level begins at the earliest, in milliseconds after the start.
    begin_ms: Vec<u64>,
    /// When the start was decided, in milliseconds of the simulation's time.
    started_ms: u64,
    /// Number of the last level.
    last: u16,
}

impl Levels {
    /// Takes in an event that was stored now, and returns what is wrong with its level.
    pub(crate) fn event(&mut self, event: &TournamentEvent, now_ms: u64) -> Option<String> {
        match event {
            TournamentEvent::Created { config, .. } => {
                let mut end_ms = 0;
                self.begin_ms.extend(config.levels.iter().map(|level| {
                    let begin_ms = end_ms;
                    end_ms += u64::from(level.seconds) * 1_000;
                    begin_ms
                }));
                None
            }
            TournamentEvent::Started { at_ms, .. } => {
                self.started_ms = decided_ms(*at_ms, now_ms);
                None
            }
            TournamentEvent::Instructed { instruction, .. } => self.level(instruction.level.number, now_ms),
            TournamentEvent::EntryReserved { .. }
            | TournamentEvent::EntryConfirmed { .. }
            | TournamentEvent::EntryRefused { .. }
            | TournamentEvent::EntryWithdrawn { .. }
            | TournamentEvent::EntryRefunded { .. }
            | TournamentEvent::TableOpened { .. }
            | TournamentEvent::HandReported { .. }
            | TournamentEvent::Busted { .. }
            | TournamentEvent::InstructionApplied { .. }
            | TournamentEvent::MoveOrdered { .. }
            | TournamentEvent::Finished { .. }
            | TournamentEvent::Settled
            | TournamentEvent::Cancelled => None,
        }
    }

    fn level(&mut self, number: u16, now_ms: u64) -> Option<String> {
        let last = std::mem::replace(&mut self.last, number);
        let played_ms = now_ms - self.started_ms;
        let begin_ms = self.begin_ms.get(usize::from(number).saturating_sub(1)).copied().unwrap_or(0);
        if number < last {
            Some(format!("level {number} comes after level {last}"))
        } else if begin_ms > played_ms + LATE_START_MS {
            Some(format!("level {number} comes {played_ms} ms after the start and not {begin_ms} ms"))
        } else {
            None
        }
    }
}

/// Returns when a start was decided, in milliseconds of the simulation's time: levels count from
/// then, and an outage may have held its record up. A clock that was set says nothing of that.
fn decided_ms(at_ms: u64, stored_ms: u64) -> u64 {
    let late_ms = (BEGAN_MS + stored_ms).checked_sub(at_ms).filter(|late| *late <= HELD_UP_MS);
    stored_ms.saturating_sub(late_ms.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_that_are_skipped_or_go_back_are_found_and_a_start_that_was_held_up_is_not() {
        let started = |at_ms| Levels {
            begin_ms: vec![0, 24_000, 48_000],
            started_ms: decided_ms(BEGAN_MS + at_ms, 37_560),
            last: 1,
        };
        assert_eq!(started(10_406).level(2, 37_566), None, "held up for 27 s");
        assert!(started(37_500).level(2, 37_566).is_some_and(|what| what.contains("level 2 comes")));
        let day_ms = 86_400_000;
        assert!(started(10_406 + day_ms).level(3, 37_566).is_some(), "the clock was set");
        let mut levels = started(10_406);
        assert_eq!(levels.level(2, 60_000), None);
        assert!(levels.level(1, 61_000).is_some_and(|what| what.contains("after level 2")));
    }
}
