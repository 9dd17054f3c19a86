//! How fast, and how sensibly, one connection sends.

use crate::limits::{BURST, MALFORMED, RATE, TOO_FAST};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::num::NonZeroU32;
use wire::client::Closing;

/// What may be done about a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PaceVerdict {
    /// Take it.
    Fine,
    /// Refuse it.
    Refuse,
    /// Close the connection.
    Close(Closing),
}

/// See the module.
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

    /// A message came.
    pub(super) fn message(&mut self) -> PaceVerdict {
        if self.limiter.check().is_ok() {
            self.too_fast = self.too_fast.saturating_sub(1);
            return PaceVerdict::Fine;
        }
        self.too_fast += 1;
        if self.too_fast >= TOO_FAST { PaceVerdict::Close(Closing::TooFast) } else { PaceVerdict::Refuse }
    }

    /// The message makes no sense.
    pub(super) const fn malformed(&mut self) -> PaceVerdict {
        self.malformed += 1;
        if self.malformed >= MALFORMED { PaceVerdict::Close(Closing::Malformed) } else { PaceVerdict::Refuse }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_fine_more_is_refused_and_a_flood_closes() {
        let mut pace = Pace::new();
        for _ in 0..BURST {
            assert_eq!(pace.message(), PaceVerdict::Fine);
        }
        let mut refused = 0;
        loop {
            match pace.message() {
                PaceVerdict::Fine => assert!(refused < 2 * TOO_FAST, "a flood goes on forever"),
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
    fn nonsense_is_forgiven_a_few_times() {
        let mut pace = Pace::new();
        for _ in 1..MALFORMED {
            assert_eq!(pace.malformed(), PaceVerdict::Refuse);
        }
        assert_eq!(pace.malformed(), PaceVerdict::Close(Closing::Malformed));
    }
}
