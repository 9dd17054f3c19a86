//! Journals: one subject of a stream is the record of one table or tournament.
//!
//! What always holds: a record is stored only directly after the one that its writer knows as the
//! last of the subject, so two writers never both succeed; an append that returned is stored
//! exactly once. Each record tells, in its headers, who wrote it (the append's id) and the sequence
//! of the snapshot that it builds on; so the last record of a subject is enough to find everything
//! that recovery has to read.
//!
//! A journal may go on in another stream (`docs/decisions/0039-streams-are-added.md`): sequences
//! grow over all streams that it is in, and its first record in a later stream tells the sequence
//! of the one before.

mod append;
mod chain;
mod read;
mod send;
mod stream;
mod streams;
mod trim;
mod trouble;

use crate::{Bus, BusError, direct::Found};
use bytes::Bytes;
use chain::{Chain, Streams};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use stream::JournalStream;

pub use append::AppendError;
pub use streams::TableStreams;
pub(crate) use streams::table_streams;
pub use trim::{Extent, Partitions};

/// Header: the random id of the append.
const APPEND_ID: &str = "Append-Id";
/// Header: sequence of the snapshot that the record builds on, or [`OWN`].
const SNAPSHOT: &str = "Snapshot";
/// Header of a journal's first record in a stream that it was moved to: sequence of the record
/// before; 0 where there is none.
const PREVIOUS: &str = "Previous";
/// Value of [`SNAPSHOT`] in a record that is a snapshot itself.
const OWN: &str = "own";

/// How far a writer knows a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The subject.
    pub subject: String,
    /// Sequence of its last record; 0: there is none.
    pub last: u64,
    /// Sequence of its last snapshot; 0: there is none.
    pub snapshot: u64,
}

impl Cursor {
    /// Of a subject that has no record yet.
    #[must_use]
    pub const fn new(subject: String) -> Self {
        Self { subject, last: 0, snapshot: 0 }
    }
}

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its subject.
    pub subject: String,
    /// Its sequence in the stream.
    pub sequence: u64,
    /// When the server stored it, in milliseconds since 1970.
    pub time_ms: u64,
    /// Its bytes.
    pub payload: Bytes,
}

/// What a new owner needs of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Where the next record goes.
    pub cursor: Cursor,
    /// The last snapshot and all records after it, in order; all records where there is no
    /// snapshot.
    pub records: Vec<Stored>,
}

/// The last record of a subject: what it builds on is still to be read ([`Journal::complete`]).
#[derive(Debug)]
pub struct Last(Found);

impl Last {
    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }
}

/// Why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The stream is not there.
    #[error("stream {stream} is missing on the NATS server: run `pokerctl apply`")]
    Missing {
        /// Its name.
        stream: String,
    },
    /// No stream holds a partition's journals.
    #[error(
        "no stream on the NATS server holds the journals of partition {partition}: run `pokerctl apply`; what it was \
         interrupted in it completes"
    )]
    Unheld {
        /// The partition.
        partition: u16,
    },
    /// The stream is there, but not as journals need it.
    #[error("stream {stream} has {what}, which a journal must not have: run `pokerctl apply`")]
    Misconfigured {
        /// Its name.
        stream: String,
        /// The setting.
        what: &'static str,
    },
    /// A subject has no beginning: the records that it builds on were removed.
    #[error("{subject}: the records from sequence {from} on are incomplete")]
    Incomplete {
        /// Its subject.
        subject: String,
        /// Where they should begin.
        from: u64,
    },
    /// The server does not answer, or with an error.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Some journals: those of a partition, or all of a stream. Clones share what is known of them.
#[derive(Clone)]
pub struct Journal {
    bus: Bus,
    chain: Arc<Chain>,
    ids: Arc<AppendIds>,
}

/// The ids of appends: a random number, new for every opened journal, with a count behind it.
struct AppendIds {
    writer: u64,
    count: AtomicU64,
}

impl Journal {
    /// Opens a stream that `pokerctl apply` has made.
    ///
    /// # Errors
    /// When it is missing, would lose records by itself, cannot be read directly, or the server
    /// does not answer.
    pub async fn open(bus: &Bus, stream: &str) -> Result<Self, JournalError> {
        Self::new(Chain::new(None, Streams::one(JournalStream::open(bus, stream).await?)))
    }

    fn new(chain: Chain) -> Result<Self, JournalError> {
        let writer = getrandom::u64().map_err(BusError::Random)?;
        let bus = chain.streams().now.bus.clone();
        let ids = Arc::new(AppendIds { writer, count: AtomicU64::new(0) });
        Ok(Self { bus, chain: Arc::new(chain), ids })
    }

    /// Returns the name of the stream that appended records go to, as far as is known.
    #[must_use]
    pub fn stream(&self) -> String {
        self.chain.streams().now.name.clone()
    }

    /// Returns the names of the streams that the journals were in before, the latest first.
    #[must_use]
    pub fn earlier_streams(&self) -> Vec<String> {
        self.chain.streams().earlier.iter().map(|stream| stream.name.clone()).collect()
    }

    /// Returns the sequence that the first record of that stream was given; 0 or 1 where the stream
    /// is none that was added later.
    #[must_use]
    pub fn begins(&self) -> u64 {
        self.chain.streams().now.first
    }

    /// Whether records can be stored now, as far as is known: the server is there, and no append
    /// waits because it failed.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.chain.streams().now.is_well()
    }

    /// A number that counts up whenever records begin not to be stored: the server went away, or an
    /// append failed.
    #[must_use]
    pub fn outages(&self) -> u64 {
        let failed = self.chain.streams().latest_first().map(|stream| stream.trouble.count()).sum::<u64>();
        self.bus.outages() + failed
    }

    /// The highest sequence of the streams that this process has written or read; other writers may
    /// be further.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.chain.streams().latest_first().map(|stream| stream.newest()).max().unwrap_or(0)
    }

    fn append_id(&self) -> String {
        let count = self.ids.count.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}.{count}", self.ids.writer)
    }
}
