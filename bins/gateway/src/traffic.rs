//! What all connections together may cost: bytes that wait for clients, in the whole gateway, and
//! bytes that visitors draw.
//!
//! Each connection's outbox has a bound of its own, but thousands of clients that do not read would
//! together take more memory than there is.

use crate::limits::VISITOR_BURST;
use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// The bytes that wait on all connections, and the visitors' rate.
#[derive(Debug)]
pub(crate) struct Traffic {
    waiting: AtomicUsize,
    most_waiting: usize,
    exceeded: Notify,
    /// 0 for no limit.
    visitor_bytes_per_second: u32,
}

impl Traffic {
    /// Returns a counter with the most bytes that may wait, and those that each visitor may draw in
    /// a second; 0 for no limit.
    pub(crate) fn new(most_waiting: usize, visitor_bytes_per_second: u32) -> Self {
        Self { waiting: AtomicUsize::new(0), most_waiting, exceeded: Notify::new(), visitor_bytes_per_second }
    }

    /// Counts bytes that wait now.
    pub(crate) fn wait(&self, bytes: usize) {
        if self.waiting.fetch_add(bytes, Relaxed) + bytes > self.most_waiting {
            self.exceeded.notify_one();
        }
    }

    /// Counts bytes that have left or were dropped.
    pub(crate) fn leave(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Relaxed);
    }

    /// Returns the bytes that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// Returns the most bytes that may wait.
    pub(crate) const fn most_waiting(&self) -> usize {
        self.most_waiting
    }

    /// Waits until more bytes wait than may.
    pub(crate) async fn exceeded(&self) {
        while self.waiting() <= self.most_waiting {
            self.exceeded.notified().await;
        }
    }
}

/// The bytes that one visitor may draw.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// When all bytes that were drawn are within the rate. None until the first.
    paid: Mutex<Option<Instant>>,
}

impl Allowance {
    pub(crate) const fn new() -> Self {
        Self { paid: Mutex::new(None) }
    }

    /// Counts drawn bytes.
    pub(crate) fn draw(&self, bytes: usize, traffic: &Traffic) {
        if traffic.visitor_bytes_per_second == 0 {
            return;
        }
        let time = Duration::from_secs(1).mul_f64(bytes as f64 / f64::from(traffic.visitor_bytes_per_second));
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        *paid = Some(paid.unwrap_or(now).max(now) + time);
    }

    /// Waits until more bytes may be drawn.
    pub(crate) async fn wait(&self) {
        loop {
            let paid = *self.paid.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(until) = paid.and_then(|paid| paid.checked_sub(VISITOR_BURST)) else { return };
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_visitor_draws_a_burst_and_then_only_at_the_rate() {
        let (traffic, allowance) = (Traffic::new(0, 1_000), Allowance::new());
        let started = Instant::now();
        allowance.wait().await;
        let burst = VISITOR_BURST.as_secs() as usize * 1_000;
        allowance.draw(burst, &traffic);
        allowance.wait().await;
        assert_eq!(started.elapsed(), Duration::ZERO);
        for _ in 0..5 {
            allowance.draw(2_000, &traffic);
            allowance.wait().await;
        }
        let elapsed = started.elapsed();
        assert!(elapsed >= Duration::from_secs(10) && elapsed < Duration::from_millis(10_100), "{elapsed:?}");
    }
}
