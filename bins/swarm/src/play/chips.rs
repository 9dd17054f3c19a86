//! Counts the chips of one table, event by event.

use crate::tally::Tally;
use wire::{Chips, SeatNo, TableId, event::Event, event::Stack, view::TableView};

/// Seats that a table may have.
const SEATS: usize = 10;

/// Chips behind, seat by seat, and in the pots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ChipCount {
    stacks: [Chips; SEATS],
    /// Chips that wait for the end of the hand.
    waiting: [Chips; SEATS],
    dealt_in: [bool; SEATS],
    pots: Chips,
}

impl ChipCount {
    /// Returns the chips of a snapshot.
    pub(super) fn of(view: &TableView) -> Self {
        let mut count = Self::default();
        for seat in &view.seats {
            *count.stack(seat.seat) = seat.stack;
            *count.waiting(seat.seat) = seat.waiting;
            *count.dealt_in(seat.seat) = seat.in_hand.is_some();
        }
        count.pots = view.hand.as_ref().map_or(Chips::ZERO, |hand| hand.pots.iter().copied().sum());
        count
    }

    /// Reports a violation if a snapshot has other chips.
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

    fn waiting(&mut self, seat: SeatNo) -> &mut Chips {
        &mut self.waiting[usize::from(seat) % SEATS]
    }

    fn dealt_in(&mut self, seat: SeatNo) -> &mut bool {
        &mut self.dealt_in[usize::from(seat) % SEATS]
    }

    /// Returns how many chips a seat lacks to have so many.
    pub(super) fn missing(&self, seat: SeatNo, full: Chips) -> Chips {
        let at = usize::from(seat) % SEATS;
        full.minus_or_zero(self.stacks[at].plus(self.waiting[at]))
    }

    /// Applies an event, and reports a violation if the chips do not add up.
    pub(super) fn apply(&mut self, table: TableId, event: &Event, tally: &Tally) {
        if let Err(what) = self.follow(event) {
            tally.violation(format!("table {table}: {what} after {event:?}"));
        }
    }

    fn follow(&mut self, event: &Event) -> Result<(), &'static str> {
        let fits = |fits: bool, what| if fits { Ok(()) } else { Err(what) };
        match event {
            Event::Seated { seat, stack, .. } => *self.stack(*seat) = *stack,
            Event::Unseated { seat, .. } => *self.stack(*seat) = Chips::ZERO,
            Event::ToppedUp { seat, amount } => {
                let waits = *self.dealt_in(*seat);
                let pile = if waits { self.waiting(*seat) } else { self.stack(*seat) };
                *pile = pile.plus(*amount);
            }
            Event::HandStarted(start) => {
                self.pots = Chips::ZERO;
                start.stacks.iter().for_each(|stack| *self.dealt_in(stack.seat) = true);
                return fits(self.has(&start.stacks), "stacks have changed between two hands");
            }
            Event::Posted { seat, amount, .. } => {
                return fits(self.put_in(*seat, *amount), "more is posted than the stack has");
            }
            Event::Acted { seat, added, stack, .. } => {
                let there = self.put_in(*seat, *added);
                return fits(there && *self.stack(*seat) == *stack, "an action does not add up");
            }
            Event::Returned { seat, amount } | Event::Awarded { seat, amount, .. } => {
                *self.stack(*seat) = self.stack(*seat).plus(*amount);
                let rest = self.pots.checked_minus(*amount);
                self.pots = rest.ok_or("more comes out of the pots than is in them")?;
            }
            Event::HandEnded { stacks, .. } => {
                let adds_up = self.pots.is_zero() && self.has(stacks);
                self.dealt_in = [false; SEATS];
                for (stack, waiting) in self.stacks.iter_mut().zip(std::mem::take(&mut self.waiting)) {
                    *stack = stack.plus(waiting);
                }
                return fits(adds_up, "a hand does not add up");
            }
            Event::SatOut { .. }
            | Event::SatIn { .. }
            | Event::Disconnected { .. }
            | Event::Reconnected { .. }
            | Event::GoneTooLong { .. }
            | Event::Said { .. }
            | Event::Dealt { .. }
            | Event::Board { .. }
            | Event::Turn { .. }
            | Event::TimedOut { .. }
            | Event::ClockExtended { .. }
            | Event::Drew { .. }
            | Event::Shown { .. }
            | Event::Mucked { .. }
            | Event::Instructed { .. }
            | Event::Closed
            | Event::Unknown(_) => {}
        }
        Ok(())
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

    fn has(&mut self, stacks: &[Stack]) -> bool {
        stacks.iter().all(|stack| *self.stack(stack.seat) == stack.chips)
    }
}
