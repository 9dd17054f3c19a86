//! The frames that wait to be sent on one connection: bounded, filled by any task, emptied by the
//! connection's task.

use crate::{
    limits::{BATCH_DELAY, OUTBOX_BYTES, OUTBOX_FRAMES},
    traffic::{Allowance, Traffic},
};
use bytes::Bytes;
use futures::task::AtomicWaker;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
};
use tokio::time::Instant;
use wire::{client::Closing, codec::Encoding};

/// The outgoing frames of a connection, and the messages for its session.
#[derive(Debug)]
pub(crate) struct Outbox {
    format: Encoding,
    traffic: Arc<Traffic>,
    allowance: Allowance,
    waker: AtomicWaker,
    inner: Mutex<Inner>,
}

/// The work that waits for a session.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    /// The reason why the connection is to be closed.
    pub(crate) closing: Option<Closing>,
    /// Whether messages may have been lost since the last call.
    pub(crate) doubt: bool,
    /// A message for the player.
    pub(crate) heard: Option<Bytes>,
    /// Bytes that wait to be sent.
    pub(crate) backlog: usize,
}

#[derive(Debug, Default)]
struct Inner {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Bytes of frames that were taken out and are not written yet.
    leaving: usize,
    /// Whether the client reads nothing at present.
    blocked: bool,
    /// When frames were last taken out.
    taken: Option<Instant>,
    closing: Option<Closing>,
    doubt: bool,
    /// Messages for the player that the session has not seen yet.
    heard: VecDeque<Bytes>,
}

impl Outbox {
    pub(crate) fn new(format: Encoding, traffic: &Arc<Traffic>) -> Self {
        let (traffic, allowance) = (Arc::clone(traffic), Allowance::new());
        Self { format, traffic, allowance, waker: AtomicWaker::new(), inner: Mutex::default() }
    }

    /// Returns an outbox of a gateway without any limit.
    #[cfg(test)]
    pub(crate) fn alone(format: Encoding) -> Self {
        Self::new(format, &Arc::new(Traffic::new(usize::MAX, 0)))
    }

    /// Returns the encoding of the connection's frames.
    pub(crate) const fn format(&self) -> Encoding {
        self.format
    }

    /// Adds a frame. When too many wait already, all are dropped and the connection is to be
    /// closed.
    pub(crate) fn push(&self, frame: Bytes) {
        self.lock().push(frame, &self.traffic);
        self.waker.wake();
    }

    /// Adds the answer to a request, which a visitor draws.
    pub(crate) fn answer(&self, frame: Bytes) {
        self.allowance.draw(frame.len(), &self.traffic);
        self.push(frame);
    }

    /// Waits until a visitor may draw more.
    pub(crate) async fn may_draw(&self) {
        self.allowance.wait().await;
    }

    /// Adds a frame that is not urgent. Returns whether it waits, until [`Outbox::flush`] or an
    /// urgent frame: it does if another frame was sent less than [`BATCH_DELAY`] ago.
    pub(crate) fn push_batched(&self, frame: Bytes) -> bool {
        let mut inner = self.lock();
        inner.push(frame, &self.traffic);
        let waits = inner.closing.is_none() && inner.taken.is_some_and(|taken| taken.elapsed() < BATCH_DELAY);
        drop(inner);
        if !waits {
            self.waker.wake();
        }
        waits
    }

    /// Lets all waiting frames leave.
    pub(crate) fn flush(&self) {
        if self.backlog() > 0 {
            self.waker.wake();
        }
    }

    /// Asks for the connection to be closed once all frames are sent. The first reason counts.
    pub(crate) fn close(&self, reason: Closing) {
        let mut inner = self.lock();
        match reason {
            Closing::TooSlow => inner.give_up(reason, &self.traffic),
            _ => inner.closing = inner.closing.or(Some(reason)),
        }
        drop(inner);
        self.waker.wake();
    }

    /// Adds a message for the connection's player that its session has to handle before it is
    /// passed on.
    pub(crate) fn hear(&self, frame: Bytes) {
        self.lock().heard.push_back(frame);
        self.waker.wake();
    }

    /// Drops the player's messages: the next session may be another player's.
    pub(crate) fn forget_heard(&self) {
        self.lock().heard = VecDeque::new();
    }

    /// Notes that messages for the connection's player may have been lost.
    pub(crate) fn doubt(&self) {
        self.lock().doubt = true;
        self.waker.wake();
    }

    /// Takes out the session's next work: one item at a time, the most urgent first. Messages for
    /// the player only if `heard`.
    pub(crate) fn look(&self, heard: bool) -> Waits {
        let mut inner = self.lock();
        let mut waits = Waits { closing: inner.closing, backlog: inner.bytes, ..Waits::default() };
        if waits.closing.is_none() {
            waits.doubt = std::mem::take(&mut inner.doubt);
        }
        if heard && waits.closing.is_none() && !waits.doubt {
            waits.heard = inner.heard.pop_front();
        }
        waits
    }

    /// Takes the next frames out: at least one, and several up to `most` bytes. Returns whether
    /// there were any. Those that were taken before must have been written.
    pub(crate) fn take(&self, most: usize, mut take: impl FnMut(Bytes)) -> bool {
        let mut inner = self.lock();
        self.traffic.leave(std::mem::take(&mut inner.leaving));
        let (mut frames, mut bytes) = (0, 0);
        while let Some(frame) = inner.frames.front()
            && (frames == 0 || bytes + frame.len() <= most)
        {
            (frames, bytes) = (frames + 1, bytes + frame.len());
            inner.frames.pop_front().into_iter().for_each(&mut take);
        }
        inner.bytes -= bytes;
        inner.leaving = bytes;
        if frames > 0 {
            inner.taken = Some(Instant::now());
        }
        if inner.frames.is_empty() {
            // Frees the memory, because most connections are at rest.
            inner.frames = VecDeque::new();
        }
        frames > 0
    }

    /// Returns the number of waiting bytes.
    pub(crate) fn backlog(&self) -> usize {
        self.lock().bytes
    }

    /// Notes whether the client reads nothing at present.
    pub(crate) fn blocked(&self, blocked: bool) {
        self.lock().blocked = blocked;
    }

    /// Returns whether the client reads nothing at present, and the number of bytes that wait or
    /// are being written.
    pub(crate) fn fill(&self) -> (bool, usize) {
        let inner = self.lock();
        (inner.blocked, inner.bytes + inner.leaving)
    }

    /// Returns the reason why the connection is to be closed.
    #[cfg(test)]
    pub(crate) fn closing(&self) -> Option<Closing> {
        self.lock().closing
    }

    /// Sets the task that is woken at any change.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn push(&mut self, frame: Bytes, traffic: &Traffic) {
        if self.closing == Some(Closing::TooSlow) {
            return;
        }
        if self.frames.len() >= OUTBOX_FRAMES || self.bytes >= OUTBOX_BYTES {
            self.give_up(Closing::TooSlow, traffic);
        } else {
            self.bytes += frame.len();
            traffic.wait(frame.len());
            self.frames.push_back(frame);
        }
    }

    /// Drops all frames. Those that are being written count as dropped: the connection ends at
    /// once.
    fn give_up(&mut self, reason: Closing, traffic: &Traffic) {
        self.frames = VecDeque::new();
        traffic.leave(std::mem::take(&mut self.bytes) + std::mem::take(&mut self.leaving));
        self.closing = self.closing.or(Some(reason));
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let (_, bytes) = self.fill();
        self.traffic.leave(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(outbox: &Outbox, most: usize) -> Vec<Bytes> {
        let mut taken = Vec::new();
        outbox.take(most, |frame| taken.push(frame));
        taken
    }

    #[test]
    fn frames_leave_in_order() {
        let outbox = Outbox::alone(Encoding::Json);
        outbox.push(Bytes::from_static(b"one"));
        outbox.push(Bytes::from_static(b"two"));
        assert_eq!(outbox.backlog(), 6);
        outbox.close(Closing::Idle);
        assert_eq!(take(&outbox, 5), ["one"], "the second is too much");
        assert_eq!(outbox.backlog(), 3);
        outbox.push(Bytes::from_static(b"three"));
        assert_eq!(take(&outbox, 8), ["two", "three"]);
        outbox.push(Bytes::from_static(b"larger than allowed"));
        assert_eq!(take(&outbox, 8), ["larger than allowed"], "one frame always leaves");
        assert_eq!(take(&outbox, 8), [""; 0]);
        assert_eq!(outbox.backlog(), 0);
        assert_eq!(outbox.closing(), Some(Closing::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn frames_that_are_not_urgent_wait_only_after_a_recent_frame() {
        let outbox = Outbox::alone(Encoding::Json);
        let batched = |text: &'static str| outbox.push_batched(Bytes::from_static(text.as_bytes()));
        assert!(!batched("one"), "no frame was sent before");
        assert_eq!(take(&outbox, 8), ["one"]);
        assert!(batched("two"));
        tokio::time::advance(BATCH_DELAY / 2).await;
        assert!(batched("three"));
        assert_eq!(take(&outbox, 8), ["two", "three"], "with the next frame, in order");
        tokio::time::advance(BATCH_DELAY).await;
        assert!(!batched("four"), "the last one was long ago");
        assert_eq!(take(&outbox, 8), ["four"]);
        outbox.close(Closing::Idle);
        assert!(!batched("five"), "frames do not wait once the connection is closing");
    }

    #[test]
    fn too_many_frames_close_the_connection() {
        let outbox = Outbox::alone(Encoding::MessagePack);
        for _ in 0..OUTBOX_FRAMES {
            outbox.push(Bytes::from_static(b"x"));
        }
        assert_eq!(outbox.closing(), None);
        outbox.push(Bytes::from_static(b"x"));
        assert_eq!(outbox.closing(), Some(Closing::TooSlow));
        assert!(take(&outbox, 8).is_empty(), "frames that will not be read are not kept");
    }

    #[test]
    fn too_many_bytes_close_the_connection_but_one_large_frame_fits() {
        let outbox = Outbox::alone(Encoding::MessagePack);
        outbox.push(Bytes::from(vec![0; 4 * OUTBOX_BYTES]));
        assert_eq!(outbox.closing(), None);
        outbox.push(Bytes::from_static(b"x"));
        assert_eq!(outbox.closing(), Some(Closing::TooSlow));
        outbox.close(Closing::Idle);
        assert_eq!(outbox.closing(), Some(Closing::TooSlow), "the first reason counts");
    }

    #[test]
    fn the_session_gets_one_item_at_a_time_and_each_once() {
        let outbox = Outbox::alone(Encoding::Json);
        let look = |heard| {
            let Waits { closing, doubt, heard, backlog } = outbox.look(heard);
            (closing, doubt, heard, backlog)
        };
        let nothing = (None, false, None, 0);
        assert_eq!(look(true), nothing);
        outbox.hear(Bytes::from_static(b"one"));
        outbox.hear(Bytes::from_static(b"two"));
        outbox.doubt();
        assert_eq!(look(true), (None, true, None, 0));
        assert_eq!(look(false), nothing, "messages for the player were not asked for");
        assert_eq!(look(true), (None, false, Some(Bytes::from_static(b"one")), 0));
        outbox.push(Bytes::from_static(b"frame"));
        outbox.forget_heard();
        assert_eq!(look(true), (None, false, None, 5));
        outbox.doubt();
        outbox.close(Closing::Idle);
        assert_eq!(look(true), (Some(Closing::Idle), false, None, 5));
    }
}
