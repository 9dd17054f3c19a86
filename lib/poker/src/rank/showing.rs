//! Comparison of cards face up: up to four, by pairs and ranks alone.

use std::cmp::Ordering;
use wire::Card;

/// Returns the ranks as one comparable value: the most frequent first, then the highest. `ace_high`
/// puts the ace above the king, otherwise it is below the deuce.
fn key(up: &[Card], ace_high: bool) -> [(u8, u8); 7] {
    let mut counts = [0u8; 13];
    for card in up {
        let rank = card.rank().0;
        counts[usize::from(if ace_high { rank } else { (rank + 1) % 13 })] += 1;
    }
    let mut key = [(0, 0); 7];
    let held = (1u8..).zip(counts).filter(|&(_, count)| count > 0);
    for (place, (rank, count)) in key.iter_mut().zip(held) {
        *place = (count, rank);
    }
    key.sort_unstable_by(|a, b| b.cmp(a));
    key
}

/// Compares cards face up by the high ranking.
#[must_use]
pub fn showing_high(a: &[Card], b: &[Card]) -> Ordering {
    key(a, true).cmp(&key(b, true))
}

/// Compares cards face up by the ace-to-five ranking: `Less` is the lower hand, which is the better
/// one.
#[must_use]
pub fn showing_low(a: &[Card], b: &[Card]) -> Ordering {
    key(a, false).cmp(&key(b, false))
}
