//! The cashier: accounts of people and bots, sessions, the ledger, results of tournaments.
//!
//! Invariants: no request is answered before PostgreSQL has stored its result; every movement of
//! money has an id, and a repeat moves none; a process that is killed leaves no request half done,
//! because each request is one transaction. This crate does not know cards, tables beyond their
//! number, or the course of a tournament.
//!
//! [`Desk`] answers requests without messaging; [`serve`] connects it to the bus.

pub mod args;
pub mod audit;
pub mod bot_names;
pub mod bots;
pub mod desk;
pub mod devices;
pub mod failure;
pub mod guests;
pub mod inspections;
pub mod ledger;
pub mod login;
pub mod names;
pub mod origin;
pub mod pass_office;
pub mod passwords;
pub mod players;
pub mod second_factor;
pub mod serve;
pub mod sessions;
pub mod settlement;
pub mod storage;
pub mod sweep;

pub use desk::Desk;
pub use failure::Failure;
pub use storage::Database;
