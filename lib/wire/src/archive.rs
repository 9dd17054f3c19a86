//! The archive of journals: their records as the archivists keep them after trimming, and the
//! queries that archivists answer ([`crate::subject::QUERY_ARCHIVE`]).

use crate::{
    Epoch, HandNo, Refusal, TableId, TournamentId,
    event::TableEvent,
    journal::{Cause, Record},
    table::TableConfig,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Largest number of tables that one query may name.
pub const MOST_NAMED: usize = 1_000;

/// A record of a journal, without the snapshot that it may have had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Archived<E> {
    /// The record's sequence in its stream.
    pub sequence: u64,
    /// When the server stored it, in milliseconds since 1970.
    pub stored_ms: u64,
    /// Version of the record.
    pub v: u8,
    /// The epoch of the owner that wrote it.
    pub epoch: Epoch,
    /// Time of the record by the owner's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// See [`Record::resumed`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resumed: bool,
    /// The command that the record carries out; none if the clock or the fleet itself was the
    /// cause.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// The events, at least one.
    pub events: Vec<E>,
}

impl<E> Archived<E> {
    /// Makes an archived record of a stored one, without its snapshot.
    pub fn new<S>(sequence: u64, stored_ms: u64, record: Record<E, S>) -> Self {
        let Record { v, epoch, at_ms, resumed, cause, events, state: _ } = record;
        Self { sequence, stored_ms, v, epoch, at_ms, resumed, cause, events }
    }

    /// Returns the record as it was stored, without its snapshot.
    pub fn into_record<S>(self) -> Record<E, S> {
        let Self { sequence: _, stored_ms: _, v, epoch, at_ms, resumed, cause, events } = self;
        Record { v, epoch, at_ms, resumed, cause, events, state: None }
    }
}

/// A query to one archivist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ArchiveQuery {
    /// How far the journals are checked and archived, and which violations were found.
    Proof,
    /// Tables in the archive, in order, as many as fit into one answer.
    Tables {
        /// The tables after this one; 0 for the first tables.
        after: TableId,
    },
    /// Records of a table in order, as many as fit into one answer.
    Records {
        /// The table.
        table: TableId,
        /// The records after this sequence; 0 for the first records.
        after: u64,
    },
    /// One finished hand.
    Hand {
        /// The table.
        table: TableId,
        /// The hand.
        hand: HandNo,
    },
    /// How far tables are archived whose journals are not at their end, as far as the archive
    /// knows, in order: those after one, 0 for the first. As many as fit into one answer.
    OpenTables {
        /// The last one that is known.
        after: TableId,
    },
    /// How far these tables are archived, whether they are over or not. At most [`MOST_NAMED`];
    /// those that the archive does not know are left out of the answer.
    TableProofs {
        /// Which tables.
        tables: Vec<TableId>,
    },
    /// Finished tournaments in the archive, in order: those after one, 0 for the first. As many as
    /// fit into one answer.
    Tournaments {
        /// The last one that is known.
        after: TournamentId,
    },
}

/// An archivist's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ArchiveAnswer {
    /// Answers [`ArchiveQuery::Proof`].
    Proof(Proof),
    /// Answers [`ArchiveQuery::Tables`].
    Tables {
        /// The tables.
        tables: Vec<TableId>,
        /// Whether there are further ones.
        more: bool,
    },
    /// Answers [`ArchiveQuery::Records`].
    Records {
        /// The records.
        records: Vec<Archived<TableEvent>>,
        /// Whether there are further ones.
        more: bool,
    },
    /// Answers [`ArchiveQuery::Hand`].
    Hand(Box<ArchivedHand>),
    /// To [`ArchiveQuery::OpenTables`] and [`ArchiveQuery::TableProofs`].
    TableProofs {
        /// How far each is archived.
        tables: Vec<TableProof>,
        /// Whether there are more.
        more: bool,
    },
    /// To [`ArchiveQuery::Tournaments`].
    Tournaments {
        /// The tournaments.
        tournaments: Vec<TournamentId>,
        /// Whether there are more.
        more: bool,
    },
    /// The query is refused.
    Refused(Refusal),
}

/// A finished hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArchivedHand {
    /// The table.
    pub table: TableId,
    /// The table's configuration.
    pub config: TableConfig,
    /// The table's records after those of the hand before, up to this hand's last one.
    pub records: Vec<Archived<TableEvent>>,
}

/// How far all journals are checked and archived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// Each stream of journals that an archivist has read.
    pub streams: Vec<StreamProof>,
    /// Finished hands in the archive.
    pub hands: u64,
    /// Finished tournaments in the archive whose tables' journals were not compared with theirs
    /// yet.
    pub uncrossed: u64,
    /// Number of violations found so far.
    pub violations: u64,
    /// The first violations, in words, with table or tournament and record.
    pub described: Vec<String>,
}

/// How far one stream is checked and archived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StreamProof {
    /// The stream's name.
    pub name: String,
    /// Sequence of the last record that was checked and archived.
    pub read_to: u64,
    /// Sequence before which records were trimmed.
    pub trimmed_to: u64,
    /// Records that were checked and archived.
    pub records: u64,
}

/// How far one table's journal is checked and archived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableProof {
    /// Which table.
    pub table: TableId,
    /// The stream that holds its journal.
    pub stream: String,
    /// Sequence there of the last record that is archived.
    pub archived_to: u64,
    /// Hands that are archived.
    pub hands: u64,
    /// Their chained sum, as 32 hexadecimal digits (`audit::Chain`).
    pub hands_sum: String,
    /// Instructions of its tournament that are archived.
    pub instructions: u64,
    /// Their chained sum, as 32 hexadecimal digits.
    pub instructions_sum: String,
    /// Whether its journal is at its end, and may be gone.
    pub over: bool,
}
