//! Stages for tests: a room without servers, servers with single processes of a role, whole fleets;
//! players in them, and checks from outside. For development only: no role depends on it.
//!
//! Invariants: a fleet runs on servers of its own, on free ports, in a temporary folder, and ends
//! with its test, also if the test fails. Processes are killed by their ids. Checks compare the
//! clients' observations with the journals, and do not rely on a role's reports of itself.

mod authenticator;
pub mod check;
mod fleet;
mod journals;
mod ledger;
mod passes;
mod people;
mod requests;
pub mod room;
mod stage;
mod watcher;

pub use authenticator::Authenticator;
pub use fleet::{Fleet, FleetSize, Folders, NATS, POSTGRES};
pub use journals::{TableJournals, nobody_timed_out, table_journals};
pub use ledger::{DATABASE_PASSWORD, TestDatabase, migrate};
pub use passes::log_in_as_gateway;
pub use people::{Hero, HeroReport, PASSWORD, quick_tournament};
pub use requests::ask_table_as;
pub use stage::{GUARD, Stage, eventually, guarded};
pub use supervisor::program_beside;
pub use watcher::{Sightings, Watcher, check_against_journals};
