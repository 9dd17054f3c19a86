//! The tournament director: entries, seats, the next instruction of each table, places and prizes.
//!
//! [`Tournament::decide`] turns a command into events or a named refusal. [`Tournament::evolve`]
//! applies an event and cannot fail. [`Tournament::effects`] lists the effects that are still due;
//! it derives them from the state alone, so that a new owner continues where the last owner
//! stopped. [`Saved`] adds the memory of answered commands.
//!
//! Invariants after every event:
//! - all chips together are starting stack times entries ([`Tournament::chips_in_play`]); a player
//!   who moves takes the chips along;
//! - a player is in one place: not seated yet, at one table, between two tables, or out;
//! - an instruction is made only for a table that has carried out the one before.
//!
//! This crate does not know NATS, clocks, entropy, logging, cards or bets. Time and the seed of the
//! seat draw are inputs.
//!
//! # The table's part of the protocol
//!
//! - A table is created with [`wire::table::TableCommand::Create`] and gets its first instruction
//!   (number 1) by [`wire::table::TableCommand::Instruct`]; both are repeated until answered and
//!   count once.
//! - The table reports every finished hand and plays no other until it has carried out the
//!   answering instruction. `before` of a report is the stack from the last instruction or report;
//!   players who were not dealt in may be left out. `applied` is the number of the last instruction
//!   made for the table. A report that breaks this is refused with a reason, because carrying it
//!   out would lose chips.
//! - The table carries out an instruction in one record: first `remove`, then `add` (an arrival may
//!   get the seat that a removed player has just left), then `then`.
//! - After an instruction that removes players or says `Wait` or `Close` the table sends
//!   [`wire::tournament::TournamentCommand::Applied`] until it is answered. Only after that do the
//!   removed players arrive at their new tables, and a waiting table gets its next instruction.
//! - The last player of a finished tournament is still seated when `Close` arrives and is not in
//!   `remove`.

mod answers;
mod cadence;
mod config;
mod decide;
mod draft;
mod draw;
mod effects;
mod entry;
mod evolve;
mod ground;
mod hosted;
mod inventory;
mod payout;
mod plan;
mod play;
mod played;
mod standings;
mod start;
mod state;
mod table;

pub use answers::{Answer, Saved};
pub use config::check;
pub use decide::{Command, Payment};
pub use effects::{Effect, MOST_TABLES_AT_ONCE};
pub use hosted::{Key, TournamentHost, TournamentNews, TournamentOrder};
pub use inventory::{EntryInventory, EntryStanding, Inventory, TableInventory};
pub use payout::prizes;
pub use start::ENTRY_GRACE_MS;
pub use state::Tournament;
