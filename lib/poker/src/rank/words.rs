//! Names of hands for people: `two pair, aces and tens`, `8-6-4-3-A low`.

use super::{best_cards, strength};
use crate::variant::{Ranking, Selection, Variant};
use wire::{Card, HoleCards};

const ONE: [&str; 13] = [
    "deuce", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "jack", "queen", "king", "ace",
];
const MANY: [&str; 13] = [
    "deuces", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines", "tens", "jacks", "queens",
    "kings", "aces",
];
const SYMBOLS: [&str; 13] = ["2", "3", "4", "5", "6", "7", "8", "9", "T", "J", "Q", "K", "A"];

/// Returns the name of the hand that the cards make in a variant, also of an incomplete hand. A
/// hi-lo hand with a low that qualifies has both names.
#[must_use]
pub fn describe(variant: &Variant, hole: &[Card], board: &[Card]) -> String {
    let mut words = String::new();
    for (nth, &ranking) in variant.rankings.iter().enumerate() {
        if nth > 0 && strength(ranking, variant.selection, hole, board).is_none() {
            continue;
        }
        let best = || best_cards(ranking, variant.selection, hole, board);
        // The name of a high hand follows from all cards as well as from the best five, which cost
        // more time to find.
        let cards = || match variant.selection {
            Selection::Any => hole.iter().chain(board).copied().collect::<HoleCards>(),
            Selection::FromHole(_) => best(),
        };
        let part = match ranking {
            Ranking::High => high(&cards(), Some(0)),
            Ranking::ShortDeck => high(&cards(), Some(4)),
            Ranking::AceToFive | Ranking::EightOrBetter => low(&best(), true),
            Ranking::DeuceToSeven => low(&best(), false),
            Ranking::Badugi => badugi(&best()),
        };
        words = if nth == 0 { part } else { [&words, "; ", &part].concat() };
    }
    words
}

/// The number of cards of each rank, and the ranks of each suit as bits.
struct Count {
    ranks: [u8; 13],
    suits: [u16; 4],
}

impl Count {
    /// Counts ranks from the deuce to the ace or, with the ace low, from the ace to the king.
    fn of(cards: &[Card], ace_low: bool) -> Self {
        let mut count = Self { ranks: [0; 13], suits: [0; 4] };
        for card in cards {
            let rank = if ace_low { (card.rank().0 + 1) % 13 } else { card.rank().0 };
            count.ranks[usize::from(rank)] += 1;
            count.suits[usize::from(card.suit().0)] |= 1 << rank;
        }
        count
    }

    /// Returns the two most frequent ranks, the higher one first among equals, each with its number
    /// of cards.
    fn groups(&self) -> [(u8, usize); 2] {
        let mut groups = [(0, 0); 2];
        for (rank, &count) in self.ranks.iter().enumerate() {
            if (count, rank) >= groups[0] {
                groups = [(count, rank), groups[0]];
            } else if (count, rank) >= groups[1] {
                groups[1] = (count, rank);
            }
        }
        groups
    }

    /// Returns the ranks of a suit that at least five cards have.
    fn flush(&self) -> Option<u16> {
        self.suits.iter().copied().find(|ranks| ranks.count_ones() >= 5)
    }

    fn all(&self) -> u16 {
        self.suits.iter().fold(0, |all, ranks| all | ranks)
    }
}

/// Returns the top card of the highest straight among these ranks. An ace also stands below
/// `wheel`, the lowest rank of the deck.
fn straight(ranks: u16, wheel: Option<u8>) -> Option<usize> {
    let top = (4..13usize).rev().find(|top| ranks >> (top - 4) & 0b1_1111 == 0b1_1111);
    top.or_else(|| {
        let lowest = wheel?;
        let under_ace = ranks >> 12 & 1 == 1 && ranks >> lowest & 0b1111 == 0b1111;
        under_ace.then_some(usize::from(lowest) + 3)
    })
}

fn word(words: &[&'static str; 13], rank: usize) -> &'static str {
    words[rank.min(12)]
}

/// Returns the name of the best high hand of up to seven cards.
fn high(cards: &[Card], wheel: Option<u8>) -> String {
    let count = Count::of(cards, false);
    let flush = count.flush();
    let one = |rank| word(&ONE, rank);
    match flush.and_then(|ranks| straight(ranks, wheel)) {
        Some(12) => return "royal flush".to_owned(),
        Some(top) => return ["straight flush, ", one(top), " high"].concat(),
        None => {}
    }
    match (count.groups()[0].0, flush, straight(count.all(), wheel)) {
        // Seven cards with a flush or a straight have no room for more than three of a kind.
        (0..4, Some(ranks), _) => ["flush, ", one(ranks.ilog2() as usize), " high"].concat(),
        (0..4, _, Some(top)) => ["straight, ", one(top), " high"].concat(),
        _ => of_a_kind(&count, |rank| rank),
    }
}

/// Returns the name of a hand of pairs, or three or four of a kind, or of a high card. `rank` maps
/// counted ranks to their places in the lists of words.
fn of_a_kind(count: &Count, rank: impl Fn(usize) -> usize) -> String {
    let [(most, first), (next, second)] = count.groups();
    let (first, second) = (rank(first), rank(second));
    let (one, many) = (|rank| word(&ONE, rank), |rank| word(&MANY, rank));
    match (most, next) {
        (4.., _) => ["four of a kind, ", many(first)].concat(),
        (3, 2..) => ["full house, ", many(first), " full of ", many(second)].concat(),
        (3, _) => ["three of a kind, ", many(first)].concat(),
        (2, 2) => ["two pair, ", many(first), " and ", many(second)].concat(),
        (2, _) => ["pair of ", many(first)].concat(),
        (1, _) => [one(first), " high"].concat(),
        _ => "no cards".to_owned(),
    }
}

/// Returns the name of a low hand of the best cards. In deuce-to-seven aces are high, and straights
/// and flushes count, but A-5-4-3-2 is no straight.
fn low(best: &[Card], ace_low: bool) -> String {
    let count = Count::of(best, ace_low);
    let paired = count.groups()[0].0 > 1;
    if !ace_low && (paired || count.flush().is_some() || straight(count.all(), None).is_some()) {
        return high(best, None);
    }
    if paired {
        return of_a_kind(&count, |rank| (rank + 12) % 13);
    }
    let held = (0..13).rev().filter(|&rank| count.ranks[rank] > 0);
    let ranks: Vec<&str> =
        held.map(|rank| word(&SYMBOLS, if ace_low { (rank + 12) % 13 } else { rank })).collect();
    format!("{} low", ranks.join("-"))
}

fn badugi(cards: &[Card]) -> String {
    // The best subset of different ranks and suits: more cards first, then the lowest.
    let low = |card: &Card| (card.rank().0 + 1) % 13;
    let mut best: Vec<&Card> = Vec::new();
    for mask in 0u32..1 << cards.len().min(7) {
        let mut chosen: Vec<&Card> =
            (0..).zip(cards).filter(|(at, _)| mask >> at & 1 == 1).map(|(_, card)| card).collect();
        let clash = |a: &Card, b: &Card| a.rank() == b.rank() || a.suit() == b.suit();
        if (1..chosen.len()).any(|at| chosen[..at].iter().any(|card| clash(card, chosen[at]))) {
            continue;
        }
        chosen.sort_unstable_by_key(|card| std::cmp::Reverse(low(card)));
        let key = |hand: &[&Card]| hand.iter().map(|card| low(card)).collect::<Vec<_>>();
        let better = chosen.len() > best.len() || chosen.len() == best.len() && key(&chosen) < key(&best);
        if better {
            best = chosen;
        }
    }
    let ranks: Vec<&str> = best.iter().map(|card| word(&SYMBOLS, card.rank().0.into())).collect();
    match best.len() {
        4 => format!("badugi, {}", ranks.join("-")),
        count => format!("{count} cards, {}", ranks.join("-")),
    }
}
