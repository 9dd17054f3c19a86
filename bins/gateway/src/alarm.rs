//! A timer of one task, cheap to look at: all of a connection's traffic passes by it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, Sleep, sleep_until};

/// See the module.
pub(crate) struct Alarm {
    sleep: Pin<Box<Sleep>>,
    /// Whether the task will be woken.
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

    /// Ready once the time has come, until the next reset. Always the same task must ask.
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
    async fn it_rings_in_time_however_often_it_is_looked_at_and_again_after_a_reset() {
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
