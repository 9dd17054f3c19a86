//! Random draws from the seed. Each user has a stream of its own, so that draws of one never change
//! those of another.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::time::Duration;

/// A stream of random draws.
#[derive(Clone, Debug)]
pub struct Chance(ChaCha8Rng);

/// A user of random draws.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    /// The schedule of faults.
    Schedule,
    /// The way in which a fault is carried out.
    Faults,
    /// A player's program.
    Player(u32),
    /// A visitor's program.
    Visitor(u32),
}

impl Chance {
    /// Returns a user's stream of this seed.
    #[must_use]
    pub fn new(seed: u64, stream: Stream) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        chance.set_stream(match stream {
            Stream::Schedule => 0,
            Stream::Faults => 1,
            Stream::Player(number) => (1 << 32) | u64::from(number),
            Stream::Visitor(number) => (2 << 32) | u64::from(number),
        });
        Self(chance)
    }

    /// Returns a number from 0 to `below - 1`; 0 when `below` is 0. The bias is below 2^-32.
    pub fn below(&mut self, below: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(below)) >> 64) as u64
    }

    /// Returns a number from `least` to `most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least) + 1)
    }

    /// Returns true with a probability of one in `times`.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Returns a duration from `least_ms` to `most_ms`.
    pub fn pause(&mut self, least_ms: u64, most_ms: u64) -> Duration {
        Duration::from_millis(self.between(least_ms, most_ms))
    }

    /// Returns a random item; `None` of an empty slice.
    pub fn pick<'a, T>(&mut self, some: &'a [T]) -> Option<&'a T> {
        let at = usize::try_from(self.below(some.len() as u64)).ok()?;
        some.get(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_chance_and_streams_differ() {
        let draw = |seed, stream| {
            let mut chance = Chance::new(seed, stream);
            [(); 4].map(|()| chance.below(1_000_000))
        };
        assert_eq!(draw(7, Stream::Player(3)), draw(7, Stream::Player(3)));
        assert_ne!(draw(7, Stream::Player(3)), draw(7, Stream::Player(4)));
        assert_ne!(draw(7, Stream::Player(3)), draw(8, Stream::Player(3)));
        assert_ne!(draw(7, Stream::Player(3)), draw(7, Stream::Visitor(3)));
    }

    #[test]
    fn numbers_stay_in_their_bounds() {
        let mut chance = Chance::new(1, Stream::Schedule);
        let drawn: Vec<u64> = (0..1_000).map(|_| chance.between(3, 5)).collect();
        assert!([3, 4, 5].iter().all(|n| drawn.contains(n)));
        assert!(drawn.iter().all(|n| (3..=5).contains(n)));
    }
}
