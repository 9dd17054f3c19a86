//! Batches: the records of one stream that are written to the database in one transaction.

use crate::hand::Hand;
use audit::{Chain, Violation};
use wire::{
    TableId, TournamentId,
    archive::Archived,
    event::TableEvent,
    table::{Purpose, TableConfig},
};

/// The state of a table's archive.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    /// Sequence of the last archived record; 0 if there is none.
    pub archived_to: u64,
    /// Number of archived records.
    pub records: u64,
    /// Archived hands, as a chain that the tournament's must equal.
    pub hands: Chain,
    /// Archived instructions, as a chain.
    pub instructions: Chain,
}

/// The unchanging properties of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The configuration.
    pub config: TableConfig,
    /// Time of the table's creation, in milliseconds since 1970, if that record was read.
    pub created_ms: Option<u64>,
}

impl Facts {
    /// Returns the table's tournament.
    pub const fn tournament(&self) -> Option<TournamentId> {
        match self.config.purpose {
            Purpose::Tournament { tournament } => Some(tournament),
            Purpose::Cash { .. } => None,
        }
    }
}

/// Records of one table that are archived together: up to the end of a hand, or a stretch without a
/// finished hand.
pub struct Piece {
    /// The table.
    pub table: TableId,
    /// The table's unchanging properties.
    pub facts: Facts,
    /// The records.
    pub records: Vec<Archived<TableEvent>>,
    /// The hand that ends with them.
    pub hand: Option<Hand>,
    /// The state of the table's archive, with this piece.
    pub archive: Archive,
    /// Time of the table's end, in milliseconds since 1970, if it has ended.
    pub closed_ms: Option<u64>,
}

/// A packed part of a tournament's journal.
pub struct TournamentPart {
    /// The tournament.
    pub tournament: TournamentId,
    /// The number of the part, from 0.
    pub part: u32,
    /// Time of its last record, in milliseconds since 1970.
    pub ended_ms: u64,
    /// The packed records.
    pub body: Vec<u8>,
}

/// A finished tournament.
pub struct FinishedTournament {
    /// The tournament.
    pub tournament: TournamentId,
    /// Display name.
    pub name: String,
    /// Code of the variant.
    pub variant: String,
    /// Times of the tournament's creation and end, in milliseconds since 1970.
    pub created_ms: u64,
    /// See `created_ms`.
    pub ended_ms: u64,
    /// Number of players at the start.
    pub players: u32,
    /// Number of records in its journal, and of the parts in which they are archived.
    pub records: u64,
    /// See `records`.
    pub parts: u32,
    /// The hands and instructions that its tables' journals must have.
    pub tables: Vec<TournamentTable>,
}

/// The hands and instructions of one table in the tournament's journal.
pub struct TournamentTable {
    /// The table.
    pub table: TableId,
    /// The reported hands.
    pub hands: Chain,
    /// The instructions.
    pub instructions: Chain,
}

/// A batch of one stream.
#[derive(Default)]
pub struct Batch {
    /// Pieces of tables' journals.
    pub pieces: Vec<Piece>,
    /// Parts of tournaments' journals.
    pub parts: Vec<TournamentPart>,
    /// Finished tournaments.
    pub tournaments: Vec<FinishedTournament>,
    /// Violations.
    pub violations: Vec<Violation>,
    /// Number of records that were read.
    pub records: u64,
    /// Sequence of the last record that was read.
    pub read_to: u64,
}
