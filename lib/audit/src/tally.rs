//! Checksums of facts that two journals have on record, to compare them without keeping the facts.

use serde::Serialize;
use sha2::{Digest, Sha256};
use wire::{
    Chips, PlayerId, SeatNo, codec,
    event::{Event, HandStart, Stack},
    tournament::{Instruction, Report, Then},
};

/// A checksum, the first eight bytes of a SHA-256: equal facts have equal ones, different facts
/// with a chance of 2^-64. It is the same in every version of the fleet and may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tally(u64);

impl Tally {
    /// Returns the checksum as bytes, the same on every machine and in every version.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let sum = Sha256::digest(bytes);
        Self(sum.iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
    }
}

/// Returns the checksum of plain values. Never of structures: a later version may write more
/// fields.
fn of_values(values: &impl Serialize) -> Tally {
    Tally::of(&codec::encode(values).unwrap_or_default())
}

/// Returns the checksum of an instruction.
pub fn instruction(instruction: &Instruction) -> Tally {
    let Instruction { number, level, remove, add, then, stats } = instruction;
    let level = (level.number, level.small_blind, level.big_blind, level.ante);
    let add: Vec<_> = add.iter().map(|a| (a.player, &a.name, a.bot, a.stack, a.seat)).collect();
    let then: u8 = match then {
        Then::Play => 0,
        Then::Wait => 1,
        Then::Close => 2,
    };
    let stats = (stats.entries, stats.players_left, stats.tables, stats.average_stack);
    of_values(&(number, level, remove, add, then, stats))
}

/// Returns the checksum of a finished hand as its tournament has it.
pub fn reported_hand(report: &Report) -> Tally {
    let results = report.results.iter().map(|r| (r.seat, r.player, r.before, r.after));
    hand(report.button, report.big_blind, results, report.actions)
}

/// Returns the checksum of a finished hand as its table played it.
pub fn finished_hand(start: &HandStart, after: &[Stack], actions: u32) -> Tally {
    let stacks = start.stacks.iter().zip(after);
    let results = stacks.map(|(before, after)| (before.seat, before.player, before.chips, after.chips));
    hand(start.button, start.big_blind, results, actions)
}

fn hand(
    button: SeatNo,
    big_blind: SeatNo,
    results: impl Iterator<Item = (SeatNo, PlayerId, Chips, Chips)>,
    actions: u32,
) -> Tally {
    of_values(&(button, big_blind, results.collect::<Vec<_>>(), actions))
}

/// The checksum of a list of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventSum(Tally);

impl EventSum {
    /// Returns the checksum of an empty list.
    pub fn nothing() -> Self {
        Self(Tally(0))
    }

    /// Returns the checksum of these events.
    pub fn all(events: &[Event]) -> Self {
        let mut told = Self::nothing();
        events.iter().for_each(|event| told.add(event));
        told
    }

    /// Adds an event at the end.
    pub fn add(&mut self, event: &Event) {
        let mut bytes = codec::encode(event).unwrap_or_default();
        bytes.extend(self.0.0.to_be_bytes());
        self.0 = Tally::of(&bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_is_the_first_eight_bytes_of_a_sha256() {
        let sum = Tally::of(b"abc");
        assert_eq!(sum.0, 0xba78_16bf_8f01_cfea);
        assert_eq!(sum.to_bytes(), [0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea]);
    }

    #[test]
    fn the_sum_depends_on_the_order_of_events() {
        let (out, back) = (Event::SatOut { seat: 1 }, Event::SatIn { seat: 1 });
        let [one, other] = [[out.clone(), back.clone()], [back, out]].map(|events| EventSum::all(&events));
        assert_ne!(one, other);
        assert_ne!(one, EventSum::nothing());
    }
}
