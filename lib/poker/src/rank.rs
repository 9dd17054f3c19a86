//! The ranking of hands. The library [`aya_poker`] ranks all of them but deuce-to-seven: there it
//! takes A-5-4-3-2 for a straight.
//!
//! Invariant: of two strengths of the same ranking the larger one wins, and equal ones tie.

mod deuce;
mod showing;
mod tally;
mod words;

use crate::variant::{Ranking, Selection, Variant};
use wire::{Card, HoleCards};

pub use showing::{showing_high, showing_low};
pub use tally::Tally;
pub use words::describe;

/// The strength of a hand under one ranking: the larger one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Strength(pub u32);

impl Ranking {
    /// Returns the number of cards in a complete hand.
    #[must_use]
    pub const fn hand_size(self) -> usize {
        match self {
            Self::Badugi => 4,
            _ => 5,
        }
    }

    /// Returns the strength of the best hand out of at most seven cards; `None` for fewer cards
    /// than a hand has or more than seven, and for a hand that does not qualify.
    #[must_use]
    pub fn of(self, cards: &[Card]) -> Option<Strength> {
        if cards.len() < self.hand_size() || cards.len() > 7 {
            return None;
        }
        match self {
            Self::DeuceToSeven => Some(deuce::best(cards)),
            _ => cards.iter().copied().collect::<Tally>().strength(self),
        }
    }
}

/// Returns the strength of 5 to 7 cards under the usual high ranking.
#[must_use]
#[inline]
pub fn high(cards: impl IntoIterator<Item = Card>) -> Strength {
    cards.into_iter().collect::<Tally>().high()
}

/// Returns the strength of the best hand that the selection allows; `None` when it does not qualify
/// or is not complete.
#[must_use]
pub fn strength(ranking: Ranking, selection: Selection, hole: &[Card], board: &[Card]) -> Option<Strength> {
    match selection {
        Selection::Any => {
            let cards: HoleCards = hole.iter().chain(board).copied().collect();
            ranking.of(&cards)
        }
        Selection::FromHole(count) => {
            let mut best = None;
            let rest = ranking.hand_size().saturating_sub(count.into());
            for_each_choice(hole, count.into(), &mut |held| {
                for_each_choice(board, rest, &mut |shared| {
                    let cards: HoleCards = held.iter().chain(shared).copied().collect();
                    best = best.max(ranking.of(&cards));
                });
            });
            best
        }
    }
}

/// Returns the cards that make the hand: the strongest choice, or all cards while the hand is not
/// complete.
#[must_use]
pub fn best_cards(ranking: Ranking, selection: Selection, hole: &[Card], board: &[Card]) -> HoleCards {
    let all: HoleCards = hole.iter().chain(board).copied().collect();
    let size = ranking.hand_size();
    let mut best: (Option<Strength>, HoleCards) = (None, all);
    let mut consider = |cards: &[Card]| {
        let strength = ranking.of(cards);
        if strength > best.0 {
            best = (strength, cards.iter().copied().collect());
        }
    };
    match selection {
        Selection::Any => for_each_choice(&all, size, &mut consider),
        Selection::FromHole(count) => {
            for_each_choice(hole, count.into(), &mut |held| {
                for_each_choice(board, size.saturating_sub(count.into()), &mut |shared| {
                    let cards: HoleCards = held.iter().chain(shared).copied().collect();
                    consider(&cards);
                });
            });
        }
    }
    best.1
}

/// Calls `with` for every choice of `count` of the cards, at most seven.
fn for_each_choice(cards: &[Card], count: usize, with: &mut dyn FnMut(&[Card])) {
    fn go(rest: &[Card], count: usize, chosen: HoleCards, with: &mut dyn FnMut(&[Card])) {
        if count == 0 {
            return with(&chosen);
        }
        for (at, &card) in rest.iter().enumerate() {
            if rest.len() - at < count {
                return;
            }
            let mut more = chosen;
            more.push(card);
            go(&rest[at + 1..], count - 1, more, with);
        }
    }
    go(cards, count, HoleCards::new(), with);
}

/// Returns the strengths of one hand under each ranking of a variant, in the variant's order.
#[must_use]
pub fn strengths(variant: &Variant, hole: &[Card], board: &[Card]) -> [Option<Strength>; 2] {
    let mut strengths = [None; 2];
    for (place, &ranking) in strengths.iter_mut().zip(variant.rankings) {
        *place = strength(ranking, variant.selection, hole, board);
    }
    strengths
}
