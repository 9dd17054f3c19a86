//! Notices pauses of this process (stopped, swapped out, machine suspended).
//!
//! After a pause, other members may have taken over, and requests that arrived are old. Their
//! senders may have asked another process since, and gone on from its answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How often the pulse is checked when no requests come.
const BEAT: Duration = Duration::from_millis(100);
/// Longest time until the bytes that piled up in sockets have been read, in milliseconds.
const CATCHING_UP_MS: u64 = 1_000;

/// The pulse of this process. Times are in milliseconds.
#[derive(Debug)]
pub struct Pulse {
    still_ms: u64,
    last_ms: AtomicU64,
    late_until_ms: AtomicU64,
}

impl Pulse {
    /// Starts a pulse that goes on until the last clone is dropped. After a pause of `still` other
    /// members may have taken over.
    #[must_use]
    pub fn start(still: Duration) -> Arc<Self> {
        let pulse = Arc::new(Self::still(now_ms(), still));
        let beating = Arc::downgrade(&pulse);
        tokio::spawn(async move {
            while let Some(pulse) = beating.upgrade() {
                pulse.is_late();
                drop(pulse);
                tokio::time::sleep(BEAT).await;
            }
        });
        pulse
    }

    fn still(now_ms: u64, still: Duration) -> Self {
        let still_ms = u64::try_from(still.as_millis()).unwrap_or(u64::MAX);
        Self { still_ms, last_ms: AtomicU64::new(now_ms), late_until_ms: AtomicU64::new(0) }
    }

    /// Returns whether a request that is handled now may have waited during a pause of this
    /// process.
    pub fn is_late(&self) -> bool {
        self.is_late_at(now_ms())
    }

    fn is_late_at(&self, now_ms: u64) -> bool {
        let still_ms = now_ms.saturating_sub(self.last_ms.load(Ordering::Acquire));
        let stood_still = still_ms >= self.still_ms;
        // Set before `last_ms`: a thread that finds the new `last_ms` must find this too.
        if stood_still {
            self.late_until_ms.fetch_max(now_ms + CATCHING_UP_MS, Ordering::Relaxed);
        }
        self.last_ms.fetch_max(now_ms, Ordering::Release);
        if stood_still {
            tracing::warn!(
                still_ms,
                "this process stood still: its ownership is checked and old requests are not trusted"
            );
        }
        now_ms < self.late_until_ms.load(Ordering::Relaxed)
    }
}

/// Returns the time since the machine was started. Unlike [`std::time::Instant`] it counts while
/// the machine is suspended.
fn now_ms() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let ms = Duration::try_from(now).map_or(0, |now| now.as_millis());
    u64::try_from(ms).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STILL: Duration = Duration::from_secs(1);

    #[test]
    fn requests_after_a_pause_are_late_for_a_while() {
        let pulse = Pulse::still(0, STILL);
        for now_ms in (0..5_000).step_by(100) {
            assert!(!pulse.is_late_at(now_ms), "{now_ms}");
        }
        assert!(pulse.is_late_at(8_000));
        assert!(pulse.is_late_at(8_999));
        assert!(!pulse.is_late_at(9_000));
        assert!(!pulse.is_late_at(9_900));
    }

    /// The timer and the sockets wake at the same moment, each on its own thread.
    #[test]
    fn a_pause_is_noticed_by_all_threads_whichever_checks_first() {
        const THREADS: usize = 4;
        let pulse = Pulse::still(0, STILL);
        let barrier = std::sync::Barrier::new(THREADS);
        let feel = || {
            let in_time = |standstill: &u64| {
                barrier.wait();
                !pulse.is_late_at(standstill * 8_000)
            };
            (1..=20_000).filter(in_time).collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            let threads = [(); THREADS].map(|()| scope.spawn(feel));
            for thread in threads {
                assert_eq!(thread.join().unwrap(), [0; 0], "these pauses were missed");
            }
        });
    }

    #[tokio::test]
    async fn the_pulse_beats_by_itself() {
        let pulse = Pulse::start(STILL);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(!pulse.is_late());
    }
}
