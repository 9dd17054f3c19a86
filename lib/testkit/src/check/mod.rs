//! Checks a fleet from outside: compares the observations and commands of client programs with the
//! journals and the ledger. Pure: the callers read journals, ledger and logs first.
//!
//! Invariant: the checks do not rely on a role's reports of itself. A fault has a name and the
//! place where it shows first.

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

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Fault {
    /// A command was acknowledged, and is in no journal.
    Lost,
    /// A command is in a journal more than once.
    Doubled,
    /// A command was refused, and is in a journal nevertheless.
    Undenied,
    /// A client missed an event.
    Gap,
    /// A client saw an event twice, or an earlier one after a later one.
    Repeat,
    /// A player's numbered chat lines are not in the journal in the order in which they were sent.
    Order,
    /// A client saw an event that is not in the journal, or differs from it.
    Foreign,
    /// A client saw an event before it was durable.
    Early,
    /// A client saw a hidden card of another player, or too early.
    Leak,
    /// A client found that a hand was not dealt from the deck that was committed to.
    Misdeal,
    /// A player has two seats, or a seat has two players.
    Seats,
    /// Button or blinds are at wrong seats.
    Button,
    /// A clock ran out although the player could not act.
    Clock,
    /// Chips appeared or disappeared.
    Chips,
    /// A table or a tournament does not continue.
    Stuck,
    /// `pokerctl verify` found a violation in the journals.
    Journal,
}

/// A fault and its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The kind of fault.
    pub fault: Fault,
    /// The table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableId>,
    /// Stream sequence of the record where it shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The player whose client saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub player: Option<PlayerId>,
    /// Description.
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
