//! All messages and records that cross a process boundary, as plain data.
//!
//! Invariant: types here have no behaviour beyond construction, arithmetic that cannot overflow,
//! encoding and formatting. Subjects are built and parsed in [`subject`] only. The crate does not
//! know NATS, sockets, clocks, randomness, or the rules of poker.
//!
//! The encoding is MessagePack with **named** fields and externally tagged enums ([`codec`]): a
//! field may be added (with `#[serde(default)]`), an unknown field is skipped, and an event that is
//! unknown, or has an unknown variant anywhere in it, is kept as it came ([`unknown`]), so two
//! versions run side by side. The golden bytes in `schemas/vectors/` show a break of this promise.

pub mod action;
pub mod archive;
pub mod bots;
pub mod card_list;
pub mod cards;
pub mod cashier;
pub mod chips;
pub mod client;
pub mod codec;
pub mod command;
pub mod deal;
pub mod event;
pub mod fleet;
pub mod forced_bet;
pub mod ids;
mod items;
pub mod journal;
pub mod octets;
pub mod pass;
pub mod refusal;
pub mod script;
pub mod second_factor;
pub mod seed;
pub mod sender;
pub mod subject;
pub mod table;
pub mod table_config;
pub mod tempo;
pub mod text;
pub mod tournament;
pub mod unknown;
mod variant;
pub mod view;

pub use action::{Action, Legal, RaiseBounds};
pub use card_list::{BoardCards, Cards, HoleCards};
pub use cards::{Card, Rank, Suit};
pub use chips::Chips;
pub use command::PlayerCommand;
pub use ids::{
    CommandId, ConnectionId, Epoch, HandNo, NodeId, PlayerId, PostingId, SeatNo, TableId, TournamentId,
};
pub use refusal::Refusal;

/// Version of the software, for people, as heartbeats have it.
pub const RELEASE: &str = if cfg!(feature = "next") {
    concat!(env!("CARGO_PKG_VERSION"), "+next")
} else {
    env!("CARGO_PKG_VERSION")
};

/// Version of the client protocol, of the messages between roles and of journal records.
pub const VERSION: u8 = 1;
