//! Checks of the fields that every record of every journal has: version, epoch, cause, events.

use crate::report::{Location, Report, Rule};
use std::collections::VecDeque;
use wire::{
    Epoch, VERSION,
    client::REPEATED_FOR_MS,
    journal::{Cause, Record},
};

/// The number of a journal's commands that are remembered. This is a second check of repeats: the
/// engine that decides every record again remembers the last commands of each player (a repeat
/// would have no effect) and refuses older ids. A repeat that an engine misses comes soon after the
/// first: two owners of a table overlap for about a second, and a table with people carries out a
/// few commands a second at most, so that 256 commands cover a minute. A command that is sent again
/// after [`REPEATED_FOR_MS`] is no repeat: its sender may not send it any more, and it may be
/// carried out again.
const REMEMBERED: usize = 256;

/// The state of the check over one journal's records.
pub struct Stamps {
    location: Location,
    epoch: Epoch,
    /// The time that has certainly passed since the check began, in milliseconds: the sum of the
    /// times between records of one owner.
    passed_ms: u64,
    /// Epoch and time of the last record.
    last: Option<(Epoch, u64)>,
    /// Marks of the last commands, with the time that had passed, oldest first.
    causes: VecDeque<(u64, u64)>,
}

impl Stamps {
    /// Makes the check of one journal.
    pub fn new(location: Location) -> Self {
        Self { location, epoch: Epoch(0), passed_ms: 0, last: None, causes: VecDeque::new() }
    }

    /// Checks the next record. `numbered` is true when its events carry a number of their own that
    /// is checked elsewhere: the ids of such commands are derived from the number and need not
    /// differ from those of other tables.
    pub fn record<E, S>(
        &mut self,
        sequence: u64,
        record: &Record<E, S>,
        numbered: bool,
        report: &mut Report,
    ) {
        let location = self.location;
        let mut wrong = |rule, what| report.violation(location, Some(sequence), rule, what);
        if record.v != VERSION {
            wrong(
                Rule::Journal,
                format!("version {} is unknown: this check knows version {VERSION}", record.v),
            );
        }
        // A record without events fences former owners; no command is its cause.
        if record.events.is_empty() && record.cause.is_some() {
            wrong(Rule::Journal, "a command is the cause of a record without events".to_owned());
        }
        if record.epoch < self.epoch {
            wrong(Rule::Epoch, format!("epoch {} after epoch {}", record.epoch, self.epoch));
        }
        self.epoch = self.epoch.max(record.epoch);
        let known = self.last.filter(|(epoch, _)| *epoch == record.epoch && !record.resumed);
        self.passed_ms += known.map_or(0, |(_, at_ms)| record.at_ms.saturating_sub(at_ms));
        self.last = Some((record.epoch, record.at_ms));
        if let Some(cause) = record.cause.filter(|_| !numbered)
            && !self.is_new(cause)
        {
            let asked_by = cause.player.map_or("the fleet".to_owned(), |player| format!("player {player}"));
            wrong(Rule::Once, format!("command {} of {asked_by} was carried out twice", cause.id));
        }
        report.records += 1;
        report.commands += u64::from(record.cause.is_some());
        report.snapshots += u64::from(record.state.is_some());
    }

    /// Remembers a command. Returns whether it is not a repeat of one of the last [`REMEMBERED`].
    fn is_new(&mut self, cause: Cause) -> bool {
        let (mark, passed_ms) = (mark(cause), self.passed_ms);
        let repeats = |(other, at_ms): &(u64, u64)| *other == mark && passed_ms - at_ms < REPEATED_FOR_MS;
        let known = self.causes.iter().any(repeats);
        if self.causes.len() == REMEMBERED {
            self.causes.pop_front();
        }
        self.causes.push_back((mark, passed_ms));
        !known
    }
}

/// Returns the mark of a command. Two commands of one player never have the same; commands of
/// different players have it with a chance of 2^-64.
const fn mark(cause: Cause) -> u64 {
    let player = match cause.player {
        Some(player) => player.0,
        None => u64::MAX,
    };
    mixed(mixed(player) ^ cause.id.0)
}

/// Mixes the bits of a number, one to one (the last step of SplitMix64).
const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{CommandId, PlayerId, TableId};

    #[test]
    fn the_last_commands_are_remembered_in_bounded_memory() {
        let mut stamps = Stamps::new(Location::Table(TableId(1)));
        let command = |player: u64, id| Cause { player: Some(PlayerId(player)), id: CommandId(id) };
        for id in 0..10_000 {
            assert!(stamps.is_new(command(1, id)), "command {id}");
        }
        assert!(!stamps.is_new(command(1, 10_000 - REMEMBERED as u64)));
        assert!(
            stamps.is_new(command(2, 9_999)) && stamps.is_new(Cause { player: None, id: CommandId(9_999) })
        );
        assert_eq!(stamps.causes.len(), REMEMBERED);
        assert!(stamps.causes.capacity() <= 2 * REMEMBERED);
    }

    #[test]
    fn a_command_that_comes_again_is_a_violation_for_as_long_as_it_may_be_repeated() {
        let record = |at_ms, epoch, resumed, id| Record::<u8, u8> {
            v: VERSION,
            epoch: Epoch(epoch),
            at_ms,
            resumed,
            cause: Some(Cause { player: Some(PlayerId(1)), id: CommandId(id) }),
            events: vec![1],
            state: None,
        };
        for (again, violations) in [
            (record(REPEATED_FOR_MS - 1, 1, false, 7), 1),
            (record(REPEATED_FOR_MS, 1, false, 7), 0),
            // Of clocks of two owners, or one that was set, the times say nothing.
            (record(REPEATED_FOR_MS, 2, false, 7), 1),
            (record(REPEATED_FOR_MS, 1, true, 7), 1),
        ] {
            let mut stamps = Stamps::new(Location::Table(TableId(1)));
            let mut report = Report::default();
            stamps.record(1, &record(0, 1, false, 7), false, &mut report);
            stamps.record(2, &again, false, &mut report);
            assert_eq!(report.violations, violations, "{again:?}");
        }
    }
}
