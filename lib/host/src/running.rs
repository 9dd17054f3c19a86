//! Effects of one aggregate that are under way, or wait between two attempts.

use std::{collections::HashMap, hash::Hash};

/// Pause after the first attempt, in milliseconds; doubles up to [`LONGEST_PAUSE_MS`].
const PAUSE_MS: u64 = 200;
/// Longest pause between two attempts, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 5_000;

/// The attempts of one aggregate's effects, by key.
#[derive(Debug)]
pub struct Running<K>(HashMap<K, Attempt>);

#[derive(Clone, Copy, Debug)]
struct Attempt {
    tries: u32,
    stage: AttemptState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AttemptState {
    UnderWay,
    /// The effect is not repeated, though it stays due.
    Heard,
    /// The next attempt may begin at this time, by the monotonic clock.
    Resting(u64),
    /// The next attempt may begin.
    Rested,
}

impl<K> Default for Running<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Clone + Eq + Hash> Running<K> {
    /// Returns whether an effect of this key may be started now.
    pub fn is_free(&self, key: &K) -> bool {
        self.0.get(key).is_none_or(|attempt| attempt.stage == AttemptState::Rested)
    }

    /// Returns how many matching keys are taken: under way, or waiting between two attempts.
    pub fn count(&self, like: impl Fn(&K) -> bool) -> usize {
        let taken = self.0.iter().filter(|(_, attempt)| attempt.stage != AttemptState::Rested);
        taken.filter(|(key, _)| like(key)).count()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether no attempt is under way or to be repeated.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.values().all(|attempt| attempt.stage == AttemptState::Heard)
    }

    /// Forgets keys that are no longer due; `stop` gets those that were under way.
    pub(crate) fn keep(&mut self, is_due: impl Fn(&K) -> bool, mut stop: impl FnMut(&K)) {
        self.0.retain(|key, attempt| {
            let due = is_due(key);
            if !due && attempt.stage == AttemptState::UnderWay {
                stop(key);
            }
            due
        });
    }

    /// Frees the keys whose pause is over.
    pub(crate) fn rouse(&mut self, mono_ms: u64) {
        for attempt in self.0.values_mut() {
            if matches!(attempt.stage, AttemptState::Resting(until_ms) if until_ms <= mono_ms) {
                attempt.stage = AttemptState::Rested;
            }
        }
    }

    /// Returns when the next pause is over, by the monotonic clock.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        let resting = self.0.values().filter_map(|attempt| match attempt.stage {
            AttemptState::Resting(until_ms) => Some(until_ms),
            AttemptState::UnderWay | AttemptState::Heard | AttemptState::Rested => None,
        });
        resting.min()
    }

    /// Begins an attempt and returns how many were made before.
    pub(crate) fn begin(&mut self, key: K) -> u32 {
        let attempt = self.0.entry(key).or_insert(Attempt { tries: 0, stage: AttemptState::UnderWay });
        attempt.stage = AttemptState::UnderWay;
        attempt.tries
    }

    /// Ends an attempt; the effect is not repeated. Returns whether the attempt was under way.
    pub(crate) fn heard(&mut self, key: &K) -> bool {
        self.end(key, |_| AttemptState::Heard)
    }

    /// Ends an attempt; an effect that is still due is repeated after a pause. Returns whether the
    /// attempt was under way.
    pub(crate) fn rest(&mut self, key: &K, mono_ms: u64) -> bool {
        self.end(key, |tries| AttemptState::Resting(mono_ms + pause_ms(tries)))
    }

    fn end(&mut self, key: &K, stage: impl Fn(u32) -> AttemptState) -> bool {
        let attempt = self.0.get_mut(key).filter(|attempt| attempt.stage == AttemptState::UnderWay);
        attempt.is_some_and(|attempt| {
            attempt.stage = stage(attempt.tries);
            attempt.tries = attempt.tries.saturating_add(1);
            true
        })
    }
}

/// Returns the pause, in milliseconds, after this many earlier attempts.
pub(crate) fn pause_ms(tries: u32) -> u64 {
    PAUSE_MS.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_effect_rests_longer_each_time_and_a_heard_one_is_not_repeated() {
        let mut running = Running::default();
        let mut now_ms = 1_000;
        let mut pauses = Vec::new();
        for tries in 0..7 {
            assert!(running.is_free(&1));
            assert_eq!(running.count(|_| true), 0);
            assert_eq!(running.begin(1), tries);
            assert!(!running.is_free(&1));
            assert!(running.rest(&1, now_ms));
            assert!(!running.rest(&1, now_ms), "it is over already");
            let next_ms = running.next_ms().unwrap();
            running.rouse(next_ms - 1);
            assert!(!running.is_free(&1));
            running.rouse(next_ms);
            pauses.push(next_ms - now_ms);
            now_ms = next_ms;
        }
        assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        running.begin(1);
        assert!(running.heard(&1));
        running.rouse(u64::MAX);
        assert!(!running.is_free(&1));
        assert_eq!((running.next_ms(), running.count(|_| true)), (None, 1));
        running.begin(2);
        let mut stopped = Vec::new();
        running.keep(|_| false, |key| stopped.push(*key));
        assert_eq!((stopped, running.is_empty()), (vec![2], true));
    }
}
