//! What waits to be sent on one connection: bounded, filled from anywhere, emptied by the connection's task.

use crate::{
    format::Format,
    limits::{BATCH_DELAY, OUTBOX_BYTES, OUTBOX_FRAMES},
};
use bytes::Bytes;
use futures::task::AtomicWaker;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};
use tokio::time::Instant;
use wire::client::Closing;

/// The outgoing queue of a connection, and what the rest of the gateway wants of it.
#[derive(Debug)]
pub(crate) struct Outbox {
    format: Format,
    waker: AtomicWaker,
    inner: Mutex<Inner>,
}

/// What waits for a session.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    /// Why the connection is to be closed.
    pub(crate) closing: Option<Closing>,
    /// Messages may have been lost since the last look.
    pub(crate) doubt: bool,
    /// Something came for the player.
    pub(crate) heard: Option<Bytes>,
    /// Bytes to send.
    pub(crate) backlog: usize,
}

#[derive(Debug, Default)]
struct Inner {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// When frames were last taken out.
    taken: Option<Instant>,
    closing: Option<Closing>,
    doubt: bool,
    /// What the session has not seen yet.
    heard: VecDeque<Bytes>,
}

impl Outbox {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, waker: AtomicWaker::new(), inner: Mutex::default() }
    }

    /// How the connection's frames are encoded.
    pub(crate) const fn format(&self) -> Format {
        self.format
    }

    /// Adds a frame. When too much waits already, everything is dropped and the connection is to be closed.
    pub(crate) fn push(&self, frame: Bytes) {
        self.lock().push(frame);
        self.waker.wake();
    }

    /// Adds a frame that nobody waits for. Whether it waits for company, until [`Outbox::flush`] or another frame: something was sent
    /// just before. Where little happens nothing waits.
    pub(crate) fn push_batched(&self, frame: Bytes) -> bool {
        let mut inner = self.lock();
        inner.push(frame);
        let waits = inner.closing.is_none() && inner.taken.is_some_and(|taken| taken.elapsed() < BATCH_DELAY);
        drop(inner);
        if !waits {
            self.waker.wake();
        }
        waits
    }

    /// Whatever waits is to be sent.
    pub(crate) fn flush(&self) {
        if self.backlog() > 0 {
            self.waker.wake();
        }
    }

    /// The connection is to be closed once everything is sent. The first reason counts.
    pub(crate) fn close(&self, reason: Closing) {
        let mut inner = self.lock();
        match reason {
            Closing::TooSlow => inner.give_up(reason),
            _ => inner.closing = inner.closing.or(Some(reason)),
        }
        drop(inner);
        self.waker.wake();
    }

    /// Something came for the connection's player that its session must see to before it is passed on.
    pub(crate) fn hear(&self, frame: Bytes) {
        self.lock().heard.push_back(frame);
        self.waker.wake();
    }

    /// Whoever comes next on this connection is somebody else.
    pub(crate) fn forget_heard(&self) {
        self.lock().heard = VecDeque::new();
    }

    /// Messages for the connection's player may have been lost.
    pub(crate) fn doubt(&self) {
        self.lock().doubt = true;
        self.waker.wake();
    }

    /// What waits for the session, which sees to it now: one thing at a time, the most urgent first. What came for the player only
    /// when that is asked for.
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

    /// Takes out the next frames, at least one and no more than `most` bytes of several. Whether there were any.
    pub(crate) fn take(&self, most: usize, mut take: impl FnMut(Bytes)) -> bool {
        let mut inner = self.lock();
        let (mut frames, mut bytes) = (0, 0);
        while let Some(frame) = inner.frames.front()
            && (frames == 0 || bytes + frame.len() <= most)
        {
            (frames, bytes) = (frames + 1, bytes + frame.len());
            inner.frames.pop_front().into_iter().for_each(&mut take);
        }
        inner.bytes -= bytes;
        if frames > 0 {
            inner.taken = Some(Instant::now());
        }
        if inner.frames.is_empty() {
            // A connection at rest holds no memory for its busiest moment.
            inner.frames = VecDeque::new();
        }
        frames > 0
    }

    /// Bytes that wait.
    pub(crate) fn backlog(&self) -> usize {
        self.lock().bytes
    }

    /// Why the connection is to be closed.
    #[cfg(test)]
    pub(crate) fn closing(&self) -> Option<Closing> {
        self.lock().closing
    }

    /// Whom to wake when any of this changes.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn push(&mut self, frame: Bytes) {
        if self.closing == Some(Closing::TooSlow) {
            return;
        }
        if self.frames.len() >= OUTBOX_FRAMES || self.bytes >= OUTBOX_BYTES {
            self.give_up(Closing::TooSlow);
        } else {
            self.bytes += frame.len();
            self.frames.push_back(frame);
        }
    }

    fn give_up(&mut self, reason: Closing) {
        self.frames = VecDeque::new();
        self.bytes = 0;
        self.closing = self.closing.or(Some(reason));
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
        let outbox = Outbox::new(Format::Json);
        outbox.push(Bytes::from_static(b"one"));
        outbox.push(Bytes::from_static(b"two"));
        assert_eq!(outbox.backlog(), 6);
        outbox.close(Closing::Idle);
        assert_eq!(take(&outbox, 5), ["one"], "the second is too much");
        assert_eq!(outbox.backlog(), 3);
        outbox.push(Bytes::from_static(b"three"));
        assert_eq!(take(&outbox, 8), ["two", "three"]);
        outbox.push(Bytes::from_static(b"larger than allowed"));
        assert_eq!(take(&outbox, 8), ["larger than allowed"], "one always goes");
        assert_eq!(take(&outbox, 8), [""; 0]);
        assert_eq!(outbox.backlog(), 0);
        assert_eq!(outbox.closing(), Some(Closing::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn where_much_happens_what_nobody_waits_for_waits_for_company() {
        let outbox = Outbox::new(Format::Json);
        let batched = |text: &'static str| outbox.push_batched(Bytes::from_static(text.as_bytes()));
        assert!(!batched("one"), "nothing was sent before");
        assert_eq!(take(&outbox, 8), ["one"]);
        assert!(batched("two"));
        tokio::time::advance(BATCH_DELAY / 2).await;
        assert!(batched("three"));
        assert_eq!(take(&outbox, 8), ["two", "three"], "with the next frame, in order");
        tokio::time::advance(BATCH_DELAY).await;
        assert!(!batched("four"), "the last one was long ago");
        assert_eq!(take(&outbox, 8), ["four"]);
        outbox.close(Closing::Idle);
        assert!(!batched("five"), "the end waits for nobody");
    }

    #[test]
    fn too_many_frames_close_the_connection() {
        let outbox = Outbox::new(Format::MessagePack);
        for _ in 0..OUTBOX_FRAMES {
            outbox.push(Bytes::from_static(b"x"));
        }
        assert_eq!(outbox.closing(), None);
        outbox.push(Bytes::from_static(b"x"));
        assert_eq!(outbox.closing(), Some(Closing::TooSlow));
        assert!(take(&outbox, 8).is_empty(), "what nobody will read is not kept");
    }

    #[test]
    fn too_many_bytes_close_the_connection_but_one_large_frame_fits() {
        let outbox = Outbox::new(Format::MessagePack);
        outbox.push(Bytes::from(vec![0; 4 * OUTBOX_BYTES]));
        assert_eq!(outbox.closing(), None);
        outbox.push(Bytes::from_static(b"x"));
        assert_eq!(outbox.closing(), Some(Closing::TooSlow));
        outbox.close(Closing::Idle);
        assert_eq!(outbox.closing(), Some(Closing::TooSlow), "the first reason counts");
    }

    #[test]
    fn the_session_is_told_one_thing_at_a_time_and_once() {
        let outbox = Outbox::new(Format::Json);
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
        assert_eq!(look(false), nothing, "nobody is logged in");
        assert_eq!(look(true), (None, false, Some(Bytes::from_static(b"one")), 0));
        outbox.push(Bytes::from_static(b"frame"));
        outbox.forget_heard();
        assert_eq!(look(true), (None, false, None, 5));
        outbox.doubt();
        outbox.close(Closing::Idle);
        assert_eq!(look(true), (Some(Closing::Idle), false, None, 5));
    }
}
