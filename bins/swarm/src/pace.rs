//! The times that players think, and all other random choices: all follow from the printed seed.

use rand_chacha::{ChaCha8Rng, rand_core::Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use wire::{Action, Legal};

/// When players act.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Pace {
    /// As soon as it is their turn: a closed loop, one action under way at each table.
    AtOnce,
    /// Like people: times from a log-normal distribution.
    Human {
        /// The median: half of the actions take at most this long.
        median_ms: u32,
        /// Standard deviation of the logarithm: 0.6 lets one in twenty take three times the median.
        spread: f64,
    },
}

/// Of a hundred actions, this many bet or raise the least that is allowed, so that players do not
/// bust soon.
const RAISES: u32 = 8;
/// Of a hundred actions that face a bet, this many fold.
const FOLDS: u32 = 22;
/// Longest think time: longer draws of the distribution are cut to it.
const LONGEST: Duration = Duration::from_secs(60);

/// A source of random numbers; each table has its own.
#[derive(Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// Returns the source for `stream` of the run with this seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Draws a random number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Returns the numbers below `end` in some order.
    pub fn shuffled(&mut self, end: usize) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..end).collect();
        for last in (1..end).rev() {
            // The bias does not matter here.
            numbers.swap(last, (self.number() % (last as u64 + 1)) as usize);
        }
        numbers
    }

    /// Returns a random number below `end`, which is small enough that the bias does not matter.
    pub fn below(&mut self, end: u32) -> u32 {
        self.0.next_u32() % end.max(1)
    }

    /// Draws a number from 0 (exclusive) to 1.
    fn unit(&mut self) -> f64 {
        (f64::from(self.0.next_u32()) + 1.0) / (f64::from(u32::MAX) + 1.0)
    }

    /// Returns how long a player thinks.
    pub fn think(&mut self, pace: Pace) -> Duration {
        match pace {
            Pace::AtOnce => Duration::ZERO,
            Pace::Human { median_ms, spread } => {
                // Box and Muller (1958).
                let normal = (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
                let ms = f64::from(median_ms) * (spread * normal).exp();
                Duration::from_secs_f64((ms / 1_000.0).min(LONGEST.as_secs_f64()))
            }
        }
    }

    /// Returns a player's action: mostly checks and calls, so that hands take several actions.
    pub fn act(&mut self, legal: &Legal) -> Action {
        let draw = self.below(100);
        if let Some(bounds) = legal.bet.filter(|bounds| draw < RAISES && bounds.min < bounds.max) {
            return Action::Bet(bounds.min);
        }
        if let Some(bounds) = legal.raise.filter(|bounds| draw < RAISES && bounds.min < bounds.max) {
            return Action::RaiseTo(bounds.min);
        }
        if legal.discard.is_some() {
            return Action::Discard(Vec::new());
        }
        if legal.bring_in.is_some() {
            return Action::BringIn;
        }
        match legal.call {
            _ if legal.check => Action::Check,
            Some(_) if draw >= RAISES + FOLDS => Action::Call,
            _ => Action::Fold,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffled_numbers_are_all_there_in_another_order() {
        let mut numbers = Chance::new(1, 2).shuffled(100);
        assert!(!numbers.is_sorted());
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..100));
    }

    #[test]
    fn the_same_seed_makes_the_same_choices() {
        let draw = |seed, stream| {
            let mut chance = Chance::new(seed, stream);
            (0..8).map(|_| chance.number()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn people_think_as_long_as_the_distribution_says() {
        let pace = Pace::Human { median_ms: 4_000, spread: 0.6 };
        let mut chance = Chance::new(7, 0);
        let mut times: Vec<_> = (0..10_000).map(|_| chance.think(pace)).collect();
        times.sort();
        let at = |n: usize| times[n].as_secs_f64();
        assert!((3.8..4.2).contains(&at(5_000)), "{}", at(5_000));
        assert!((10.0..11.5).contains(&at(9_500)), "{}", at(9_500));
    }

    #[test]
    fn actions_are_legal() {
        let mut chance = Chance::new(1, 1);
        let facing = Legal { fold: true, call: Some(wire::Chips(5)), ..Legal::default() };
        let free = Legal { fold: true, check: true, ..Legal::default() };
        let mut folds = 0;
        for _ in 0..1_000 {
            assert_eq!(chance.act(&free), Action::Check);
            folds += u32::from(chance.act(&facing) == Action::Fold);
        }
        assert!((200..400).contains(&folds), "{folds}");
    }
}
