//! Limits how fast a connection may send, and how many malformed messages.

use crate::limits::{BURST, MALFORMED, RATE, TOO_FAST};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use wire::client::Closing;

/// The next step with a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PaceVerdict {
    /// Handle it.
    Fine,
    /// Refuse it.
    Refuse,
    /// Close the connection.
    Close(Closing),
}

/// The rate and the malformed messages of one connection.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: DefaultDirectRateLimiter,
    too_fast: u32,
    malformed: u8,
}

impl Pace {
    pub(super) fn new() -> Self {
        let quota = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(quota(RATE)).allow_burst(quota(BURST));
        Self { limiter: RateLimiter::direct(quota), too_fast: 0, malformed: 0 }
    }

    /// Counts a message.
    pub(super) fn message(&mut self) -> PaceVerdict {
        if self.limiter.check().is_ok() {
            self.too_fast = self.too_fast.saturating_sub(1);
            return PaceVerdict::Fine;
        }
        self.too_fast += 1;
        if self.too_fast >= TOO_FAST { PaceVerdict::Close(Closing::TooFast) } else { PaceVerdict::Refuse }
    }

    /// Counts a malformed message.
    pub(super) const fn malformed(&mut self) -> PaceVerdict {
        self.malformed += 1;
        if self.malformed >= MALFORMED { PaceVerdict::Close(Closing::Malformed) } else { PaceVerdict::Refuse }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_accepted_more_is_refused_and_a_flood_closes_the_connection() {
        let mut pace = Pace::new();
        for _ in 0..BURST {
            assert_eq!(pace.message(), PaceVerdict::Fine);
        }
        let mut refused = 0;
        loop {
            match pace.message() {
                PaceVerdict::Fine => assert!(refused < 2 * TOO_FAST, "a flood does not close the connection"),
                PaceVerdict::Refuse => refused += 1,
                PaceVerdict::Close(reason) => {
                    assert_eq!(reason, Closing::TooFast);
                    break;
                }
            }
        }
        assert!(refused >= TOO_FAST - 1);
    }

    #[test]
    fn malformed_messages_are_refused_until_their_limit_closes_the_connection() {
        let mut pace = Pace::new();
        for _ in 1..MALFORMED {
            assert_eq!(pace.malformed(), PaceVerdict::Refuse);
        }
        assert_eq!(pace.malformed(), PaceVerdict::Close(Closing::Malformed));
    }
}
