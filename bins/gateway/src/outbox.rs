//! What waits to be sent on one connection: bounded, filled from anywhere, emptied by the connection's task.

use crate::{
    format::Format,
    limits::{OUTBOX_BYTES, OUTBOX_FRAMES},
};
use bytes::Bytes;
use futures::task::AtomicWaker;
use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Waker,
};
use wire::client::Closing;

/// The outgoing queue of a connection, and what the rest of the node wants of it.
#[derive(Debug)]
pub(crate) struct Outbox {
    format: Format,
    waker: AtomicWaker,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    frames: VecDeque<Bytes>,
    bytes: usize,
    closing: Option<Closing>,
    doubt: bool,
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
        let mut inner = self.lock();
        if inner.closing == Some(Closing::TooSlow) {
            return;
        }
        if inner.frames.len() >= OUTBOX_FRAMES || inner.bytes >= OUTBOX_BYTES {
            inner.give_up(Closing::TooSlow);
        } else {
            inner.bytes += frame.len();
            inner.frames.push_back(frame);
        }
        drop(inner);
        self.waker.wake();
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

    /// Messages for the connection's player may have been lost.
    pub(crate) fn doubt(&self) {
        self.lock().doubt = true;
        self.waker.wake();
    }

    /// Whether messages may have been lost since the last time this was asked.
    pub(crate) fn take_doubt(&self) -> bool {
        std::mem::take(&mut self.lock().doubt)
    }

    /// The next frame.
    pub(crate) fn pop(&self) -> Option<Bytes> {
        let mut inner = self.lock();
        let frame = inner.frames.pop_front()?;
        inner.bytes -= frame.len();
        if inner.frames.is_empty() {
            // A connection at rest holds no memory for its busiest moment.
            inner.frames = VecDeque::new();
        }
        Some(frame)
    }

    /// Bytes that wait.
    pub(crate) fn backlog(&self) -> usize {
        self.lock().bytes
    }

    /// Why the connection is to be closed.
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
    fn give_up(&mut self, reason: Closing) {
        self.frames = VecDeque::new();
        self.bytes = 0;
        self.closing = self.closing.or(Some(reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_leave_in_order() {
        let outbox = Outbox::new(Format::Json);
        outbox.push(Bytes::from_static(b"one"));
        outbox.push(Bytes::from_static(b"two"));
        assert_eq!(outbox.backlog(), 6);
        outbox.close(Closing::Idle);
        assert_eq!(outbox.pop().unwrap(), "one");
        assert_eq!(outbox.pop().unwrap(), "two");
        assert_eq!(outbox.pop(), None);
        assert_eq!(outbox.closing(), Some(Closing::Idle));
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
        assert_eq!(outbox.pop(), None, "what nobody will read is not kept");
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
    fn doubt_is_told_once() {
        let outbox = Outbox::new(Format::Json);
        assert!(!outbox.take_doubt());
        outbox.doubt();
        assert!(outbox.take_doubt());
        assert!(!outbox.take_doubt());
    }
}
