//! Batches frames that are not urgent, for at most [`crate::limits::BATCH_DELAY`].

use crate::{alarm::Alarm, limits::BATCH_DELAY, outbox::Outbox};
use bytes::Bytes;
use std::{
    future::{pending, poll_fn},
    sync::Arc,
};
use tokio::time::Instant;

/// The outboxes with waiting frames, and when the first is due: one timer for all, so that their
/// frames leave at the same time.
pub(super) struct Batch {
    outboxes: Vec<Arc<Outbox>>,
    alarm: Alarm,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self { outboxes: Vec::new(), alarm: Alarm::new(Instant::now()) }
    }

    /// Adds a frame that is not urgent to an outbox.
    pub(super) fn push(&mut self, outbox: &Arc<Outbox>, frame: Bytes) {
        if !outbox.push_batched(frame) {
            return;
        }
        if self.outboxes.is_empty() {
            self.alarm.reset(Instant::now() + BATCH_DELAY);
        }
        self.outboxes.push(Arc::clone(outbox));
    }

    /// Returns when the first waiting frame is due; never while no frame waits. Must always be
    /// polled by the same task.
    pub(super) async fn due(&mut self) {
        if self.outboxes.is_empty() {
            return pending().await;
        }
        poll_fn(|cx| self.alarm.poll(cx)).await;
    }

    /// Lets all waiting frames leave.
    pub(super) fn send(&mut self) {
        self.outboxes.drain(..).for_each(|outbox| outbox.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Poll;
    use wire::codec::Encoding;

    /// Returns when the outbox wakes its session.
    async fn woken(outbox: Arc<Outbox>) {
        let mut polls = 0;
        poll_fn(|cx| {
            outbox.register(cx.waker());
            polls += 1;
            if polls > 1 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_frames_leave_in_time() {
        let outbox = Arc::new(Outbox::alone(Encoding::Json));
        let mut batch = Batch::new();
        for _ in 0..2 {
            outbox.push(Bytes::from_static(b"before"));
            outbox.take(usize::MAX, drop);
            let session = tokio::spawn(woken(Arc::clone(&outbox)));
            tokio::task::yield_now().await;
            batch.push(&outbox, Bytes::from_static(b"news"));
            let began = Instant::now();
            batch.due().await;
            assert_eq!(began.elapsed(), BATCH_DELAY);
            assert!(!session.is_finished());
            batch.send();
            session.await.unwrap();
        }
    }
}
