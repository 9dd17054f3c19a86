//! A simulator of whole fleets: three table workers, two coordinators, clients, bots, a cashier and
//! a server of journals, all models around the cores of [`host`], on one thread, by a schedule that
//! is drawn from a seed. The aggregates are the real ones: tables and tournaments.
//!
//! Invariant: the same seed gives the same steps. No code here reads a clock, starts a thread, or
//! iterates over an unordered collection.
//!
//! Not modelled: NATS, sockets, tasks, real durations.

mod agenda;
mod append;
mod appending;
mod attempt;
mod cashier;
mod chance;
mod checks;
mod client;
mod context;
mod disturb;
mod effects;
mod faults;
mod fleet;
mod kinds;
mod levels;
mod message;
mod mistake;
mod ops;
mod ownership;
mod play;
mod pool;
mod process;
mod rude;
mod rude_acting;
mod run;
mod server;
mod setting;
mod world;

pub use checks::Violation;
pub use faults::Fault;
pub use mistake::Mistake;
pub use run::{Outcome, run};
