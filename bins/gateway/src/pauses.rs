//! The pauses before a request is repeated that was refused for now.

use crate::limits::{FIRST_PAUSE, LONG_PAUSE, PAUSE, PROMPT};
use std::time::Duration;

/// The pauses of one request: short while a hand-over or a takeover may be under way, longer after
/// that.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
}

impl Pauses {
    pub(crate) const fn new() -> Self {
        Self { next: FIRST_PAUSE }
    }

    /// Returns the next pause of a request that has been refused for this long. `chance` spreads
    /// long pauses over their second half, so that requests that were refused together are not
    /// repeated together.
    pub(crate) fn next(&mut self, refused_for: Duration, chance: u32) -> Duration {
        let pause = self.next;
        let longest = if refused_for < PROMPT { PAUSE } else { LONG_PAUSE };
        self.next = (pause * 2).min(longest);
        if pause <= PAUSE {
            return pause;
        }
        let half = pause / 2;
        half + half.mul_f64(f64::from(chance) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the times of repeats from the first refusal on, when every answer comes at once.
    fn repeats(total: Duration, chance: u32) -> Vec<Duration> {
        let (mut pauses, mut at, mut repeats) = (Pauses::new(), Duration::ZERO, Vec::new());
        while at < total {
            at += pauses.next(at, chance);
            repeats.push(at);
        }
        repeats
    }

    #[test]
    fn during_a_takeover_requests_are_repeated_often() {
        let first_second = repeats(PROMPT, u32::MAX);
        assert_eq!(first_second[0], FIRST_PAUSE);
        assert!(first_second.windows(2).all(|pair| pair[1] - pair[0] <= PAUSE));
    }

    #[test]
    fn an_overloaded_owner_gets_few_repeats() {
        let all = repeats(Duration::from_secs(20), u32::MAX);
        assert!(all.len() < 100, "{} requests in 20 s", all.len());
        assert!(all.windows(2).all(|pair| pair[1] - pair[0] <= LONG_PAUSE));
    }

    #[test]
    fn long_pauses_differ() {
        let (short, long) = (repeats(Duration::from_secs(5), 0), repeats(Duration::from_secs(5), u32::MAX));
        assert_ne!(short.last(), long.last());
        let longest = short.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert_eq!(longest, Some(LONG_PAUSE / 2));
    }
}
