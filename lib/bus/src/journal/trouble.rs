//! Counts and logs that records cannot be stored.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Shortest time between two warnings of a stream, in milliseconds.
const WARN_EVERY_MS: u64 = 5_000;

/// The failed appends that wait to be repeated.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    waiting: AtomicU64,
    count: AtomicU64,
}

impl Trouble {
    pub(super) fn is_now(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Counts a failed append as waiting until the returned value is dropped.
    pub(super) fn begin(self: Arc<Self>) -> InTrouble {
        if self.waiting.fetch_add(1, Ordering::Relaxed) == 0 {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        InTrouble(self)
    }
}

/// A failed append that is repeated, or given up.
pub(super) struct InTrouble(Arc<Trouble>);

impl Drop for InTrouble {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The reason why an append waits.
#[derive(Debug)]
pub(super) enum Reason {
    /// The stream or the server's storage is full, in the server's words.
    NoRoom(String),
    /// Another reason.
    Other(String),
}

impl Reason {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::NoRoom(text) | Self::Other(text) => text,
        }
    }
}

/// Logs from time to time that appends have to wait, at most one warning per stream in
/// [`WARN_EVERY_MS`].
#[derive(Debug, Default)]
pub(super) struct Warnings {
    last_ms: AtomicU64,
}

impl Warnings {
    pub(super) fn warn(&self, stream: &str, waited: Duration, reason: &Reason) {
        let now_ms = crate::clock::now_ms();
        let last_ms = self.last_ms.load(Ordering::Relaxed);
        if now_ms.saturating_sub(last_ms) < WARN_EVERY_MS {
            return;
        }
        let swapped = self.last_ms.compare_exchange(last_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        if swapped.is_err() {
            return;
        }
        let waited_ms = waited.as_millis();
        match reason {
            Reason::NoRoom(reason) => tracing::error!(
                stream,
                reason,
                waited_ms,
                "stream {stream} has no room for records: its tables and tournaments are stopped, and all stored records are kept; they continue \
                 by themselves once there is room: raise max_bytes in nats/ and run `pokerctl apply`, give the NATS server more \
                 disk or max_file_store, or see with `pokerctl nodes` that an archivist runs, which removes archived records"
            ),
            Reason::Other(reason) => {
                tracing::warn!(
                    stream,
                    reason,
                    waited_ms,
                    "records cannot be stored now: tables or tournaments of the stream are stopped; the appends are repeated"
                );
            }
        }
    }
}
