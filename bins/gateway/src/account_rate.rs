//! Limits how often an account makes requests that move its money without a hand: each costs the
//! fleet records and a posting, and an account can undo one with the next. Counted per account and
//! not per connection, so that a new connection gains nothing.

use governor::{
    Quota, RateLimiter, clock::DefaultClock, middleware::NoOpMiddleware, state::keyed::HashMapStateStore,
};
use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use wire::{PlayerId, Refusal};

/// How often accounts are forgotten whose requests are all long ago.
const FORGET: Duration = Duration::from_secs(60);

type Limiter = RateLimiter<PlayerId, HashMapStateStore<PlayerId>, DefaultClock, NoOpMiddleware>;

/// The rates of all accounts that made such requests in the last minutes.
pub(crate) struct AccountRate {
    /// None without a limit.
    limiter: Option<Limiter>,
    forgotten: Mutex<Instant>,
}

impl AccountRate {
    /// Returns a limit of so many requests a minute, which may come all at once; 0 for no limit.
    pub(crate) fn new(per_minute: u32) -> Self {
        let quota = NonZeroU32::new(per_minute).map(Quota::per_minute);
        Self { limiter: quota.map(RateLimiter::hashmap), forgotten: Mutex::new(Instant::now()) }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`Refusal::TooFast`] when the account has made too many; a refused one is not counted.
    pub(crate) fn take(&self, player: PlayerId) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        if forgotten.elapsed() >= FORGET {
            *forgotten = Instant::now();
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        drop(forgotten);
        limiter.check_key(&player).map_err(|_| Refusal::TooFast)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_its_own_rate() {
        let rate = AccountRate::new(3);
        for player in [PlayerId(1), PlayerId(2)] {
            assert!((0..3).all(|_| rate.take(player).is_ok()));
            assert_eq!(rate.take(player), Err(Refusal::TooFast));
        }
    }

    #[test]
    fn zero_is_no_limit() {
        let rate = AccountRate::new(0);
        assert!((0..1_000).all(|_| rate.take(PlayerId(1)).is_ok()));
    }
}
