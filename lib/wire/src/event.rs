//! Events, past tense. [`TableEvent`] is an event of a table's journal, hidden cards included;
//! [`Event`] is an event that all viewers of a table see. They are separate types so that hidden
//! cards cannot get into public events by mistake: `poker::table` maps one to the other in one
//! place.

mod journal;
mod public;
mod seed;

use crate::{Chips, PlayerId, SeatNo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use journal::{HandEvent, HandStart, TableEvent};
pub use public::Event;
pub use seed::{BadSeed, Seed};

/// The kinds of forced bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Post {
    /// An ante: dead, goes to the pot.
    Ante,
    /// One player's ante for the whole table.
    BigBlindAnte,
    /// The small blind.
    SmallBlind,
    /// The big blind.
    BigBlind,
    /// A live third blind or straddle.
    Straddle,
    /// A missed small blind: dead, goes to the pot.
    DeadBlind,
    /// Stud: the forced opening bet.
    BringIn,
}

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
