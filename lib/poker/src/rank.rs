//! What a hand is worth. Libraries rank ([`rs_poker`] high hands, [`aya_poker`] short deck, ace-to-five and
//! badugi); only deuce-to-seven is our own, because the library's takes A-5-4-3-2 for a straight.
//!
//! What always holds: of two strengths of the same ranking, the larger one wins, and equal ones tie.

mod deuce;
mod showing;
mod words;

use crate::{cards::Cards, variant::Variant};
use aya_poker::base as aya;
use rs_poker::core::SevenCardAccum;
use wire::Card;

pub use showing::{showing_high, showing_low};
pub use words::describe;

/// A way to rank hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ranking {
    /// The usual one: straight flush down to high card, aces high, and low in A-2-3-4-5.
    High,
    /// With 36 cards: a flush beats a full house, A-6-7-8-9 is a straight.
    ShortDeck,
    /// Lowest hand wins, aces low, straights and flushes do not count.
    AceToFive,
    /// The same, but only hands of five different ranks up to the eight qualify.
    EightOrBetter,
    /// Lowest hand wins, aces high, straights and flushes count against it.
    DeuceToSeven,
    /// Lowest hand of different ranks and suits wins, more cards before fewer, aces low.
    Badugi,
}

/// Which of a player's cards and the board's make the hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    /// Any of them.
    Any,
    /// Exactly so many hole cards, the rest from the board.
    FromHole(u8),
}

/// How strong a hand is under one ranking: larger wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Strength(pub u32);

impl Ranking {
    /// Cards in a complete hand.
    #[must_use]
    pub const fn hand_size(self) -> usize {
        match self {
            Self::Badugi => 4,
            _ => 5,
        }
    }

    /// The strength of the best hand out of at most seven cards; none when there are too few cards, or when the
    /// hand does not qualify.
    #[must_use]
    pub fn of(self, cards: &[Card]) -> Option<Strength> {
        if cards.len() < self.hand_size() || cards.len() > 7 {
            return None;
        }
        let strength = match self {
            Self::High => high(cards.iter().copied()),
            Self::ShortDeck => Strength(aya_poker::short_deck_rank(&aya_hand(cards)).0.into()),
            Self::AceToFive => Strength(aya_poker::ace_five_rank(&aya_hand(cards)).0.into()),
            Self::EightOrBetter => {
                let low = aya_poker::ace_five_rank(&aya_hand(cards)).to_lo_8_rank();
                if low.0 == 0 {
                    return None;
                }
                Strength(low.0.into())
            }
            Self::DeuceToSeven => deuce::best(cards),
            Self::Badugi => Strength(aya_poker::badugi_rank(&aya_hand(cards)).0.into()),
        };
        Some(strength)
    }
}

/// The strength under the usual high ranking of 5 to 7 cards: what Monte-Carlo rollouts call.
#[must_use]
pub fn high(cards: impl IntoIterator<Item = Card>) -> Strength {
    let mut tally = SevenCardAccum::new();
    for card in cards {
        tally.add(RS_POKER_CARDS[usize::from(card.index())]);
    }
    strength_of_tally(&tally)
}

fn strength_of_tally(tally: &SevenCardAccum) -> Strength {
    let rank = tally.rank();
    Strength((rank.category() as u32) << 12 | u32::from(rank.value_bits()))
}

/// The strength of the best hand that the rules of the selection allow; none when it does not qualify or is
/// not complete.
#[must_use]
pub fn strength(ranking: Ranking, selection: Selection, hole: &[Card], board: &[Card]) -> Option<Strength> {
    match selection {
        Selection::Any => {
            let cards: Cards<7> = hole.iter().chain(board).copied().collect();
            ranking.of(&cards)
        }
        Selection::FromHole(count) => {
            let mut best = None;
            let rest = ranking.hand_size().saturating_sub(count.into());
            for_each_choice(hole, count.into(), &mut |held| {
                for_each_choice(board, rest, &mut |shared| {
                    let cards: Cards<7> = held.iter().chain(shared).copied().collect();
                    best = best.max(ranking.of(&cards));
                });
            });
            best
        }
    }
}

/// The cards that make the hand: the strongest choice, or everything while the hand is not complete.
#[must_use]
pub fn best_cards(ranking: Ranking, selection: Selection, hole: &[Card], board: &[Card]) -> Cards<7> {
    let all: Cards<7> = hole.iter().chain(board).copied().collect();
    let size = ranking.hand_size();
    let mut best: (Option<Strength>, Cards<7>) = (None, all);
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
                    let cards: Cards<7> = held.iter().chain(shared).copied().collect();
                    consider(&cards);
                });
            });
        }
    }
    best.1
}

/// Calls `with` for every choice of `count` of the cards, at most seven.
fn for_each_choice(cards: &[Card], count: usize, with: &mut dyn FnMut(&[Card])) {
    fn go(rest: &[Card], count: usize, chosen: Cards<7>, with: &mut dyn FnMut(&[Card])) {
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
    go(cards, count, Cards::new(), with);
}

/// Strengths of one hand under each ranking of a variant, in the variant's order.
#[must_use]
pub fn strengths(variant: &Variant, hole: &[Card], board: &[Card]) -> [Option<Strength>; 2] {
    let mut strengths = [None; 2];
    for (place, &ranking) in strengths.iter_mut().zip(variant.rankings) {
        *place = strength(ranking, variant.selection, hole, board);
    }
    strengths
}

fn aya_hand(cards: &[Card]) -> aya::Hand {
    let mut hand = aya::Hand::new();
    for card in cards {
        // Both number their cards alike: rank by rank from the deuce, clubs first.
        hand.insert_unchecked(&aya::CARDS[usize::from(card.index())]);
    }
    hand
}

/// The library's cards by our numbers.
const RS_POKER_CARDS: [rs_poker::core::Card; 52] = {
    use rs_poker::core::{Card, Suit, Value};
    const SUITS: [Suit; 4] = [Suit::Club, Suit::Diamond, Suit::Heart, Suit::Spade];
    const VALUES: [Value; 13] = [
        Value::Two,
        Value::Three,
        Value::Four,
        Value::Five,
        Value::Six,
        Value::Seven,
        Value::Eight,
        Value::Nine,
        Value::Ten,
        Value::Jack,
        Value::Queen,
        Value::King,
        Value::Ace,
    ];
    let mut cards = [Card { value: Value::Two, suit: Suit::Club }; 52];
    let mut number = 0;
    while number < 52 {
        cards[number] = Card { value: VALUES[number / 4], suit: SUITS[number % 4] };
        number += 1;
    }
    cards
};
