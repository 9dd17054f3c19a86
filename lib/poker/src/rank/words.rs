//! What a hand is called, for people: `two pair, aces and tens`, `8-6-4-3-A low`.

use super::{Ranking, best_cards, strength};
use crate::variant::Variant;
use wire::Card;

const ONE: [&str; 13] = [
    "deuce", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "jack", "queen", "king", "ace",
];
const MANY: [&str; 13] = [
    "deuces", "threes", "fours", "fives", "sixes", "sevens", "eights", "nines", "tens", "jacks", "queens",
    "kings", "aces",
];
const SYMBOLS: [&str; 13] = ["2", "3", "4", "5", "6", "7", "8", "9", "T", "J", "Q", "K", "A"];

/// What the cards make in a variant, in words. Works on an incomplete hand too; hi-lo hands with a low that
/// qualifies name both.
#[must_use]
pub fn describe(variant: &Variant, hole: &[Card], board: &[Card]) -> String {
    let mut words = String::new();
    for (nth, &ranking) in variant.rankings.iter().enumerate() {
        if nth > 0 {
            if strength(ranking, variant.selection, hole, board).is_none() {
                continue;
            }
            words.push_str("; ");
        }
        let best = best_cards(ranking, variant.selection, hole, board);
        let part = match ranking {
            Ranking::High | Ranking::ShortDeck => high(&best, 12),
            Ranking::AceToFive | Ranking::EightOrBetter => low(&best, true),
            Ranking::DeuceToSeven => low(&best, false),
            Ranking::Badugi => badugi(&best),
        };
        words.push_str(&part);
    }
    words
}

/// Ranks as held, most often first, then highest first. `ace` is where the ace counts: 12 high, -1 low.
fn held(cards: &[Card], ace: i8) -> Vec<(usize, i8)> {
    let mut held: Vec<(usize, i8)> = Vec::with_capacity(5);
    for card in cards {
        let rank = match card.rank().0 as i8 {
            12 => ace,
            rank => rank,
        };
        match held.iter_mut().find(|(_, known)| *known == rank) {
            Some((count, _)) => *count += 1,
            None => held.push((1, rank)),
        }
    }
    held.sort_unstable_by(|a, b| b.cmp(a));
    held
}

fn word(words: &[&'static str; 13], rank: i8) -> &'static str {
    words[usize::try_from(rank).unwrap_or(12).min(12)]
}

fn high(best: &[Card], ace: i8) -> String {
    let held = held(best, ace);
    let [first, second] = [held.first(), held.get(1)].map(|rank| rank.copied().unwrap_or((0, 0)));
    let flush = best.len() == 5 && best.iter().all(|card| card.suit() == best[0].suit());
    let straight = straight_to(&held);
    let (one, many) = (|rank| word(&ONE, rank), |rank| word(&MANY, rank));
    match (first.0, second.0, straight) {
        (_, _, Some(12)) if flush => "royal flush".to_owned(),
        (_, _, Some(top)) if flush => format!("straight flush, {} high", one(top)),
        (4, ..) => format!("four of a kind, {}", many(first.1)),
        (3, 2, _) => format!("full house, {} full of {}", many(first.1), many(second.1)),
        _ if flush => format!("flush, {} high", one(first.1)),
        (_, _, Some(top)) => format!("straight, {} high", one(top)),
        (3, ..) => format!("three of a kind, {}", many(first.1)),
        (2, 2, _) => format!("two pair, {} and {}", many(first.1), many(second.1)),
        (2, ..) => format!("pair of {}", many(first.1)),
        (1, ..) => format!("{} high", one(first.1)),
        _ => "no cards".to_owned(),
    }
}

/// The top card of a straight of five. An ace may also stand below the lowest card of the deck: the deuce or,
/// short-decked, the six.
fn straight_to(held: &[(usize, i8)]) -> Option<i8> {
    let (&[(_, top), (_, next), .., (_, bottom)], 5) = (held, held.len()) else {
        return None;
    };
    if top - bottom == 4 {
        return Some(top);
    }
    let under_ace = next - bottom == 3 && (bottom == 0 || bottom == 4);
    (top == 12 && under_ace).then_some(next)
}

fn low(best: &[Card], ace_low: bool) -> String {
    let held = held(best, if ace_low { -1 } else { 12 });
    let paired = held.first().is_some_and(|&(count, _)| count > 1);
    if paired {
        return high(best, if ace_low { -1 } else { 12 });
    }
    let wheel = held.first().is_some_and(|&(_, rank)| rank == 12);
    let flush = best.len() == 5 && best.iter().all(|card| card.suit() == best[0].suit());
    // In deuce-to-seven a straight counts, but not A-5-4-3-2; in ace-to-five neither straights nor flushes do.
    let counts = !ace_low && (flush || straight_to(&held).is_some_and(|top| !wheel || top == 12));
    if counts {
        return high(best, 12);
    }
    format!("{} low", symbols(&held))
}

fn symbols(held: &[(usize, i8)]) -> String {
    let symbols: Vec<&str> = held.iter().map(|&(_, rank)| word(&SYMBOLS, rank)).collect();
    symbols.join("-")
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
    let ranks: Vec<&str> = best.iter().map(|card| word(&SYMBOLS, card.rank().0 as i8)).collect();
    match best.len() {
        4 => format!("badugi, {}", ranks.join("-")),
        count => format!("{count} cards, {}", ranks.join("-")),
    }
}
