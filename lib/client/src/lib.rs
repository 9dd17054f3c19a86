//! A player's connection to the poker room, for programs: bots, terminals, tests.
//!
//! `examples/follow.rs` is a small program that registers for a tournament and follows it.
//!
//! Invariants:
//! - A request is repeated under the same id, over any number of connections, until it is answered.
//!   The fleet carries out each id once.
//! - Events of a table arrive in the order of their numbers, without gaps or repeats. If the table
//!   no longer remembers missed events, [`ClientEvent::Restarted`] says so and has the state to
//!   continue from.
//! - Every queue has a bound. A program that does not take its events loses no event for good: the
//!   table is asked again once there is room.
//!
//! [`TableMirror`] only applies a table's events, without the rules of poker. The rules are needed
//! for one thing: to verify that a hand was dealt from the deck that was committed to
//! ([`ClientEvent::Verified`]).

mod address;
mod backoff;
mod client;
mod core;
mod driver;
mod error;
mod event;
mod following;
mod frame;
pub mod link;
mod mirror;
mod options;
mod outstanding;
mod queue;
mod server_clock;
mod shared;

pub use address::{Address, BadAddress, Wire};
pub use client::{Client, Handle};
pub use error::{ClientError, Ended};
pub use event::{ClientEvent, Down};
pub use mirror::TableMirror;
pub use options::{Login, Options};
