//! A timer of one task that is cheap to poll, because all of a connection's traffic polls it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};

/// A timer with a deadline that can be reset.
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
    /// Whether the task will be woken at the deadline.
    armed: bool,
}

impl Alarm {
    pub(crate) fn new(deadline: Instant) -> Self {
        Self { sleep: Box::pin(sleep_until(deadline)), armed: false }
    }

    pub(crate) fn deadline(&self) -> Instant {
        self.sleep.deadline()
    }

    pub(crate) fn reset(&mut self, deadline: Instant) {
        self.sleep.as_mut().reset(deadline);
        self.armed = false;
    }

    /// Returns ready once the deadline has come, until the next reset. Must always be polled by the
    /// same task.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.armed && !self.sleep.is_elapsed() {
            return Poll::Pending;
        }
        let rings = self.sleep.as_mut().poll(cx);
        self.armed = rings.is_pending();
        rings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, time::Duration};

    #[tokio::test(start_paused = true)]
    async fn it_is_ready_at_the_deadline_however_often_it_is_polled_and_again_after_a_reset() {
        let (start, time) = (Instant::now(), Duration::from_secs(3));
        let mut alarm = Alarm::new(start + time);
        for rings in 1..=3 {
            let mut looks = tokio::time::interval(Duration::from_millis(700));
            poll_fn(|cx| {
                while looks.poll_tick(cx).is_ready() {}
                alarm.poll(cx)
            })
            .await;
            assert_eq!(start.elapsed(), time * rings);
            assert_eq!(alarm.deadline(), Instant::now());
            poll_fn(|cx| alarm.poll(cx)).await;
            alarm.reset(start + time * (rings + 1));
        }
    }
}
