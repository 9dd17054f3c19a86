//! A player's connection to the poker room, for programs: bots, terminals, tests.
//!
//! ```no_run
//! use client::{Client, ClientEvent, Login, Options};
//! use wire::client::ClientMessage;
//!
//! # async fn play() -> Result<(), Box<dyn std::error::Error>> {
//! let login = Login::Password { name: "ann".into(), password: "correct horse".into() };
//! let mut client = Client::connect(Options::new(vec!["tcp://127.0.0.1:7000".parse()?], login)).await?;
//! client.request(ClientMessage::Register { tournament: wire::TournamentId(17) }).await?;
//! while let Some(event) = client.next().await {
//!     if let ClientEvent::Event { table, event, .. } = event {
//!         println!("{table}: {event:?}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
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
//! The crate does not know the rules of poker. [`TableMirror`] only applies a table's events.

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
