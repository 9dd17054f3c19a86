//! Counts the chips of one table, event by event.

use super::tally::Tally;
use wire::{Chips, SeatNo, TableId, event::Event, event::Stack, view::TableView};

/// Seats that a table may have.
const SEATS: usize = 10;

/// Chips behind, seat by seat, and in the pots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ChipCount {
    stacks: [Chips; SEATS],
    pots: Chips,
}

impl ChipCount {
    /// As a snapshot says.
    pub(super) fn of(view: &TableView) -> Self {
        let mut count = Self::default();
        for seat in &view.seats {
            *count.stack(seat.seat) = seat.stack;
        }
        count.pots = view.hand.as_ref().map_or(Chips::ZERO, |hand| hand.pots.iter().copied().sum());
        count
    }

    /// Whether a snapshot says the same.
    pub(super) fn compare(&self, view: &TableView, tally: &Tally) {
        let other = Self::of(view);
        if *self != other {
            tally.violation(format!(
                "table {}: after event {} the events add up to {self:?}, a view says {other:?}",
                view.table, view.event_no
            ));
        }
    }

    fn stack(&mut self, seat: SeatNo) -> &mut Chips {
        &mut self.stacks[usize::from(seat) % SEATS]
    }

    /// Takes an event in, and says what does not add up.
    pub(super) fn apply(&mut self, table: TableId, event: &Event, tally: &Tally) {
        let wrong = |what: &str| tally.violation(format!("table {table}: {what} after {event:?}"));
        match event {
            Event::Seated { seat, stack, .. } => *self.stack(*seat) = *stack,
            Event::Unseated { seat, .. } => *self.stack(*seat) = Chips::ZERO,
            Event::ToppedUp { seat, amount } => *self.stack(*seat) = self.stack(*seat).plus(*amount),
            Event::HandStarted(start) => {
                if self.differs(&start.stacks) {
                    wrong("stacks have changed between two hands");
                }
                self.pots = Chips::ZERO;
            }
            Event::Posted { seat, amount, .. } => {
                if !self.put_in(*seat, *amount) {
                    wrong("more is posted than is there");
                }
            }
            Event::Acted { seat, added, stack, .. } => {
                if !self.put_in(*seat, *added) || *self.stack(*seat) != *stack {
                    wrong("an action does not add up");
                }
            }
            Event::Returned { seat, amount } | Event::Awarded { seat, amount, .. } => {
                match self.pots.checked_minus(*amount) {
                    Some(rest) => self.pots = rest,
                    None => wrong("more comes out of the pots than is in them"),
                }
                *self.stack(*seat) = self.stack(*seat).plus(*amount);
            }
            Event::HandEnded { stacks, .. } => {
                if !self.pots.is_zero() || self.differs(stacks) {
                    wrong("a hand does not add up");
                }
            }
            _ => {}
        }
    }

    fn put_in(&mut self, seat: SeatNo, amount: Chips) -> bool {
        self.pots = self.pots.plus(amount);
        let stack = self.stack(seat);
        match stack.checked_minus(amount) {
            Some(rest) => {
                *stack = rest;
                true
            }
            None => false,
        }
    }

    fn differs(&mut self, stacks: &[Stack]) -> bool {
        stacks.iter().any(|stack| *self.stack(stack.seat) != stack.chips)
    }
}
