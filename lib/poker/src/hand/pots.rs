//! Main pot and side pots (TDA 21), computed from the chips that each player has put in.

use super::{
    Hand, HandSeat,
    seats::{MAX_PLAYERS, Seats},
};
use wire::Chips;

/// One pot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pot {
    /// Chips in it.
    pub amount: Chips,
    /// The chips that a player must have put in, dead money aside, to have a claim on it.
    pub price: Chips,
}

impl Pot {
    /// Returns whether a player has a claim on it.
    #[must_use]
    pub fn is_open_to(&self, seat: &HandSeat) -> bool {
        seat.is_in() && seat.matched() >= self.price
    }
}

/// An iterator over pots, main pot first.
pub(super) struct Pots<'a> {
    seats: &'a Seats,
    /// The amounts that divide the pots, rising; the last is the most that a player left in has put
    /// in.
    prices: [Chips; MAX_PLAYERS + 1],
    count: usize,
    next: usize,
}

impl Hand {
    /// Returns the pots to award: one for every different amount that players left in have put in.
    pub(super) fn final_pots(&self) -> Pots<'_> {
        Pots::new(&self.seats, |_| true)
    }

    /// Returns the pots during play: only players who are all-in divide them.
    pub(super) fn live_pots(&self) -> Pots<'_> {
        Pots::new(&self.seats, |seat| seat.stack.is_zero())
    }
}

impl<'a> Pots<'a> {
    /// Divides the chips at the amounts that those players left in have put in for which `divides`
    /// is true.
    fn new(seats: &'a Seats, divides: impl Fn(&HandSeat) -> bool) -> Self {
        let mut pots = Self { seats, prices: [Chips::ZERO; MAX_PLAYERS + 1], count: 0, next: 0 };
        let mut most = Chips::ZERO;
        for seat in seats.in_play() {
            most = most.max(seat.matched());
            if divides(seat) {
                pots.divide_at(seat.matched());
            }
        }
        pots.divide_at(most);
        pots
    }

    /// Inserts a price in rising order, if it is not there yet.
    fn divide_at(&mut self, price: Chips) {
        let at = self.prices[..self.count].iter().take_while(|&&lower| lower < price).count();
        if at < self.count {
            if self.prices[at] == price {
                return;
            }
            self.prices.copy_within(at..self.count, at + 1);
        }
        self.prices[at] = price;
        self.count += 1;
    }

    /// Returns the pot between two prices. Dead money belongs to the main pot; chips that folded
    /// players have put in above all players left go to the last pot.
    fn between(&self, under: Chips, price: Chips, first: bool, last: bool) -> Pot {
        if first && last {
            return Pot { amount: self.seats.iter().map(|seat| seat.total).sum(), price };
        }
        let part = |seat: &HandSeat| {
            let live = if last { seat.matched() } else { seat.matched().min(price) };
            let dead = if first { seat.dead } else { Chips::ZERO };
            live.minus_or_zero(under).plus(dead)
        };
        Pot { amount: self.seats.iter().map(part).sum(), price }
    }
}

impl Iterator for Pots<'_> {
    type Item = Pot;

    fn next(&mut self) -> Option<Pot> {
        while self.next < self.count {
            let at = self.next;
            self.next += 1;
            let under = at.checked_sub(1).map_or(Chips::ZERO, |below| self.prices[below]);
            let pot = self.between(under, self.prices[at], at == 0, self.next == self.count);
            if !pot.amount.is_zero() {
                return Some(pot);
            }
        }
        None
    }
}
