//! Rollouts in a bare loop over the ranking library of the bots: the least that their estimates
//! cost.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use rs_poker::core::{Card, SevenCardAccum, Suit, Value};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// Hands of a showdown: about as many as are still in when a bot at a table of five is asked.
const HANDS: usize = 3;
/// Two cards each, and the board.
const DEALT: usize = 2 * HANDS + 5;
/// Rollouts between two looks at the clock.
const BATCH: u64 = 1_024;

/// Rollouts per second on one core: deals from a whole deck, all hands ranked.
pub(super) fn rollouts_per_s(time: Duration) -> f64 {
    let mut deck: Vec<Card> =
        (0..52).map(|card| Card::new(Value::from_u8(card / 4), Suit::from_u8(card % 4))).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (began, mut rollouts) = (Instant::now(), 0_u64);
    while began.elapsed() < time {
        for _ in 0..BATCH {
            for place in 0..DEALT {
                let left = (deck.len() - place) as u64;
                deck.swap(place, place + ((u64::from(rng.next_u32()) * left) >> 32) as usize);
            }
            let (hands, board) = deck[..DEALT].split_at(2 * HANDS);
            let board = board.iter().fold(SevenCardAccum::new(), |sum, &card| sum + card);
            for hand in hands.chunks_exact(2) {
                black_box(hand.iter().fold(board, |sum, &card| sum + card).rank());
            }
        }
        rollouts += BATCH;
    }
    rollouts as f64 / began.elapsed().as_secs_f64()
}
