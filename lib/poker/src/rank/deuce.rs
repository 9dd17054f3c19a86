//! Deuce-to-seven low: the high ranking inverted, with aces always high, so that A-5-4-3-2 is no
//! straight.

use super::{Strength, for_each_choice};
use wire::Card;

/// Returns the strength of the lowest five-card hand among five to seven cards.
pub(super) fn best(cards: &[Card]) -> Strength {
    let mut best = Strength(0);
    for_each_choice(cards, 5, &mut |five| best = best.max(of_five(five)));
    best
}

/// Returns the strength of five cards: the category of the high ranking, then the ranks, the most
/// frequent first; all inverted.
fn of_five(five: &[Card]) -> Strength {
    let mut counts = [0u32; 13];
    for card in five {
        counts[usize::from(card.rank().0)] += 1;
    }
    let mut ranks: [(u32, u32); 5] = [(0, 0); 5];
    let held = (0u32..).zip(counts).filter(|&(_, count)| count > 0);
    for (place, (rank, count)) in ranks.iter_mut().zip(held) {
        *place = (count, rank);
    }
    ranks.sort_unstable_by(|a, b| b.cmp(a));
    let flush = five.iter().all(|card| card.suit() == five[0].suit());
    let straight = ranks[4].0 == 1 && ranks[0].1 - ranks[4].1 == 4;
    let category = match (ranks[0].0, ranks[1].0) {
        _ if straight && flush => 8,
        (4, _) => 7,
        (3, 2) => 6,
        _ if flush => 5,
        _ if straight => 4,
        (3, _) => 3,
        (2, 2) => 2,
        (2, _) => 1,
        _ => 0,
    };
    let high = ranks.iter().fold(category, |high, &(_, rank)| high << 4 | rank);
    Strength(u32::MAX - high)
}
