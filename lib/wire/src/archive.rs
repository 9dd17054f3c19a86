//! The archive of journals: their records as the archivists keep them after trimming, and the
//! queries that archivists answer ([`crate::subject::QUERY_ARCHIVE`]).

use crate::{
    Epoch, HandNo, Refusal, TableId, TournamentId,
    event::TableEvent,
    journal::{Cause, Record},
    table_config::TableConfig,
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
    /// Asks for the progress of checks and archive in all journals, and for the violations found.
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
    /// Asks for the archived parts of tables that are open by the archive, in order of their ids,
    /// as many as fit into one answer.
    OpenTables {
        /// The ids after this one; 0 for the first.
        after: TableId,
    },
    /// Asks for the archived parts of these tables, open or over. Tables that the archive does not
    /// know are left out of the answer.
    TableProofs {
        /// The tables, at most [`MOST_NAMED`].
        tables: Vec<TableId>,
    },
    /// Asks for the finished tournaments in the archive, in order of their ids, as many as fit into
    /// one answer.
    Tournaments {
        /// The ids after this one; 0 for the first.
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
    /// Answers [`ArchiveQuery::OpenTables`] and [`ArchiveQuery::TableProofs`].
    TableProofs {
        /// The archived part of each table.
        tables: Vec<TableProof>,
        /// Whether there are further ones.
        more: bool,
    },
    /// Answers [`ArchiveQuery::Tournaments`].
    Tournaments {
        /// The tournaments.
        tournaments: Vec<TournamentId>,
        /// Whether there are further ones.
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

/// The progress of checks and archive in all journals.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// Each stream of journals that an archivist has read.
    pub streams: Vec<StreamProof>,
    /// Finished hands in the archive.
    pub hands: u64,
    /// Number of finished tournaments in the archive that are not yet compared with their tables.
    pub uncrossed: u64,
    /// Number of violations found so far.
    pub violations: u64,
    /// The first violations, in words, with table or tournament and record.
    pub described: Vec<String>,
}

/// The progress of checks and archive in one stream.
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

/// The checked and archived part of one table's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableProof {
    /// The table.
    pub table: TableId,
    /// The stream that holds the table's journal.
    pub stream: String,
    /// Sequence of the last archived record in that stream.
    pub archived_to: u64,
    /// Number of archived hands.
    pub hands: u64,
    /// The chained sum of the archived hands, as 32 hexadecimal digits (`audit::Chain`).
    pub hands_sum: String,
    /// Number of archived instructions of the table's tournament.
    pub instructions: u64,
    /// The chained sum of the archived instructions, as 32 hexadecimal digits.
    pub instructions_sum: String,
    /// Whether the table is over, so that its journal may be purged.
    pub over: bool,
}
