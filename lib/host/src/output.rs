//! The core's surroundings and its outputs.

use crate::Aggregate;
use bytes::Bytes;
use std::fmt;
use wire::{Epoch, Refusal, event::Seed};

/// The wall clock and the monotonic clock, as read for one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since 1970. The wall clock may be set, forwards and backwards.
    pub wall_ms: u64,
    /// Milliseconds since an arbitrary moment. Never decreases.
    pub mono_ms: u64,
}

/// A partition's surroundings when an input comes. Each method is called only where its result
/// matters.
pub trait Around {
    /// Returns the time of both clocks.
    fn now(&self) -> Now;

    /// Returns whether this process is certain that it still owns the partition.
    fn is_certain(&self) -> bool;

    /// Returns the number of outages so far; an outage begins when records can no longer be stored.
    fn outages(&self) -> u64;

    /// Returns whether records can be stored now, as far as is known.
    fn is_well(&self) -> bool;

    /// Returns the highest known sequence of the journals' stream.
    fn newest(&self) -> u64;

    /// Returns 32 unpredictable bytes.
    fn seed(&self) -> Seed;
}

/// The known end of a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Sequence of the last record; 0 when there is none.
    pub last: u64,
    /// Sequence of the last snapshot; 0 when there is none.
    pub snapshot: u64,
}

/// A journal as it was read: its last snapshot and the records after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journaled {
    /// Where the next record goes.
    pub position: Position,
    /// The records' bytes, the oldest first.
    pub records: Vec<Bytes>,
}

/// Why a journal could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The server did not answer, or not in time.
    Failed,
}

/// Why a record was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// Another record follows the one that this record was to follow.
    Conflict,
    /// The first attempt failed, and it is unknown whether the record will still be stored. Only
    /// for an append that is not patient.
    NotNow,
    /// The record is larger than the server allows.
    TooLarge,
    /// The record can never be stored, for this reason.
    Failed(String),
}

/// Why a decision did not become a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRecorded {
    /// The record cannot be encoded.
    Encoding(String),
    /// The record is too large; its size in bytes.
    TooLarge(usize),
    /// The journal refuses the record, for this reason.
    Failed(String),
}

impl fmt::Display for NotRecorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encoding(error) => write!(f, "cannot be encoded: {error}"),
            Self::TooLarge(bytes) => write!(f, "is too large: {bytes} bytes"),
            Self::Failed(reason) => write!(f, "was not stored: {reason}"),
        }
    }
}

/// An action for the caller to carry out; actions are carried out in the order in which they come.
pub enum Output<A: Aggregate, R> {
    /// Append a record, then [`crate::Partition::appended`].
    Append {
        /// The aggregate.
        id: A::Id,
        /// The end of the journal that the record has to follow.
        after: Position,
        /// The encoded record.
        payload: Vec<u8>,
        /// Whether it carries a snapshot.
        snapshot: bool,
        /// Whether to repeat the append until it is stored; else there is one attempt.
        patient: bool,
    },
    /// Read a journal, then [`crate::Partition::read`].
    Read {
        /// The aggregate.
        id: A::Id,
        /// Time limit, in milliseconds.
        within_ms: u64,
    },
    /// Answer a command.
    Reply {
        /// Where the answer goes.
        token: R,
        /// The answer.
        reply: A::Reply,
    },
    /// Send news. The command of `answers` gets no other answer.
    Tell {
        /// The aggregate.
        id: A::Id,
        /// The news.
        news: A::News,
        /// The command that these news answer.
        answers: Option<R>,
    },
    /// Make one attempt at an effect, then [`crate::Partition::returned`].
    Start {
        /// The aggregate.
        id: A::Id,
        /// The effect's key.
        key: A::Key,
        /// The effect.
        effect: A::Effect,
        /// How many attempts failed before.
        tries: u32,
    },
    /// Abort an attempt at an effect that is no longer due.
    Stop {
        /// The aggregate.
        id: A::Id,
        /// The effect's key.
        key: A::Key,
    },
    /// An aggregate was loaded from its journal into memory.
    Loaded {
        /// The aggregate.
        id: A::Id,
    },
    /// An aggregate was removed from memory.
    Evict {
        /// The aggregate.
        id: A::Id,
    },
    /// A decision did not become a record. Its command is answered by another output.
    NotRecorded {
        /// The aggregate.
        id: A::Id,
        /// The reason.
        reason: NotRecorded,
    },
    /// The answer to an effect was refused by the aggregate.
    Declined {
        /// The aggregate.
        id: A::Id,
        /// The refusal.
        refusal: Refusal,
    },
    /// A journal cannot be replayed.
    Unreadable {
        /// The aggregate.
        id: A::Id,
        /// The reason.
        reason: String,
    },
    /// A journal has a newer owner: no further output comes.
    Superseded {
        /// The aggregate.
        id: A::Id,
        /// The newer owner's epoch.
        epoch: Epoch,
    },
    /// No record is under way: the partition can be handed over.
    Released,
}
