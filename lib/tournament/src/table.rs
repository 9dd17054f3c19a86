//! A table in the director's state: its last instruction and its last report.

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
    /// The table's number, counted from 1 over the tournament. Tables are broken from the highest
    /// number down.
    pub(crate) number: u32,
    /// The configuration, until the table exists and has carried out its first instruction.
    #[serde(default)]
    pub(crate) config: Option<TableConfig>,
    /// Players who sit there and stay.
    pub(crate) seats: BTreeMap<SeatNo, PlayerId>,
    /// Players who were ordered to leave and whose removal is not confirmed. Their seats count as
    /// free: they leave before others arrive.
    pub(crate) leaving: BTreeSet<PlayerId>,
    /// Seats held for players on their way.
    pub(crate) coming: BTreeMap<SeatNo, PlayerId>,
    /// The last hand reported; 0 before the first.
    pub(crate) hand: HandNo,
    /// The button's seat in that hand.
    pub(crate) button: SeatNo,
    /// The seat of the big blind in that hand.
    pub(crate) big_blind: SeatNo,
    /// The last instruction.
    #[serde(default)]
    pub(crate) told: Option<Instruction>,
    /// The number of the last instruction that the table has carried out.
    pub(crate) applied: u64,
    /// Whether a report waits for its instruction (true only between two events of one record).
    pub(crate) asked: bool,
    /// Whether the last instruction has to be sent, because it is not the answer to a report.
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

    /// Returns whether the table is known to exist. Before that, a viewer would get
    /// [`wire::Refusal::NoSuchTable`].
    pub(crate) fn is_there(&self) -> bool {
        self.config.is_none()
    }

    /// Returns whether the last instruction closes the table.
    pub(crate) fn is_closing(&self) -> bool {
        self.then() == Some(Then::Close)
    }

    /// Returns whether the table waits for its next instruction and has confirmed the last one.
    pub(crate) fn is_waiting(&self) -> bool {
        self.then() == Some(Then::Wait) && self.applied == self.told_number()
    }

    /// Returns whether the next instruction can be made now.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.asked || self.is_waiting()
    }

    /// Returns the number of players after all those on the way have arrived or left.
    pub(crate) fn heads(&self) -> usize {
        self.seats.len() + self.coming.len()
    }

    /// Returns whether the seat is neither taken nor held for a player on the way.
    pub(crate) fn is_free(&self, seat: SeatNo) -> bool {
        !self.seats.contains_key(&seat) && !self.coming.contains_key(&seat)
    }

    /// Returns the seats after `seat`, clockwise, ending with `seat` itself.
    fn clockwise(seat: SeatNo, seats: u8) -> impl Iterator<Item = SeatNo> {
        (1..=seats).map(move |step| (seat + step) % seats.max(1))
    }

    /// Returns the players who stay, in the order in which the big blind reaches them.
    pub(crate) fn by_next_big_blind(&self, seats: u8) -> impl Iterator<Item = PlayerId> + '_ {
        Self::clockwise(self.big_blind, seats).filter_map(|seat| self.seats.get(&seat).copied())
    }

    /// Returns the worst free position (TDA 11-A): the free seat that the big blind reaches first.
    /// It is never the small blind, which goes to the player who has the big blind now. A table
    /// that plays is one hand ahead of its last report.
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
