//! Checks the invariants of journals: of tables, of tournaments, and between the two.
//!
//! Every record is decided again from the state before it, every snapshot is compared with the
//! replay, and chips, seats, cards, blinds and places are counted a second time from the events
//! alone, without the engine.
//!
//! [`TableCheck`] and [`TournamentCheck`] take the records of one journal in order, while they are
//! written or all at once, and add their findings to a [`Report`].
//! [`compare_tables_with_tournaments`] compares the results of the journals ([`TableOutcome`],
//! [`TournamentOutcome`]). [`Links`] checks that each journal continues where its archive ends, and
//! both are compared by [`compare_tables_with_archive`] and [`compare_tournaments_with_archive`].
//!
//! This crate does not know NATS, tasks, clocks, the ledger or the source of the records.

mod archive;
mod beginning;
mod blinds;
mod books;
mod chain;
mod crossing;
mod field;
mod places;
mod redecide;
mod report;
mod snapshot;
mod stamps;
mod table;
pub mod tally;
mod tournament;
mod words;

pub use archive::{
    ArchivedTable, Gap, Links, compare_tables as compare_tables_with_archive,
    compare_tournaments as compare_tournaments_with_archive,
};
pub use beginning::Beginning;
pub use chain::Chain;
pub use crossing::check as compare_tables_with_tournaments;
pub use report::{Fault, Location, Report, Rule, Violation};
pub use table::{Money, TableCheck, TableOutcome};
pub use tournament::{ToldTable, TournamentCheck, TournamentOutcome, TournamentRecord};
pub use words::{hand_event, table_event, tournament_event};
