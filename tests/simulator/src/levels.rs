//! The checker of a tournament's levels: none comes before its time, and none goes back.

use wire::tournament::TournamentEvent;

/// How long after the decision the record of a start may be stored, in milliseconds.
const LATE_START_MS: u64 = 20_000;

/// The levels that one tournament has played.
#[derive(Default)]
pub(crate) struct Levels {
    /// When each level begins at the earliest, in milliseconds after the start.
    begin_ms: Vec<u64>,
    /// When the start was stored, in milliseconds of the simulation's time.
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
            TournamentEvent::Started { .. } => {
                self.started_ms = now_ms;
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
