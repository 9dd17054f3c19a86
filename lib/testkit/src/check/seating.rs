//! Follows seats, stacks, button and blinds by a journal's events, independently of the engine.

use super::Fault;
use poker::variant::{self, Variant};
use std::collections::BTreeMap;
use wire::{
    Chips, PlayerId, SeatNo,
    event::{HandStart, Stack, TableEvent},
    table::Purpose,
};

/// A fault that an event shows.
pub(super) type Wrong = (Fault, String);

/// The seats of one table.
#[derive(Debug, Default)]
pub(super) struct Seating {
    seats: BTreeMap<SeatNo, Seat>,
    /// The last hand with blinds and at least three players.
    last: Option<HandStart>,
    /// The stacks that were dealt into the current hand.
    dealt: Vec<Stack>,
    has_blinds: bool,
    cash: bool,
}

#[derive(Clone, Copy, Debug)]
struct Seat {
    player: PlayerId,
    stack: Chips,
}

impl Seating {
    /// Applies an event. Returns the faults that it shows.
    pub(super) fn enter(&mut self, event: &TableEvent) -> Vec<Wrong> {
        match event {
            TableEvent::Created { config } => {
                self.cash = matches!(config.purpose, Purpose::Cash { .. });
                let brings_in = variant::by_code(&config.variant).is_some_and(Variant::has_bring_in);
                // In scripted hands, button and blinds are where they were when the hand was
                // recorded, not where they are due.
                self.has_blinds = !brings_in && !config.scripted;
                Vec::new()
            }
            TableEvent::SeatReserved { seat, player, .. } => self.take(*seat, *player, Chips::ZERO),
            TableEvent::Seated { seat, player, stack, .. } => self.take(*seat, *player, *stack),
            TableEvent::BuyInRefused { seat, .. } => {
                self.seats.remove(seat);
                Vec::new()
            }
            TableEvent::ToppedUp { seat, amount } => {
                if let Some(seat) = self.seats.get_mut(seat) {
                    seat.stack = seat.stack.plus(*amount);
                }
                Vec::new()
            }
            TableEvent::Unseated { seat, cash_out, .. } => self.leave(*seat, *cash_out),
            TableEvent::HandStarted { start, .. } => self.begin(start),
            TableEvent::HandEnded { stacks, .. } => self.end(stacks),
            _ => Vec::new(),
        }
    }

    /// Returns the player of a seat.
    pub(super) fn player(&self, seat: SeatNo) -> Option<PlayerId> {
        self.seats.get(&seat).map(|seat| seat.player)
    }

    fn take(&mut self, no: SeatNo, player: PlayerId, stack: Chips) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let taken = self.seats.insert(no, Seat { player, stack });
        if let Some(before) = taken.filter(|before| before.player != player && !before.stack.is_zero()) {
            wrong.push((Fault::Seats, format!("seat {no} of player {} is given to {player}", before.player)));
        }
        let elsewhere = self.seats.iter().find(|(other, seat)| **other != no && seat.player == player);
        if let Some((other, _)) = elsewhere {
            wrong.push((Fault::Seats, format!("player {player} has seat {other} and gets seat {no}")));
        }
        wrong
    }

    fn leave(&mut self, no: SeatNo, cash_out: Chips) -> Vec<Wrong> {
        match self.seats.remove(&no) {
            Some(seat) if self.cash && seat.stack != cash_out => {
                vec![(Fault::Chips, format!("seat {no} has {} and is paid {cash_out}", seat.stack))]
            }
            Some(_) => Vec::new(),
            None => vec![(Fault::Seats, format!("seat {no} is left and has no player"))],
        }
    }

    fn begin(&mut self, start: &HandStart) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for stack in &start.stacks {
            let here = self.seats.get(&stack.seat).map(|seat| (seat.player, seat.stack));
            if here != Some((stack.player, stack.chips)) {
                let what = format!("hand {}: {stack:?} is dealt in, at the table is {here:?}", start.hand);
                wrong.push((Fault::Chips, what));
            }
        }
        self.dealt.clone_from(&start.stacks);
        if self.has_blinds {
            wrong.extend(self.blinds(start));
        }
        wrong
    }

    /// Checks button and blinds by TDA 32: the big blind moves on, the small blind is due at the
    /// last big blind's seat, and the button moves to the last small blind's seat.
    fn blinds(&mut self, start: &HandStart) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let hand = start.hand;
        let big_blind = |start: &HandStart| {
            start.stacks.iter().find(|stack| stack.seat == start.big_blind).map(|stack| stack.player)
        };
        if start.stacks.len() < 3 {
            if start.small_blind != Some(start.button) {
                wrong.push((
                    Fault::Button,
                    format!("hand {hand}: heads-up the button is not the small blind"),
                ));
            }
            self.last = None;
            return wrong;
        }
        if let Some(last) = self.last.replace(start.clone()) {
            // A player who has left and taken another seat starts anew there.
            if last.big_blind == start.big_blind && big_blind(&last) == big_blind(start) {
                wrong.push((Fault::Button, format!("hand {hand}: the same player pays the big blind again")));
            }
            if start.small_blind.is_some_and(|seat| seat != last.big_blind) {
                wrong.push((
                    Fault::Button,
                    format!("hand {hand}: the small blind is not where the big blind was"),
                ));
            }
            // If no player paid the small blind, the record does not name the seat where it was
            // due.
            if last.small_blind.is_some_and(|seat| seat != start.button && seat != start.big_blind) {
                let what =
                    format!("hand {hand}: the button is at {}, not at {:?}", start.button, last.small_blind);
                wrong.push((Fault::Button, what));
            }
        }
        wrong
    }

    /// Sets the stacks after a hand. Chips that were added during the hand are kept.
    fn end(&mut self, stacks: &[Stack]) -> Vec<Wrong> {
        let dealt = std::mem::take(&mut self.dealt);
        for stack in stacks {
            let before = dealt.iter().find(|before| before.seat == stack.seat);
            let before = before.map_or(Chips::ZERO, |before| before.chips);
            if let Some(seat) = self.seats.get_mut(&stack.seat) {
                seat.stack = stack.chips.plus(seat.stack.minus_or_zero(before));
            }
        }
        let before: Chips = dealt.iter().map(|stack| stack.chips).sum();
        let after: Chips = stacks.iter().map(|stack| stack.chips).sum();
        if after == before {
            return Vec::new();
        }
        vec![(Fault::Chips, format!("{before} chips were dealt in and {after} are left"))]
    }
}
