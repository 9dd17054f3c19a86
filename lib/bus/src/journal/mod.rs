//! Journals: one subject of a stream has the records of one table or tournament.
//!
//! Invariant: a record is stored only directly after the one that its writer knows as the subject's
//! last, so two writers never both succeed; an append that returned is stored exactly once. Headers
//! of each record have the append's id and the sequence of the snapshot that it builds on, so the
//! last record of a subject is enough to find all records for a recovery.
//!
//! A journal may continue in another stream (`docs/decisions/0039-streams-are-added.md`): sequences
//! rise over all of its streams, and its first record in a later stream has the sequence of the
//! record before.

mod append;
mod chain;
mod read;
mod record;
mod send;
mod stream;
mod streams;
mod trim;
mod trouble;

use crate::{Bus, BusError, direct::Found};
use bytes::Bytes;
use chain::Chain;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use stream::JournalStream;
use streams::Streams;

pub use record::AppendError;
pub use streams::TableStreams;
pub(crate) use streams::table_streams;
pub use trim::{Extent, Partitions};

/// Header: the random id of the append.
const APPEND_ID: &str = "Append-Id";
/// Header: sequence of the snapshot that the record builds on, or [`OWN`].
const SNAPSHOT: &str = "Snapshot";
/// Header of a journal's first record in a later stream: sequence of the record before; 0 if there
/// is none.
const PREVIOUS: &str = "Previous";
/// Value of [`SNAPSHOT`] in a record that is a snapshot itself.
const OWN: &str = "own";

/// A writer's knowledge of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The subject.
    pub subject: String,
    /// Sequence of its last record; 0 if it has none.
    pub last: u64,
    /// Sequence of its last snapshot; 0 if it has none.
    pub snapshot: u64,
}

impl Cursor {
    /// Makes the cursor of a subject without records.
    #[must_use]
    pub const fn new(subject: String) -> Self {
        Self { subject, last: 0, snapshot: 0 }
    }
}

/// A stored record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The record's subject.
    pub subject: String,
    /// The record's sequence.
    pub sequence: u64,
    /// Sequence of the subject's record before it; 0 for the first. None if the record has no such
    /// header; every record of a journal has it.
    pub previous: Option<u64>,
    /// Time when the server stored it, in milliseconds since 1970.
    pub time_ms: u64,
    /// The record's bytes.
    pub payload: Bytes,
}

/// The records of a subject that a new owner needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The place of the next record.
    pub cursor: Cursor,
    /// The last snapshot and its tail, in order; all records if there is no snapshot.
    pub records: Vec<Stored>,
}

/// The last record of a subject; [`Journal::complete`] reads the records that it builds on.
#[derive(Debug)]
pub struct Last(Found);

impl Last {
    /// Returns the subject.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }
}

/// The reason why a journal cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The stream does not exist.
    #[error("stream {stream} is missing on the NATS server: run `pokerctl apply`")]
    Missing {
        /// The stream's name.
        stream: String,
    },
    /// No stream holds a partition's journals.
    #[error(
        "no stream on the NATS server holds the journals of partition {partition}: run `pokerctl apply`, which \
         completes an interrupted move"
    )]
    Unheld {
        /// The partition.
        partition: u16,
    },
    /// The stream has a setting that journals must not have.
    #[error("stream {stream} has {what}, which a journal must not have: run `pokerctl apply`")]
    Misconfigured {
        /// The stream's name.
        stream: String,
        /// The setting.
        what: &'static str,
    },
    /// Records on which a subject's last record builds were removed.
    #[error("{subject}: the records from sequence {from} on are incomplete")]
    Incomplete {
        /// The subject.
        subject: String,
        /// Sequence where they should begin.
        from: u64,
    },
    /// The server does not answer, or answers with an error.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// The journals of a partition, or of a whole stream. Clones share their state.
#[derive(Clone)]
pub struct Journal {
    bus: Bus,
    chain: Arc<Chain>,
    ids: Arc<AppendIds>,
}

/// The ids of appends: a random number, new for each opened journal, and a count.
struct AppendIds {
    writer: u64,
    count: AtomicU64,
}

impl Journal {
    /// Opens a stream that `pokerctl apply` has created.
    ///
    /// # Errors
    /// When the stream is missing, has settings by which records could be lost, cannot be read
    /// directly, or the server does not answer.
    pub async fn open(bus: &Bus, stream: &str) -> Result<Self, JournalError> {
        Self::new(Chain::new(None, Streams::one(JournalStream::open(bus, stream).await?)))
    }

    fn new(chain: Chain) -> Result<Self, JournalError> {
        let writer = getrandom::u64().map_err(BusError::Random)?;
        let bus = chain.streams().now.bus.clone();
        let ids = Arc::new(AppendIds { writer, count: AtomicU64::new(0) });
        Ok(Self { bus, chain: Arc::new(chain), ids })
    }

    /// Returns the name of the stream that gets appended records, as far as this process knows.
    #[must_use]
    pub fn stream(&self) -> String {
        self.chain.streams().now.name.clone()
    }

    /// Returns the names of the streams in which the journals were before, the latest first.
    #[must_use]
    pub fn earlier_streams(&self) -> Vec<String> {
        self.chain.streams().earlier.iter().map(|stream| stream.name.clone()).collect()
    }

    /// Returns the sequence of the first record of the current stream; 0 or 1 unless the stream was
    /// added later.
    #[must_use]
    pub fn begins(&self) -> u64 {
        self.chain.streams().now.first
    }

    /// Returns whether records can be stored now, as far as this process knows: the server answers,
    /// and no failed append waits.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.chain.streams().now.is_well()
    }

    /// Returns a number that rises whenever records can no longer be stored: the server is away, or
    /// an append failed.
    #[must_use]
    pub fn outages(&self) -> u64 {
        let failed = self.chain.streams().latest_first().map(|stream| stream.trouble.count()).sum::<u64>();
        self.bus.outages() + failed
    }

    /// Returns the highest sequence that this process has written or read; other writers may be
    /// further.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.chain.streams().latest_first().map(|stream| stream.newest()).max().unwrap_or(0)
    }

    fn append_id(&self) -> String {
        let count = self.ids.count.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}.{count}", self.ids.writer)
    }
}

impl TableStreams {
    /// Returns the journals of a partition, which continue in another stream when the partition is
    /// moved. Waits up to half a minute while no stream holds the partition, because it is being
    /// moved.
    ///
    /// # Errors
    /// [`JournalError::Unheld`] after that, and those of [`Journal::open`].
    pub async fn journal(&self, partition: u16) -> Result<Journal, JournalError> {
        let found = self.locate(partition).await?;
        Journal::new(Chain::new(Some((self.clone(), partition)), found))
    }

    /// Returns all streams that have journals of tables, by name. Records appended through these go
    /// to that stream or are not stored.
    ///
    /// # Errors
    /// Those of [`Journal::open`].
    pub async fn all(&self) -> Result<Vec<Journal>, JournalError> {
        let found = self.names().await?;
        let mut journals = Vec::with_capacity(found.len());
        for name in found {
            journals.push(Journal::new(Chain::new(None, Streams::one(self.open(&name).await?)))?);
        }
        Ok(journals)
    }
}
