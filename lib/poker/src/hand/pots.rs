//! Main pot and side pots (TDA 21), from what everybody has put in.

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
    /// What a player must have put in, dead money aside, to have a claim on it.
    pub price: Chips,
}

impl Pot {
    /// Whether a player has a claim on it.
    #[must_use]
    pub fn is_open_to(&self, seat: &HandSeat) -> bool {
        seat.is_in() && seat.matched() >= self.price
    }
}

/// Pots, main pot first, counted one by one.
pub(super) struct Pots<'a> {
    seats: &'a Seats,
    /// What the pots are divided at, rising; the last is the most that a player left in has put in.
    prices: [Chips; MAX_PLAYERS + 1],
    count: usize,
    next: usize,
}

impl Hand {
    /// The pots to award: one more for every different amount that players left in could put in.
    pub(super) fn final_pots(&self) -> Pots<'_> {
        Pots::new(&self.seats, |_| true)
    }

    /// The pots as they stand: divided only by players who are all-in.
    pub(super) fn live_pots(&self) -> Pots<'_> {
        Pots::new(&self.seats, |seat| seat.stack.is_zero())
    }
}

impl<'a> Pots<'a> {
    /// Pots divided at what the chosen ones of the players left in have put in.
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

    /// Puts a price in its place among the others, if it is not there.
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

    /// The pot between two prices. Dead money is the main pot's; what folded players have put in above everybody left
    /// goes to the last one.
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
