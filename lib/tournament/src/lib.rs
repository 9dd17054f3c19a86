//! The tournament director: entries, seats, the next instruction of each table, who finished
//! where and what that pays.
//!
//! What it is for: [`Tournament::decide`] turns a command into events or a named refusal,
//! [`Tournament::evolve`] carries an event out and cannot fail, [`Tournament::effects`] lists what
//! is left to be done outside, derived from the state alone, so that an owner that takes a
//! tournament over goes on where the last owner stopped. [`Saved`] adds the memory of answered
//! commands.
//!
//! What always holds, after every event:
//! - all chips together are starting stack times entries ([`Tournament::chips_in_play`]); a player
//!   that moves takes them along;
//! - a player is in one place: not seated yet, at one table, between two tables, or out;
//! - an instruction is made only for a table that has carried out the one before.
//!
//! What it does not know: NATS, clocks, entropy, logging, cards, bets. Time and the seed of the
//! seat draw are inputs.
//!
//! # What it expects of a table
//!
//! - A table is created with [`wire::table::TableCommand::Create`] and told its first instruction
//!   (number 1) by [`wire::table::TableCommand::Instruct`]; both are repeated until answered and
//!   count once.
//! - It reports every finished hand and plays no other until the answering instruction is carried
//!   out. `before` of a report is the stack it was told or last reported; players that were not
//!   dealt in may be left out. `applied` is the number of the last instruction made for it. A
//!   report that breaks this is refused with a reason, because carrying it out would lose chips.
//! - Of an instruction it carries out `remove` first, then `add` (an arrival may get the seat that
//!   a leaver has just given up), then `then`, all in one record.
//! - After an instruction that removes players or says `Wait` or `Close` it confirms with
//!   [`wire::tournament::TournamentCommand::Applied`] until answered. Only then do the removed
//!   players arrive elsewhere, and only then is a waiting table told more.
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
mod hosted;
mod inventory;
mod payout;
mod plan;
mod play;
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
