//! What all connections together may cost: bytes that wait for clients, in the whole gateway, and
//! bytes that visitors draw.
//!
//! Each connection's outbox has a bound of its own, but thousands of clients that do not read would
//! together take more memory than there is.

use crate::{connections::Connections, limits::VISITOR_BURST};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};
use wire::client::Closing;

/// Pause when too many bytes wait and no connection has any: they belong to connections that are
/// being closed.
const PAUSE: Duration = Duration::from_millis(10);
/// Shortest time between two logs of closed connections.
const LOG: Duration = Duration::from_secs(10);

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

    fn is_exceeded(&self) -> bool {
        self.waiting.load(Relaxed) > self.most_waiting
    }
}

/// Closes connections as long as too many bytes wait: first those that read nothing, the one with
/// the most waiting bytes before others.
pub(crate) async fn watch(traffic: Arc<Traffic>, connections: Arc<Connections>) {
    let mut logged: Option<Instant> = None;
    loop {
        if !traffic.is_exceeded() {
            traffic.exceeded.notified().await;
            continue;
        }
        let Some(outbox) = connections.fullest() else {
            sleep(PAUSE).await;
            continue;
        };
        outbox.close(Closing::TooSlow);
        if logged.is_none_or(|logged| logged.elapsed() >= LOG) {
            logged = Some(Instant::now());
            tracing::warn!(
                most = traffic.most_waiting,
                "too many bytes wait for clients that do not read: their connections are closed, the fullest first"
            );
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
    use crate::outbox::Outbox;
    use bytes::Bytes;
    use wire::codec::Encoding;

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

    #[tokio::test(start_paused = true)]
    async fn the_connection_that_does_not_read_is_closed_before_a_fuller_one_that_reads() {
        let traffic = Arc::new(Traffic::new(1_000, 0));
        let connections = Arc::new(Connections::new());
        let outboxes: Vec<_> = (0..3).map(|_| Arc::new(Outbox::new(Encoding::Json, &traffic))).collect();
        for outbox in &outboxes {
            connections.add(outbox);
        }
        tokio::spawn(watch(Arc::clone(&traffic), Arc::clone(&connections)));
        let closed = || outboxes.iter().map(|outbox| outbox.closing()).collect::<Vec<_>>();
        for (outbox, bytes) in outboxes.iter().zip([100, 300, 600]) {
            outbox.push(Bytes::from(vec![0; bytes]));
        }
        outboxes[0].blocked(true);
        outboxes[1].blocked(true);
        // What is being written waits too.
        outboxes[1].take(usize::MAX, drop);
        sleep(PAUSE).await;
        assert_eq!(closed(), [None, None, None], "as many bytes as may wait");
        outboxes[2].push(Bytes::from_static(b"x"));
        sleep(PAUSE).await;
        assert_eq!(closed(), [None, Some(Closing::TooSlow), None]);
        outboxes[2].push(Bytes::from(vec![0; 300]));
        sleep(PAUSE).await;
        assert_eq!(closed(), [Some(Closing::TooSlow), Some(Closing::TooSlow), None]);
        assert_eq!(traffic.waiting.load(Relaxed), 901);
    }
}
