//! Whole fleets for end-to-end tests, players that play in them, and checkers that watch from outside.
//! For development only: no role depends on it.
//!
//! What always holds: a fleet runs on servers of its own, on free ports, in a temporary folder, and ends with the test, however that
//! ends. Processes are killed by their ids. Checkers compare what clients saw with the journals, not with what a role
//! says of itself.

pub mod check;
mod fleet;
mod journals;
mod people;
mod watcher;

pub use fleet::{Fleet, FleetSize, Folders, NATS, POSTGRES};
pub use journals::{TableJournals, nobody_timed_out, table_journals};
pub use people::{Hero, HeroReport, PASSWORD, quick_tournament};
pub use supervisor::program_beside;
pub use watcher::{Sightings, Watcher, check_against_journals};
