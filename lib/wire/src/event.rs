//! Events, past tense. [`TableEvent`] is what a table's journal holds, hidden cards included; [`Event`] is what
//! everybody at the table sees. They are two types so that no hidden card can slip through by accident:
//! `poker::table` maps the one to the other in one place.

mod journal;
mod public;
mod seed;

use crate::{Chips, PlayerId, SeatNo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use journal::{HandEvent, HandStart, TableEvent};
pub use public::Event;
pub use seed::{BadSeed, Seed};

/// What a forced bet is.
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

/// Which part of a pot somebody won.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Share {
    /// All of it, or an equal part of it among ties.
    Whole,
    /// The high half, or a part of it.
    High,
    /// The low half, or a part of it.
    Low,
}

/// Why a seat was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display)]
pub enum Unseating {
    /// The player left.
    #[strum(to_string = "the player left")]
    Left,
    /// The player lost all chips.
    #[strum(to_string = "the chips are lost")]
    Busted,
    /// The tournament moves the player to another table.
    #[strum(to_string = "the tournament moves the player to another table")]
    Moved,
    /// The table was closed.
    #[strum(to_string = "the table is closed")]
    TableClosed,
    /// The player was gone for too long.
    #[strum(to_string = "the player was gone for too long")]
    Gone,
}

/// A seat and its chips at the start or the end of a hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Stack {
    /// Which seat.
    pub seat: SeatNo,
    /// Who sits there.
    pub player: PlayerId,
    /// Their chips.
    pub chips: Chips,
}
