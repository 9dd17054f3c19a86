//! Draws by lot, repeatable from a seed: ChaCha20 keyed with the seed, one stream per draw, so that
//! a draw does not depend on the number of draws before it.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use wire::event::Seed;

/// A source of lots.
pub(crate) struct Draw(ChaCha20Rng);

impl Draw {
    /// Returns stream number `stream` of the seed. Stream 0 draws the seats at the start.
    pub(crate) fn new(seed: &Seed, stream: u64) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed.0);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Returns a number below `bound`, all equally likely (draws above the largest multiple of
    /// `bound` are thrown away); 0 for bounds 0 and 1.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound < 2 {
            return 0;
        }
        let bound = bound as u64;
        let accepted = u64::MAX - u64::MAX % bound;
        loop {
            let lot = self.0.next_u64();
            if lot < accepted {
                return (lot % bound) as usize;
            }
        }
    }

    /// Draws one of the items.
    pub(crate) fn one<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        items.get(self.below(items.len())).copied()
    }

    /// Shuffles (Fisher and Yates), from the last item down.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_repeats_and_streams_differ() {
        let deal = |stream| {
            let mut items: Vec<u8> = (0..50).collect();
            Draw::new(&Seed([7; 32]), stream).shuffle(&mut items);
            items
        };
        assert_eq!(deal(1), deal(1));
        assert_ne!(deal(1), deal(2));
        let mut sorted = deal(1);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<u8>>());
    }

    #[test]
    fn every_order_comes_up_about_as_often() {
        let mut counts = std::collections::BTreeMap::new();
        let mut draw = Draw::new(&Seed([1; 32]), 0);
        for _ in 0..6_000 {
            let mut items = [0, 1, 2];
            draw.shuffle(&mut items);
            *counts.entry(items).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(counts.values().all(|&n| (850..1_150).contains(&n)), "{counts:?}");
        assert_eq!(draw.one::<u8>(&[]), None);
    }
}
