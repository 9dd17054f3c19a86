//! Cards in the form that the ranking library takes.

use super::Strength;
use crate::variant::Ranking;
use aya_poker::base as aya;
use wire::Card;

/// Up to seven different cards, added one by one. It is two words and `Copy`: cards that several
/// hands share are added once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally(aya::Hand);

impl Tally {
    /// Returns a tally without cards.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self(aya::Hand::new())
    }

    /// Adds a card that is not among those added before. The limit of seven cards is not checked.
    #[inline]
    pub fn add(&mut self, card: Card) {
        self.0.insert_unchecked(&LIBRARY_CARDS[usize::from(card.index())]);
    }

    /// Returns the strength of the best high hand among at least five cards.
    #[must_use]
    #[inline]
    pub fn high(&self) -> Strength {
        Strength(aya_poker::poker_rank(&self.0).0.into())
    }

    /// Returns the strength of the best hand among the cards; `None` when it does not qualify, or
    /// when the library has no such ranking.
    pub(super) fn strength(&self, ranking: Ranking) -> Option<Strength> {
        let strength = match ranking {
            Ranking::High => return Some(self.high()),
            Ranking::ShortDeck => aya_poker::short_deck_rank(&self.0).0,
            Ranking::AceToFive => aya_poker::ace_five_rank(&self.0).0,
            Ranking::EightOrBetter => match aya_poker::ace_five_rank(&self.0).to_lo_8_rank().0 {
                0 => return None,
                low => low,
            },
            Ranking::Badugi => aya_poker::badugi_rank(&self.0).0,
            Ranking::DeuceToSeven => return None,
        };
        Some(Strength(strength.into()))
    }
}

impl Default for Tally {
    fn default() -> Self {
        Self::new()
    }
}

impl FromIterator<Card> for Tally {
    #[inline]
    fn from_iter<I: IntoIterator<Item = Card>>(cards: I) -> Self {
        let mut tally = Self::new();
        cards.into_iter().for_each(|card| tally.add(card));
        tally
    }
}

/// The library's cards by our numbers: both count rank by rank from the deuce, clubs first. The
/// table has a place for every value of a byte, so that the compiler leaves the bounds check out.
static LIBRARY_CARDS: [aya::Card; 256] = {
    let mut cards = [aya::CARDS[0]; 256];
    let mut number = 0;
    while number < aya::CARDS.len() {
        cards[number] = aya::CARDS[number];
        number += 1;
    }
    cards
};
