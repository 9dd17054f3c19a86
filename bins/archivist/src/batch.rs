//! What goes into the database in one transaction.

use crate::{
    chain::Chain,
    hand::Hand,
    table::{Archive, Facts},
};
use audit::Violation;
use wire::{TableId, TournamentId, archive::Archived, event::TableEvent};

/// Records of one table that are archived together: up to the end of a hand, or a stretch without one.
pub struct Piece {
    /// Which table.
    pub table: TableId,
    /// What stays the same about it.
    pub facts: Facts,
    /// The records.
    pub records: Vec<Archived<TableEvent>>,
    /// The hand that ends with them.
    pub hand: Option<Hand>,
    /// What the archive has of the table, this included.
    pub archive: Archive,
    /// When the table was over, in milliseconds since 1970, if it is.
    pub closed_ms: Option<u64>,
}

/// A part of a tournament's journal, packed.
pub struct TournamentPart {
    /// Which tournament.
    pub tournament: TournamentId,
    /// Which part, from 0.
    pub part: u32,
    /// When its last record was written, in milliseconds since 1970.
    pub ended_ms: u64,
    /// The packed records.
    pub body: Vec<u8>,
}

/// A tournament that is over.
pub struct FinishedTournament {
    /// Which.
    pub tournament: TournamentId,
    /// Display name.
    pub name: String,
    /// Code of the variant.
    pub variant: String,
    /// When it was made and when it was over, in milliseconds since 1970.
    pub created_ms: u64,
    /// See `created_ms`.
    pub ended_ms: u64,
    /// Players when it started.
    pub players: u32,
    /// Records of its journal, and the parts that they are archived in.
    pub records: u64,
    /// See `records`.
    pub parts: u32,
    /// What its tables must have on record.
    pub tables: Vec<TournamentTable>,
}

/// What a tournament has on record of one of its tables.
pub struct TournamentTable {
    /// Which table.
    pub table: TableId,
    /// The hands that it reported.
    pub hands: Chain,
    /// The instructions that it was told.
    pub instructions: Chain,
}

/// A batch of one stream.
#[derive(Default)]
pub struct Batch {
    /// Pieces of tables' journals.
    pub pieces: Vec<Piece>,
    /// Parts of tournaments' journals.
    pub parts: Vec<TournamentPart>,
    /// Tournaments that are over.
    pub tournaments: Vec<FinishedTournament>,
    /// Broken promises.
    pub violations: Vec<Violation>,
    /// Records that were read.
    pub records: u64,
    /// Sequence of the last of them.
    pub read_to: u64,
}
