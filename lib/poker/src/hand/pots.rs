//! Main pot and side pots (TDA 21), from what everybody has put in.

use super::{Hand, HandSeat, seats::MAX_PLAYERS};
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

/// Pots, main pot first.
pub(super) type Pots = std::iter::Take<std::array::IntoIter<Pot, { MAX_PLAYERS + 1 }>>;

impl Hand {
    /// The pots to award: one more for every different amount that players left in could put in.
    pub(super) fn final_pots(&self) -> Pots {
        self.layers(|seat| seat.is_in())
    }

    /// The pots as they stand: divided only by players who are all-in.
    pub(super) fn live_pots(&self) -> Pots {
        self.layers(|seat| seat.is_in() && seat.stack.is_zero())
    }

    /// Pots divided at what the chosen players have put in. Dead money is the main pot's. What is above the
    /// last division makes one more pot when somebody is in for more, else goes to the last one.
    fn layers(&self, divides: impl Fn(&HandSeat) -> bool) -> Pots {
        let mut prices = [Chips::ZERO; MAX_PLAYERS + 1];
        let mut count = 0;
        let most = self.seats.in_play().map(HandSeat::matched).max().unwrap_or_default();
        let dividing = self.seats.iter().filter(|seat| divides(seat)).map(HandSeat::matched);
        for (place, price) in prices.iter_mut().zip(dividing.chain([most])) {
            *place = price;
            count += 1;
        }
        prices[..count].sort_unstable();
        let mut pots = [Pot::default(); MAX_PLAYERS + 1];
        let mut made = 0;
        let mut below = None;
        for &price in &prices[..count] {
            if below == Some(price) {
                continue;
            }
            let upto = |seat: &HandSeat| seat.matched().min(price);
            let under = below.unwrap_or_default();
            let mut amount: Chips = self.seats.iter().map(|seat| upto(seat).minus_or_zero(under)).sum();
            if made == 0 {
                amount = amount.plus(self.seats.iter().map(|seat| seat.dead).sum());
            }
            below = Some(price);
            if !amount.is_zero() {
                pots[made] = Pot { amount, price };
                made += 1;
            }
        }
        let above = |seat: &HandSeat| seat.matched().minus_or_zero(most);
        let rest: Chips = self.seats.iter().map(above).sum();
        if let Some(last) = made.checked_sub(1) {
            pots[last].amount = pots[last].amount.plus(rest);
        }
        pots.into_iter().take(made)
    }
}
