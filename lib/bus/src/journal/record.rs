//! A record to be appended, and the reasons why it was not.

use super::{APPEND_ID, Cursor};
use crate::direct::Found;
use bytes::Bytes;

/// The reason why a record was not appended.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AppendError {
    /// Another writer has appended: recover, and decide again.
    #[error("{subject}: another writer has appended after sequence {after}")]
    Conflict {
        /// The subject.
        subject: String,
        /// Sequence of the last record that was known to this writer.
        after: u64,
    },
    /// The record is larger than the server accepts.
    #[error("{subject}: a record of {bytes} bytes is too large")]
    TooLarge {
        /// The subject.
        subject: String,
        /// The record's size, in bytes.
        bytes: usize,
    },
    /// The record was not stored at the first attempt; it may still be stored. Only from
    /// [`Journal::try_append`](super::Journal::try_append).
    #[error("{subject}: not stored now: {reason}")]
    NotNow {
        /// The subject.
        subject: String,
        /// The reason.
        reason: String,
    },
    /// The connection is closed for good, or the subject is malformed.
    #[error("{subject}: {reason}")]
    Closed {
        /// The subject.
        subject: String,
        /// The reason.
        reason: String,
    },
}

/// A record to be appended.
pub(super) struct Record<'a> {
    pub(super) cursor: &'a Cursor,
    /// The append id, the same in all attempts.
    pub(super) id: String,
    pub(super) payload: Bytes,
    pub(super) snapshot: bool,
}

impl Record<'_> {
    /// Returns whether a stored record is this one.
    pub(super) fn is(&self, found: &Found) -> bool {
        found.headers.get(APPEND_ID).is_some_and(|theirs| theirs.as_str() == self.id)
    }

    /// Returns the cursor after this record, stored at a sequence.
    pub(super) fn behind(&self, sequence: u64) -> Cursor {
        Cursor {
            subject: self.cursor.subject.clone(),
            last: sequence,
            snapshot: if self.snapshot { sequence } else { self.cursor.snapshot },
        }
    }
}
