//! The facts about a table that its tournament has on record too: finished hands and carried-out
//! instructions.

use crate::tally::{self, Tally};
use poker::table::Inventory;
use std::collections::BTreeMap;
use wire::{
    HandNo, TournamentId,
    event::{HandStart, Stack},
    table::{Purpose, TableConfig},
    tournament::Instruction,
};

/// The hands and instructions of a tournament's table. It stays empty for a cash table.
pub struct Played {
    pub tournament: Option<TournamentId>,
    /// The first instruction and the first hand that the lists contain or will contain.
    pub from: (u64, HandNo),
    pub instructions: BTreeMap<u64, Tally>,
    pub hands: BTreeMap<HandNo, Tally>,
}

impl Default for Played {
    fn default() -> Self {
        Self { tournament: None, from: (1, HandNo(1)), instructions: BTreeMap::new(), hands: BTreeMap::new() }
    }
}

impl Played {
    /// Begins at the table's creation.
    pub fn of(config: &TableConfig) -> Self {
        let tournament = match config.purpose {
            Purpose::Cash { .. } => None,
            Purpose::Tournament { tournament } => Some(tournament),
        };
        Self { tournament, ..Self::default() }
    }

    /// Begins in the middle of a journal: a hand that is being played will still end.
    pub fn since(config: &TableConfig, counted: &Inventory) -> Self {
        let hand = if counted.hand.is_some() { counted.last_hand } else { counted.last_hand.next() };
        Self { from: (counted.instruction + 1, hand), ..Self::of(config) }
    }

    /// Adds an instruction that a tournament's table has carried out.
    pub fn instructed(&mut self, instruction: &Instruction) {
        if self.tournament.is_some() {
            self.instructions.insert(instruction.number, tally::instruction(instruction));
        }
    }

    /// Adds a finished hand of a tournament's table.
    pub fn ended(&mut self, start: &HandStart, stacks: &[Stack], actions: u32) {
        if self.tournament.is_some() {
            self.hands.insert(start.hand, tally::finished_hand(start, stacks, actions));
        }
    }

    /// Returns the hands since the last call, by number, and forgets them.
    pub fn take_hands(&mut self) -> BTreeMap<HandNo, Tally> {
        let taken = std::mem::take(&mut self.hands);
        self.from.1 = taken.keys().next_back().map_or(self.from.1, |last| last.next());
        taken
    }

    /// Returns the instructions since the last call, by number, and forgets them.
    pub fn take_instructions(&mut self) -> BTreeMap<u64, Tally> {
        let taken = std::mem::take(&mut self.instructions);
        self.from.0 = taken.keys().next_back().map_or(self.from.0, |last| last + 1);
        taken
    }
}
