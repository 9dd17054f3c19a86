//! The cashier: accounts of people and bots, sessions, the ledger, results of tournaments.
//!
//! What always holds: nothing is answered before PostgreSQL has it; every movement of money has an
//! id, and asking twice moves it once; a process that is killed leaves nothing half done, because
//! each request is one transaction. What this crate does not know: cards, tables beyond their
//! number, how a tournament is played.
//!
//! [`Desk`] answers requests and knows no messaging; [`serve`] puts it on the bus.

pub mod args;
pub mod audit;
pub mod bot_names;
pub mod bots;
pub mod desk;
pub mod failure;
pub mod guests;
pub mod ledger;
pub mod login;
pub mod passwords;
pub mod players;
pub mod serve;
pub mod sessions;
pub mod settlement;
pub mod storage;

pub use desk::Desk;
pub use failure::Failure;
pub use storage::Database;
