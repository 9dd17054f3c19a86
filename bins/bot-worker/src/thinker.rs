//! The decision of an ask: first the estimate within its time, then the policy.
//!
//! Invariants: a decision takes no longer than its budget plus one batch of rollouts, and the same
//! seed and the same ask give the same random numbers. This module does not know where asks come
//! from and answers go.

use crate::{equity::Spot, policy};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use std::time::{Duration, Instant};
use wire::{Action, bots::BotAsk};

/// Limits of one decision.
#[derive(Clone, Copy, Debug)]
pub struct Thinker {
    /// The longest time for the estimate.
    pub budget: Duration,
    /// The most deals in an estimate; more would be more exact than the policy can use.
    pub rollouts: u32,
    /// The seed of all random numbers, together with table, hand and turn.
    pub seed: u64,
}

/// The result of one decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Thought {
    /// The action; `None` when the ask offers none.
    pub action: Option<Action>,
    /// The number of deals in the estimate.
    pub rollouts: u32,
}

impl Thinker {
    /// Decides an ask within `left` and the budget, whichever is shorter.
    #[must_use]
    pub fn think(&self, ask: &BotAsk, left: Duration) -> Thought {
        let until = Instant::now() + self.budget.min(left);
        let mut rng = self.chance(ask);
        let equity =
            Spot::of(ask).map(|spot| spot.estimate(self.rollouts, || Instant::now() >= until, &mut rng));
        let action = policy::choose(ask, equity.map(|equity| equity.share), &mut rng);
        Thought { action, rollouts: equity.map_or(0, |equity| equity.rollouts) }
    }

    /// Returns the random source of one turn.
    fn chance(&self, ask: &BotAsk) -> ChaCha8Rng {
        let mut seed = [0; 32];
        let words = [self.seed, ask.table.0, ask.hand.0, u64::from(ask.turn)];
        for (bytes, word) in seed.chunks_exact_mut(8).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asks::ask;

    #[test]
    fn a_decision_ends_within_its_budget() {
        let thinker = Thinker { budget: Duration::from_millis(2), rollouts: u32::MAX, seed: 1 };
        let started = Instant::now();
        assert!(thinker.think(&ask("AsKs", "", 8), Duration::MAX).action.is_some());
        assert!(thinker.think(&ask("AsKs", "", 8), Duration::ZERO).action.is_some());
        // A generous guard: only a decision without a limit of time takes this long.
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn each_turn_has_its_own_random_numbers() {
        let thinker = Thinker { budget: Duration::from_secs(60), rollouts: 64, seed: 1 };
        let actions: Vec<_> = (1..200)
            .map(|turn| {
                let mut ask = ask("4s3h", "AdKcQh", 1);
                ask.turn = turn;
                let thought = thinker.think(&ask, Duration::MAX);
                assert_eq!(thought.rollouts, 64);
                thought.action
            })
            .collect();
        assert!(actions.contains(&Some(Action::Check)));
        assert!(actions.iter().any(|a| matches!(a, Some(Action::Bet(_)))));
    }
}
