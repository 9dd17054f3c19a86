//! What goes into the core beside the inputs themselves, and what comes out.

use crate::Aggregate;
use bytes::Bytes;
use std::fmt;
use wire::{Epoch, Refusal, event::Seed};

/// The two clocks, as they are read for an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since 1970. May be set, forwards and backwards.
    pub wall_ms: u64,
    /// Milliseconds since any moment. Never goes back.
    pub mono_ms: u64,
}

/// What is around a partition when an input comes. Asked only where it matters.
pub trait Around {
    /// Returns the time.
    fn now(&self) -> Now;

    /// Whether this process certainly owns the partition still.
    fn is_certain(&self) -> bool;

    /// Returns a number that counts up whenever records begin not to be stored.
    fn outages(&self) -> u64;

    /// Whether records can be stored now, as far as is known.
    fn is_well(&self) -> bool;

    /// Returns the highest sequence of the journals' stream that is known.
    fn newest(&self) -> u64;

    /// Returns 32 unpredictable bytes.
    fn seed(&self) -> Seed;
}

/// How far a journal is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Sequence of the last record; 0: there is none.
    pub last: u64,
    /// Sequence of the last snapshot; 0: there is none.
    pub snapshot: u64,
}

/// A journal as it was read: its last snapshot and everything after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journaled {
    /// Where the next record goes.
    pub position: Position,
    /// The records' bytes, the oldest first.
    pub records: Vec<Bytes>,
}

/// Why a journal was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The server did not say, or not in time.
    Failed,
}

/// Why a record was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// Another record follows the one that it was to follow.
    Conflict,
    /// Not at the first attempt; whether it will yet be is unknown. Only where the append was not
    /// patient.
    NotNow,
    /// It is larger than records may be.
    TooLarge,
    /// It never will be, for this reason.
    Failed(String),
}

/// What a look whether a record is the last one of its journal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is.
    Last,
    /// There is a later one.
    Behind,
    /// The server did not say.
    Unknown,
}

/// Why a decision did not become a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotRecorded {
    /// It cannot be encoded.
    Encoding(String),
    /// It is too large, in bytes.
    TooLarge(usize),
    /// The journal does not take it.
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

/// What is to be done, in this order.
pub enum Output<A: Aggregate, R> {
    /// Append a record, then [`crate::Partition::appended`].
    Append {
        /// Whose.
        id: A::Id,
        /// Directly after this.
        after: Position,
        /// The record.
        payload: Vec<u8>,
        /// Whether it carries a snapshot.
        snapshot: bool,
        /// Whether to go on until it is stored; else one attempt is all.
        patient: bool,
    },
    /// Look whether this is the last record, then [`crate::Partition::checked`].
    Check {
        /// Whose.
        id: A::Id,
        /// The last one that is known.
        position: Position,
    },
    /// Read a journal, then [`crate::Partition::read`].
    Read {
        /// Whose.
        id: A::Id,
        /// Give up after this time, in milliseconds.
        within_ms: u64,
    },
    /// Answer.
    Reply {
        /// Whom.
        token: R,
        /// What.
        reply: A::Reply,
    },
    /// Tell others, and with it `answers`, whom it is answer enough.
    Tell {
        /// Of what.
        id: A::Id,
        /// What.
        news: A::News,
        /// Who gets no other answer.
        answers: Option<R>,
    },
    /// Make one attempt at an effect, then [`crate::Partition::returned`].
    Start {
        /// Whose.
        id: A::Id,
        /// What it is about.
        key: A::Key,
        /// What to do.
        effect: A::Effect,
        /// How often it was tried in vain.
        tries: u32,
    },
    /// An effect under way is needed no more.
    Stop {
        /// Whose.
        id: A::Id,
        /// What it is about.
        key: A::Key,
    },
    /// An aggregate is in memory, as its journal has it now.
    Loaded {
        /// Which.
        id: A::Id,
    },
    /// An aggregate leaves memory.
    Evict {
        /// Which.
        id: A::Id,
    },
    /// A decision did not become a record. Who asked for it is told by another output.
    NotRecorded {
        /// Whose.
        id: A::Id,
        /// Why.
        reason: NotRecorded,
    },
    /// What came back from outside was refused.
    Declined {
        /// By which.
        id: A::Id,
        /// Why.
        refusal: Refusal,
    },
    /// A journal makes no sense.
    Unreadable {
        /// Whose.
        id: A::Id,
        /// What is wrong.
        reason: String,
    },
    /// A journal has a newer owner: nothing comes out any more.
    Superseded {
        /// Whose.
        id: A::Id,
        /// The newer owner's epoch.
        epoch: Epoch,
    },
    /// Nothing is under way any more: the partition can be handed over.
    Released,
}
