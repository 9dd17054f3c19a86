//! Journals: one subject of a stream is the record of one table or tournament.
//!
//! What always holds: a record is stored only directly after the one that its writer knows as the last of the
//! subject, so two writers never both succeed; an append that returned is stored exactly once.
//! Each record tells, in its headers, who wrote it (the append's id) and the sequence of the snapshot that it
//! builds on; so the last record of a subject is enough to find everything that recovery has to read.

mod append;
mod read;
mod streams;
mod trim;

use crate::{Bus, BusError, direct::Found};
use bytes::Bytes;
use serde::Deserialize;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::Semaphore;

pub use append::AppendError;
pub use streams::TableStreams;
pub use trim::Extent;

/// Header: the random id of the append.
const APPEND_ID: &str = "Append-Id";
/// Header: sequence of the snapshot that the record builds on, or [`OWN`].
const SNAPSHOT: &str = "Snapshot";
/// Value of [`SNAPSHOT`] in a record that is a snapshot itself.
const OWN: &str = "own";

/// Batches of one stream that this process reads at the same time. When a dead worker's partitions are all taken over at
/// once, more would only wait at the server, some of them longer than their readers do.
const READS: usize = 2;
/// Tails of one stream that this process reads at the same time, record by record.
const TAILS: usize = 64;

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
    /// The last snapshot and all records after it, in order; all records where there is no snapshot.
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

/// One stream of journals. Clones share it.
#[derive(Clone)]
pub struct Journal {
    inner: Arc<Inner>,
}

struct Inner {
    bus: Bus,
    stream: String,
    /// Random, new for every opened journal: with a count behind it, it makes append ids.
    writer: u64,
    appends: AtomicU64,
    /// The highest sequence of the stream that this process has seen.
    newest: AtomicU64,
    /// Bounds the batches that are read at the same time.
    reads: Semaphore,
    /// Bounds the tails that are read at the same time.
    tails: Semaphore,
    warnings: append::Warnings,
    trouble: append::Trouble,
}

impl Journal {
    /// Opens a stream that `pokerctl apply` has made.
    ///
    /// # Errors
    /// When it is missing, would lose records by itself, cannot be read directly, or the server does not answer.
    pub async fn open(bus: &Bus, stream: &str) -> Result<Self, JournalError> {
        #[derive(Deserialize)]
        struct About {
            config: Config,
        }
        #[derive(Deserialize)]
        struct Config {
            #[serde(default)]
            max_age: u64,
            #[serde(default)]
            max_msgs_per_subject: i64,
            #[serde(default)]
            discard: String,
            #[serde(default)]
            allow_direct: bool,
        }
        let about: Option<About> =
            crate::api::ask(bus, &format!("STREAM.INFO.{stream}"), &serde_json::json!({})).await?;
        let Some(About { config }) = about else {
            return Err(JournalError::Missing { stream: stream.to_owned() });
        };
        let wrong = |what| JournalError::Misconfigured { stream: stream.to_owned(), what };
        if config.max_age != 0 {
            return Err(wrong("max_age"));
        }
        if config.max_msgs_per_subject > 0 {
            return Err(wrong("max_msgs_per_subject"));
        }
        if config.discard != "new" {
            return Err(wrong("discard other than new"));
        }
        if !config.allow_direct {
            return Err(wrong("allow_direct off"));
        }
        let inner = Inner {
            bus: bus.clone(),
            stream: stream.to_owned(),
            writer: getrandom::u64().map_err(BusError::Random)?,
            appends: AtomicU64::new(0),
            newest: AtomicU64::new(0),
            reads: Semaphore::new(READS),
            tails: Semaphore::new(TAILS),
            warnings: append::Warnings::default(),
            trouble: append::Trouble::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the name of the stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.inner.stream
    }

    /// Whether records can be stored now, as far as is known: the server is there, and no append waits because it failed.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.inner.bus.is_connected() && !self.inner.trouble.is_now()
    }

    /// A number that counts up whenever records begin not to be stored: the server went away, or an append failed.
    #[must_use]
    pub fn outages(&self) -> u64 {
        self.inner.bus.outages() + self.inner.trouble.count()
    }

    /// The highest sequence of the stream that this process has written or read; other writers may be further.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.inner.newest.load(Ordering::Relaxed)
    }

    fn seen(&self, sequence: u64) {
        self.inner.newest.fetch_max(sequence, Ordering::Relaxed);
    }

    fn append_id(&self) -> String {
        let count = self.inner.appends.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}.{count}", self.inner.writer)
    }
}
