//! Checkers that watch from outside: what client programs saw and did, compared with the journals and the ledger.
//! Pure: everything is read before.
//!
//! What always holds: nothing is believed because a role says so of itself. A fault is found by name, at the place where it
//! shows first.

mod clock;
mod log;
mod money;
mod seating;
mod story;
mod testimony;

#[cfg(test)]
mod tests;

pub use clock::{Outage, clocks};
pub use log::{Answer, ClientLog, Kind, Sent, Stretch};
pub use money::{Flows, money};
pub use story::Story;
pub use testimony::testimony;

use serde::Serialize;
use std::fmt;
use wire::{PlayerId, TableId};

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Fault {
    /// A command was acknowledged and is in no journal.
    Lost,
    /// A command is in a journal more than once.
    Doubled,
    /// A command was refused and is in a journal all the same.
    Undenied,
    /// A client missed an event.
    Gap,
    /// A client saw an event again, or an earlier one after a later one.
    Repeat,
    /// A player's numbered lines are not in the journal in the order in which they were said.
    Order,
    /// A client saw an event that the journal does not have, or not so.
    Foreign,
    /// A client saw something before it was durable.
    Early,
    /// Somebody saw a hidden card that is not theirs, or not yet.
    Leak,
    /// A player has two seats, or a seat two players.
    Seats,
    /// Button or blinds are not where they belong.
    Button,
    /// A clock ran out although the player could not have acted.
    Clock,
    /// Chips came from nowhere or are gone.
    Chips,
    /// A table or a tournament does not go on.
    Stuck,
    /// What `pokerctl verify` found in the journals.
    Journal,
}

/// A broken promise, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What is broken.
    pub fault: Fault,
    /// At which table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableId>,
    /// Sequence in the stream of the record where it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// Whose client saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player: Option<PlayerId>,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fault)?;
        if let Some(table) = self.table {
            write!(f, ", table {table}")?;
        }
        if let Some(sequence) = self.sequence {
            write!(f, ", record {sequence}")?;
        }
        if let Some(player) = self.player {
            write!(f, ", player {player}")?;
        }
        write!(f, ": {}", self.what)
    }
}
