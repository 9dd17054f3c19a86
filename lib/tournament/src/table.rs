//! One table as the director knows it: by what it was told and what it last reported.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    HandNo, PlayerId, SeatNo,
    table::TableConfig,
    tournament::{Instruction, Then},
};

/// A table that is not closed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Table {
    /// Counts the tournament's tables from 1. Tables are broken from the highest number down.
    pub(crate) number: u32,
    /// How it is made, until it exists and has carried out its first instruction.
    #[serde(default)]
    pub(crate) config: Option<TableConfig>,
    /// Players that sit there and stay.
    pub(crate) seats: BTreeMap<SeatNo, PlayerId>,
    /// Players that were ordered away and have not been confirmed to have left. Their seats count
    /// as free: they leave before others arrive.
    pub(crate) leaving: BTreeSet<PlayerId>,
    /// Seats held for players on their way.
    pub(crate) coming: BTreeMap<SeatNo, PlayerId>,
    /// The last hand reported; 0 before the first.
    pub(crate) hand: HandNo,
    /// Where the button was in it.
    pub(crate) button: SeatNo,
    /// The player that posted the big blind in it.
    pub(crate) big_blind: SeatNo,
    /// The last instruction.
    #[serde(default)]
    pub(crate) told: Option<Instruction>,
    /// Number of the last instruction that the table has carried out.
    pub(crate) applied: u64,
    /// Whether a report waits for its instruction (true only between two events of one record).
    pub(crate) asked: bool,
    /// Whether the last instruction goes out by itself rather than as the answer to a report.
    pub(crate) push: bool,
}

impl Table {
    pub(crate) fn new(number: u32, config: TableConfig) -> Self {
        Self {
            number,
            config: Some(config),
            seats: BTreeMap::new(),
            leaving: BTreeSet::new(),
            coming: BTreeMap::new(),
            hand: HandNo(0),
            button: 0,
            big_blind: 0,
            told: None,
            applied: 0,
            asked: false,
            push: false,
        }
    }

    /// Returns the number of the last instruction.
    pub(crate) fn told_number(&self) -> u64 {
        self.told.as_ref().map_or(0, |told| told.number)
    }

    fn then(&self) -> Option<Then> {
        self.told.as_ref().map(|told| told.then)
    }

    /// Returns whether it is known to exist: before, a viewer would be told that there is no such
    /// table.
    pub(crate) fn is_there(&self) -> bool {
        self.config.is_none()
    }

    /// Returns whether it was told to close.
    pub(crate) fn is_closing(&self) -> bool {
        self.then() == Some(Then::Close)
    }

    /// Returns whether it waits, confirmed, for a next instruction.
    pub(crate) fn is_waiting(&self) -> bool {
        self.then() == Some(Then::Wait) && self.applied == self.told_number()
    }

    /// Returns whether an instruction can be made for it now.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.asked || self.is_waiting()
    }

    /// Players that will be there once all on the way have arrived or left.
    pub(crate) fn heads(&self) -> usize {
        self.seats.len() + self.coming.len()
    }

    /// Returns whether no player sits in this seat or is on the way to it.
    pub(crate) fn is_free(&self, seat: SeatNo) -> bool {
        !self.seats.contains_key(&seat) && !self.coming.contains_key(&seat)
    }

    /// Returns the seats after `seat`, clockwise and all the way round.
    fn clockwise(seat: SeatNo, seats: u8) -> impl Iterator<Item = SeatNo> {
        (1..=seats).map(move |step| (seat + step) % seats.max(1))
    }

    /// Returns the players that stay, in the order in which the big blind will reach them.
    pub(crate) fn by_next_big_blind(&self, seats: u8) -> impl Iterator<Item = PlayerId> + '_ {
        Self::clockwise(self.big_blind, seats).filter_map(|seat| self.seats.get(&seat).copied())
    }

    /// Returns the worst position (TDA 11-A) open, which is the free seat that the big blind
    /// reaches first. Never the small blind, because that goes to the player with the big blind
    /// now. A table that plays has gone one hand further than it has reported.
    pub(crate) fn worst_free_seat(&self, seats: u8) -> Option<SeatNo> {
        let mut big_blind = self.big_blind;
        if !self.is_at_rest() {
            let taken = |seat: &SeatNo| self.seats.contains_key(seat);
            big_blind = Self::clockwise(big_blind, seats).find(taken).unwrap_or(big_blind);
        }
        Self::clockwise(big_blind, seats).find(|&seat| self.is_free(seat))
    }

    /// Returns all free seats, in ascending order.
    pub(crate) fn free_seats(&self, seats: u8) -> Vec<SeatNo> {
        (0..seats).filter(|&seat| self.is_free(seat)).collect()
    }
}
