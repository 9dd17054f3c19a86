//! The archive of journals: what was in them before they were trimmed, as the archivists keep it, and the questions
//! that they answer ([`crate::subject::QUERY_ARCHIVE`]).

use crate::{
    Epoch, HandNo, Refusal, TableId,
    event::TableEvent,
    journal::{Cause, Record},
    table::TableConfig,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A record out of a journal, without the snapshot that it may have carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Archived<E> {
    /// Its sequence in the stream that held it.
    pub sequence: u64,
    /// When the server stored it, in milliseconds since 1970.
    pub stored_ms: u64,
    /// Version of the record.
    pub v: u8,
    /// Ownership under which it was written.
    pub epoch: Epoch,
    /// When, by the owner's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// The command that caused it; none when it was the clock or the fleet itself.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// What happened, at least one event.
    pub events: Vec<E>,
}

impl<E> Archived<E> {
    /// Makes it of a stored record; the snapshot is left out.
    pub fn new<S>(sequence: u64, stored_ms: u64, record: Record<E, S>) -> Self {
        let Record { v, epoch, at_ms, cause, events, state: _ } = record;
        Self { sequence, stored_ms, v, epoch, at_ms, cause, events }
    }

    /// Makes the record that it was, but for its snapshot.
    pub fn into_record<S>(self) -> Record<E, S> {
        let Self { sequence: _, stored_ms: _, v, epoch, at_ms, cause, events } = self;
        Record { v, epoch, at_ms, cause, events, state: None }
    }
}

/// Asked of one archivist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ArchiveQuery {
    /// How far the journals are checked and archived, and what was found.
    Proof,
    /// Tables that the archive knows, in order: those after one, 0 for the first. As many as fit into one answer.
    Tables {
        /// The last one that is known.
        after: TableId,
    },
    /// Records of a table in order: those after a sequence, 0 for the first. As many as fit into one answer.
    Records {
        /// Which table.
        table: TableId,
        /// The last sequence that is known.
        after: u64,
    },
    /// One finished hand.
    Hand {
        /// At which table.
        table: TableId,
        /// Which hand.
        hand: HandNo,
    },
}

/// An archivist's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ArchiveAnswer {
    /// To [`ArchiveQuery::Proof`].
    Proof(Proof),
    /// To [`ArchiveQuery::Tables`].
    Tables {
        /// The tables.
        tables: Vec<TableId>,
        /// Whether there are more.
        more: bool,
    },
    /// To [`ArchiveQuery::Records`].
    Records {
        /// The records.
        records: Vec<Archived<TableEvent>>,
        /// Whether there are more.
        more: bool,
    },
    /// To [`ArchiveQuery::Hand`].
    Hand(Box<ArchivedHand>),
    /// Not known, or not now.
    Refused(Refusal),
}

/// A finished hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArchivedHand {
    /// At which table.
    pub table: TableId,
    /// The table's configuration.
    pub config: TableConfig,
    /// The table's records since the hand before, this hand's last.
    pub records: Vec<Archived<TableEvent>>,
}

/// How far all journals are checked and archived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// Each stream of journals that an archivist has read.
    pub streams: Vec<StreamProof>,
    /// Finished hands in the archive.
    pub hands: u64,
    /// Finished tournaments in the archive whose tables' journals were not compared with theirs yet.
    pub uncrossed: u64,
    /// Broken promises that were found, ever.
    pub violations: u64,
    /// The first of them, in words, with table or tournament and record.
    pub described: Vec<String>,
}

/// How far one stream is checked and archived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamProof {
    /// The stream's name.
    pub name: String,
    /// Sequence of the last record that was checked and archived.
    pub read_to: u64,
    /// Sequence before which records were taken out of the stream.
    pub trimmed_to: u64,
    /// Records that were checked and archived.
    pub records: u64,
}
