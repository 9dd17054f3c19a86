//! The chips put in during a hand, seat by seat, and the pots that they make.

use std::collections::BTreeMap;
use wire::{Chips, SeatNo};

/// The chips that each seat has put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Paid {
    /// Bets and blinds by seat, which decide how much each player can win.
    live: BTreeMap<SeatNo, Chips>,
    /// Antes paid for all players, and missed blinds: part of the main pot.
    dead: Chips,
    /// Seats that have folded: their chips stay in the pots, but they cannot win.
    folded: Vec<SeatNo>,
}

impl Paid {
    /// Takes in chips that a seat puts in for itself.
    pub(super) fn add(&mut self, seat: SeatNo, amount: Chips) {
        let live = self.live.entry(seat).or_default();
        *live = live.plus(amount);
    }

    /// Takes in chips that a seat puts in for the whole table, or without playing for them.
    pub(super) fn add_dead(&mut self, amount: Chips) {
        self.dead = self.dead.plus(amount);
    }

    /// Gives chips back to a seat.
    pub(super) fn take_back(&mut self, seat: SeatNo, amount: Chips) {
        let live = self.live.entry(seat).or_default();
        *live = live.minus_or_zero(amount);
    }

    /// Notes that a seat can no longer win a pot.
    pub(super) fn fold(&mut self, seat: SeatNo) {
        self.folded.push(seat);
    }

    /// Returns the pots, main pot first: each player who is all-in for less than others paid, and
    /// has not folded, begins a further pot.
    pub(super) fn pots(&self, all_in: impl Fn(SeatNo) -> bool) -> Vec<Chips> {
        let most = self.live.values().copied().max().unwrap_or_default();
        let mut caps: Vec<Chips> = self
            .live
            .iter()
            .filter(|&(seat, paid)| !paid.is_zero() && !self.folded.contains(seat) && all_in(*seat))
            .map(|(_, &paid)| paid)
            .chain([most])
            .collect();
        caps.sort_unstable();
        caps.dedup();
        let mut below = Chips::ZERO;
        let mut pots: Vec<Chips> = Vec::with_capacity(caps.len());
        for cap in caps {
            let layer = |paid: &Chips| (*paid).min(cap).minus_or_zero(below);
            pots.push(self.live.values().map(layer).sum());
            below = cap;
        }
        match pots.first_mut() {
            Some(main) => *main = main.plus(self.dead),
            None => pots.push(self.dead),
        }
        pots
    }
}
