//! What time it is where deadlines are given: the node's clock, counted on by our monotonic one.

use std::time::{Duration, Instant};

/// An answer that is older than expected by less than this took longer on its way than an earlier one. By
/// more: the node's clock was set back, or it is another node.
const DELAY: Duration = Duration::from_secs(2);

/// The clock of a gateway.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerClock {
    /// What a node said, in milliseconds since 1970, and when that came.
    told: Option<(u64, Instant)>,
}

impl ServerClock {
    /// A node said what time it is. Of several answers the one that was least delayed counts.
    pub(crate) fn tell(&mut self, now_ms: u64, now: Instant) {
        let is_delayed = self.now_ms(now).is_some_and(|expected_ms| {
            expected_ms >= now_ms && Duration::from_millis(expected_ms - now_ms) < DELAY
        });
        if !is_delayed {
            self.told = Some((now_ms, now));
        }
    }

    /// Returns the node's time in milliseconds since 1970; none before a node has told it.
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
    fn the_nodes_time_counts_on() {
        let now = Instant::now();
        let mut clock = ServerClock::default();
        assert_eq!(clock.now_ms(now), None);
        clock.tell(50_000, now);
        assert_eq!(clock.now_ms(now + Duration::from_millis(1_500)), Some(51_500));
    }

    #[test]
    fn the_least_delayed_answer_counts_and_a_clock_that_was_set_is_followed() {
        let now = Instant::now();
        let mut clock = ServerClock::default();
        clock.tell(50_000, now);
        clock.tell(49_900, now);
        assert_eq!(clock.now_ms(now), Some(50_000), "it was 100 ms longer on its way");
        clock.tell(50_300, now);
        assert_eq!(clock.now_ms(now), Some(50_300), "the first was");
        clock.tell(40_000, now);
        assert_eq!(clock.now_ms(now), Some(40_000));
        clock.tell(3_640_000, now);
        assert_eq!(clock.now_ms(now), Some(3_640_000));
    }
}
