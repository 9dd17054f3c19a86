//! A simulated table: carries out instructions and plays hands with random results.

use super::lots::Lots;
use std::collections::BTreeMap;
use wire::{
    Chips, HandNo, PlayerId, SeatNo, TableId,
    table::TableConfig,
    tournament::{HandResult, Instruction, Report, Then},
};

/// The state of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    Playing,
    /// Repeats this report until it is answered.
    Reporting(Report),
    Waiting,
    Closed,
}

/// A table that follows instructions and reports hands with drawn results.
pub struct Table {
    id: TableId,
    config: TableConfig,
    pub seats: BTreeMap<SeatNo, (PlayerId, Chips)>,
    pub doing: Doing,
    /// The number of the instruction that is to be confirmed.
    pub confirm: Option<u64>,
    applied: u64,
    hand: HandNo,
    big_blind: SeatNo,
}

impl Table {
    /// Returns an empty table that waits for an instruction.
    pub fn new(id: TableId, config: TableConfig) -> Self {
        let (seats, doing) = (BTreeMap::new(), Doing::Waiting);
        Self { id, config, seats, doing, confirm: None, applied: 0, hand: HandNo(0), big_blind: 0 }
    }

    /// Takes the answer to a report; a late or repeated one has no effect.
    pub fn answer(&mut self, told: &Instruction) {
        if matches!(self.doing, Doing::Reporting(_)) && told.number > self.applied {
            self.carry_out(told);
        }
    }

    /// Takes an instruction that is not the answer to a report. Returns whether it is (or was)
    /// carried out.
    pub fn push(&mut self, told: &Instruction) -> bool {
        if told.number > self.applied {
            assert_eq!(self.doing, Doing::Waiting, "pushed to a table that does not wait");
            self.carry_out(told);
        }
        true
    }

    fn carry_out(&mut self, told: &Instruction) {
        assert_eq!(told.number, self.applied + 1, "an instruction was skipped");
        self.applied = told.number;
        self.seats.retain(|_, seat| !seat.1.is_zero());
        for player in &told.remove {
            let before = self.seats.len();
            self.seats.retain(|_, seat| seat.0 != *player);
            assert_eq!(self.seats.len() + 1, before, "removed a player who is not there");
        }
        for arrival in &told.add {
            assert!(arrival.seat < self.config.seats);
            let before = self.seats.insert(arrival.seat, (arrival.player, arrival.stack));
            assert_eq!(before, None, "seat {} is taken", arrival.seat);
        }
        self.doing = match told.then {
            Then::Play => Doing::Playing,
            Then::Wait => Doing::Waiting,
            Then::Close => Doing::Closed,
        };
        if !told.remove.is_empty() || told.then != Then::Play {
            self.confirm = Some(told.number);
        }
    }

    /// Notes that the coordinator has the confirmation of an instruction.
    pub fn confirmed(&mut self, number: u64) {
        if self.confirm == Some(number) {
            self.confirm = None;
        }
    }

    /// Plays a hand with a random result. Hands that may bust players often have several of them
    /// all in.
    pub fn play_hand(&mut self, lots: &mut Lots, deadly: bool) {
        let taken: Vec<SeatNo> = self.seats.keys().copied().collect();
        let big_blind = taken.iter().copied().find(|&seat| seat > self.big_blind).unwrap_or(taken[0]);
        let winner = taken[lots.below(taken.len())];
        let mut results: Vec<HandResult> = Vec::new();
        let mut won = Chips::ZERO;
        for (&seat, (player, stack)) in &self.seats {
            let most = if deadly { stack.0 } else { stack.0 - 1 };
            let lost = match lots.below(6) {
                _ if seat == winner => 0,
                0 => most,
                1 => lots.below(most as usize + 1) as u64,
                _ => most / 20,
            };
            won = won.plus(Chips(lost));
            results.push(HandResult { seat, player: *player, before: *stack, after: Chips(stack.0 - lost) });
        }
        for result in &mut results {
            if result.seat == winner {
                result.after = result.after.plus(won);
            }
            if let Some(seat) = self.seats.get_mut(&result.seat) {
                seat.1 = result.after;
            }
        }
        // Players who were not dealt in may be left out.
        if lots.one_in(4) && results.len() > 2 {
            results.retain(|result| result.before != result.after || result.seat == winner);
        }
        self.hand = self.hand.next();
        self.big_blind = big_blind;
        self.doing = Doing::Reporting(Report {
            table: self.id,
            hand: self.hand,
            applied: self.applied,
            button: taken[lots.below(taken.len())],
            big_blind,
            results,
            actions: 3,
        });
    }
}
