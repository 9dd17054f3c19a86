//! Decks that are committed to card by card: what a table computes for each hand.

use crate::rate;
use poker::dealing::{commitment, opening};
use std::hint::black_box;
use wire::{
    HandNo, TableId,
    deal::{Dealt, Octets},
    event::Seed,
};

/// Five cards of a board and two shown hands, of 20 places.
const DEALT: Dealt = Dealt { places: 20, open: 0b1101_0111_0000_0000_1111 };

/// Measures the hands per second of which one core can commit to the next deck and open the last.
pub fn measure() -> f64 {
    let mut hand = HandNo(0);
    let hands = rate(|| {
        for _ in 0..100 {
            hand = hand.next();
            let mut seed = Seed([7; 32]);
            seed.0[..8].copy_from_slice(&hand.0.to_le_bytes());
            black_box(commitment(TableId(1), hand, &Octets([0; 32]), &seed));
            black_box(opening(&seed, DEALT));
        }
        (100, 0)
    });
    hands.hands
}
