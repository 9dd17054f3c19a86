//! The orders to a worker process and its reports: lines of JSON over its standard input and
//! output.

use crate::{
    pace::Pace,
    tally::{Counted, Counts},
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use wire::{Chips, PlayerId, TableId};

/// The players of one process: the first line that it reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The seed of all random choices.
    pub seed: u64,
    /// The gateways' addresses.
    pub addresses: Vec<String>,
    /// Local addresses of the connections, used in turn by seat.
    pub sources: Vec<IpAddr>,
    /// Connections that are made at the same time.
    pub doors: usize,
    /// When players act.
    pub pace: Pace,
    /// The buy-in of each player.
    pub buy_in: Chips,
    /// Tables and their players.
    pub tables: Vec<TablePlan>,
    /// Sizes of the messages to send and count on raw gateways, instead of playing poker.
    #[serde(default)]
    pub raw: Option<Shape>,
}

impl Plan {
    /// Returns the local address for the connections of a seat.
    pub fn source(&self, seat: usize) -> Option<IpAddr> {
        self.sources.get(seat % self.sources.len().max(1)).copied()
    }
}

/// A table whose players are all in one process, so that the events they see can be compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TablePlan {
    /// The table.
    pub table: TableId,
    /// Its players.
    pub players: Vec<PlayerPlan>,
}

/// A player.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlayerPlan {
    /// The player's account.
    pub player: PlayerId,
    /// The session's token.
    pub token: String,
    /// The index of the first address to connect to.
    pub node: usize,
    /// Whether the player only watches.
    #[serde(default)]
    pub rail: bool,
}

/// Numbers and sizes of messages, in bytes, as they were on average in a fleet that played.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Shape {
    /// Players at a table.
    pub players: u8,
    /// Actions of a hand.
    pub actions_per_hand: u32,
    /// A player's frame with an action.
    pub act: usize,
    /// The gateway's request to the table worker.
    pub request: usize,
    /// The gateway's answer to the player.
    pub answer: usize,
    /// A record of an action.
    pub record: usize,
    /// A frame of the table's feed after an action.
    pub event: usize,
    /// A record that starts a hand, with the whole state.
    pub start_record: usize,
    /// A frame of the table's feed that starts a hand.
    pub start: usize,
    /// A frame with a player's own cards.
    pub cards: usize,
}

/// An order to a worker process. Orders come in this sequence; play and rest may alternate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Order {
    /// Connect all players.
    Connect,
    /// Take the seats.
    Sit,
    /// Do not act.
    Rest,
    /// Act in turn.
    Play,
    /// Reset the counters.
    Measure,
    /// Report the counters. May be sent several times.
    Tell,
}

/// A report of a worker process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Report {
    /// The counts so far, a few times a second.
    Progress(Counts),
    /// The answer to [`Order::Tell`].
    Counted(Box<Counted>),
}
