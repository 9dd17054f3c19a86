//! Hands that lie open on the table: up to four cards, compared by pairs and ranks alone.

use std::cmp::Ordering;
use wire::Card;

/// Ranks that are held most often first, then the highest, as one comparable value. `ace` says where it stands.
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

/// Compares open hands by the high ranking.
#[must_use]
pub fn showing_high(a: &[Card], b: &[Card]) -> Ordering {
    key(a, true).cmp(&key(b, true))
}

/// Compares open hands by the ace-to-five ranking: `Less` is the lower hand, which is the better one.
#[must_use]
pub fn showing_low(a: &[Card], b: &[Card]) -> Ordering {
    key(a, false).cmp(&key(b, false))
}
