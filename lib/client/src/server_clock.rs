//! The time by which deadlines are given: the gateway's clock, counted on with the local monotonic
//! one.

use std::time::{Duration, Instant};

/// An answer that is earlier than expected by less than this was delayed on its way. By more: the
/// gateway's clock was set back, or it is another gateway.
const DELAY: Duration = Duration::from_secs(2);

/// The clock of a gateway.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerClock {
    /// The time that a gateway told, in milliseconds since 1970, and when it arrived.
    told: Option<(u64, Instant)>,
}

impl ServerClock {
    /// Takes a gateway's answer. The least delayed answer counts.
    pub(crate) fn tell(&mut self, now_ms: u64, now: Instant) {
        let is_delayed = self.now_ms(now).is_some_and(|expected_ms| {
            expected_ms >= now_ms && Duration::from_millis(expected_ms - now_ms) < DELAY
        });
        if !is_delayed {
            self.told = Some((now_ms, now));
        }
    }

    /// Returns the gateway's time in milliseconds since 1970; none before a gateway has told it.
    pub(crate) fn now_ms(&self, now: Instant) -> Option<u64> {
        let (told_ms, at) = self.told?;
        let since = now.saturating_duration_since(at).as_millis();
        Some(told_ms.saturating_add(u64::try_from(since).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_time_is_counted_on() {
        let now = Instant::now();
        let mut clock = ServerClock::default();
        assert_eq!(clock.now_ms(now), None);
        clock.tell(50_000, now);
        assert_eq!(clock.now_ms(now + Duration::from_millis(1_500)), Some(51_500));
    }

    #[test]
    fn the_least_delayed_answer_counts_unless_the_clock_was_set() {
        let now = Instant::now();
        let mut clock = ServerClock::default();
        clock.tell(50_000, now);
        clock.tell(49_900, now);
        assert_eq!(clock.now_ms(now), Some(50_000), "the answer was delayed by 100 ms");
        clock.tell(50_300, now);
        assert_eq!(clock.now_ms(now), Some(50_300), "the first answer was delayed");
        clock.tell(40_000, now);
        assert_eq!(clock.now_ms(now), Some(40_000));
        clock.tell(3_640_000, now);
        assert_eq!(clock.now_ms(now), Some(3_640_000));
    }
}
