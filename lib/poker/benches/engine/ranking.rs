//! Seven-card high hands ranked per second: through this crate, and through the library alone on
//! cards of its own.

use crate::TIME;
use aya_poker::base::{CARDS, Hand};
use poker::{random::Dice, rank, shuffle};
use std::{hint::black_box, time::Instant};
use wire::{Card, event::Seed};

/// The number of turns between the two, so that other load of the machine hits both.
const TURNS: u32 = 30;

/// Returns this crate's figure and the library's.
pub fn measure() -> (f64, f64) {
    let mut dice = Dice::new(3);
    let mut sevens: Vec<[Card; 7]> = Vec::with_capacity(1 << 14);
    while sevens.len() < 1 << 14 {
        let seed = Seed(std::array::from_fn(|_| dice.below(256) as u8));
        sevens.extend(
            shuffle::deck(&seed).chunks_exact(7).filter_map(|cards| <[Card; 7]>::try_from(cards).ok()),
        );
    }
    let library_cards: Vec<_> =
        sevens.iter().map(|cards| cards.map(|card| CARDS[usize::from(card.index())])).collect();
    let (mut own, mut raw) = (0.0, 0.0);
    for _ in 0..TURNS {
        own += per_second(&sevens, |cards| u64::from(rank::high(cards.iter().copied()).0));
        raw += per_second(&library_cards, |cards| {
            let mut hand = Hand::new();
            cards.iter().for_each(|card| hand.insert_unchecked(card));
            u64::from(aya_poker::poker_rank(&hand).0)
        });
    }
    (own / f64::from(TURNS), raw / f64::from(TURNS))
}

fn per_second<T>(items: &[T], mut rank: impl FnMut(&T) -> u64) -> f64 {
    let (mut count, mut sum) = (0_u64, 0_u64);
    let began = Instant::now();
    while began.elapsed() < TIME / TURNS {
        for item in items {
            sum = sum.wrapping_add(rank(black_box(item)));
        }
        count += items.len() as u64;
    }
    black_box(sum);
    count as f64 / began.elapsed().as_secs_f64()
}
