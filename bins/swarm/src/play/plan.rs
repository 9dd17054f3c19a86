//! What a worker process is told to do, and how it tells what it does: lines of JSON over its
//! standard input and output.

use super::tally::{Counted, Counts};
use crate::{pace::Pace, raw::Shape};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use wire::{Chips, PlayerId, TableId};

/// The players of one process. The first line that it reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Of every choice by chance.
    pub seed: u64,
    /// Gateways.
    pub addresses: Vec<String>,
    /// Where connections come from, in turns by seat.
    pub sources: Vec<IpAddr>,
    /// Connections that are being made at the same time.
    pub doors: usize,
    /// When players act.
    pub pace: Pace,
    /// What they bring to the table.
    pub buy_in: Chips,
    /// Tables and their players.
    pub tables: Vec<TablePlan>,
    /// Send and count bytes of these sizes, to raw nodes, in place of playing poker.
    #[serde(default)]
    pub raw: Option<Shape>,
}

impl Plan {
    /// Returns where the connections of a seat come from.
    pub fn source(&self, seat: usize) -> Option<IpAddr> {
        self.sources.get(seat % self.sources.len().max(1)).copied()
    }
}

/// A table whose players are all in one process, so that what they see can be compared.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TablePlan {
    /// Which.
    pub table: TableId,
    /// Its players.
    pub players: Vec<PlayerPlan>,
}

/// A player.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlayerPlan {
    /// Whose account.
    pub player: PlayerId,
    /// The session.
    pub token: String,
    /// Which of the addresses to connect to first.
    pub node: usize,
    /// Only watches.
    #[serde(default)]
    pub rail: bool,
}

/// What a worker process is told, in this order; to play and to rest by turns, as often as is
/// liked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Order {
    /// Connect.
    Connect,
    /// Take your seats.
    Sit,
    /// Wait when it is your turn.
    Rest,
    /// Act when it is your turn.
    Play,
    /// Count from zero.
    Measure,
    /// Tell what you have counted. May be said again.
    Tell,
}

/// What a worker process says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Report {
    /// How far it is, a few times a second.
    Progress(Counts),
    /// The answer to [`Order::Tell`].
    Counted(Box<Counted>),
}
