//! Events, past tense. [`TableEvent`] is an event of a table's journal, hidden cards included;
//! [`Event`] is an event that all viewers of a table see. They are separate types so that hidden
//! cards cannot get into public events by mistake: `poker::table` maps one to the other in one
//! place.

mod journal;
mod public;

use crate::{Chips, PlayerId, SeatNo, TableId, items};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::{forced_bet::Post, seed::Seed};
pub use journal::{HandEvent, HandStart, TableEvent};
pub use public::Event;

/// The part of a pot that a player won.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Share {
    /// The whole pot, or an equal part of it among ties.
    Whole,
    /// The high half, or a part of it.
    High,
    /// The low half, or a part of it.
    Low,
}

/// The reason why a seat became free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
pub enum Unseating {
    /// The player left.
    #[strum(to_string = "the player left")]
    Left,
    /// The player has no chips left.
    #[strum(to_string = "the chips are lost")]
    Busted,
    /// The tournament moves the player to another table.
    #[strum(to_string = "the tournament moves the player to another table")]
    Moved,
    /// The table was closed.
    #[strum(to_string = "the table is closed")]
    TableClosed,
    /// The player was absent for too long.
    #[strum(to_string = "the player was absent for too long")]
    Gone,
}

/// A seat and its chips at the start or the end of a hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Stack {
    /// The seat.
    pub seat: SeatNo,
    /// The seat's player.
    pub player: PlayerId,
    /// The chips.
    pub chips: Chips,
}

/// Events of one table, in order. `events[i]` has number `first + i`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableEvents {
    /// The table.
    pub table: TableId,
    /// Number of the first event.
    pub first: u64,
    /// The events.
    #[serde(deserialize_with = "items::read")]
    pub events: Vec<Event>,
}

impl TableEvents {
    /// Returns the number of the last event (`first - 1` if there are no events).
    #[must_use]
    pub fn last(&self) -> u64 {
        (self.first + self.events.len() as u64).saturating_sub(1)
    }
}
