//! A table as somebody may see it. Hidden cards are not in here: they travel apart, to their player only.

use crate::{
    Card, Chips, HandNo, Legal, PlayerId, SeatNo, TableId,
    table::{Level, TableConfig},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table after event number `event_no`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableView {
    /// Which table.
    pub table: TableId,
    /// What stays the same about it.
    pub config: TableConfig,
    /// Number of the last event that this view includes.
    pub event_no: u64,
    /// Blinds and ante now.
    pub level: Level,
    /// Taken seats, by number.
    pub seats: Vec<SeatView>,
    /// The hand being played.
    #[serde(default)]
    pub hand: Option<HandView>,
    /// Hands finished so far.
    pub hands: u64,
    /// Whether the table is closed.
    pub closed: bool,
}

/// A taken seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeatView {
    /// Which seat.
    pub seat: SeatNo,
    /// Who.
    pub player: PlayerId,
    /// Display name.
    pub name: String,
    /// Whether bot workers play it.
    pub bot: bool,
    /// Chips behind.
    pub stack: Chips,
    /// Whether the player is sitting out.
    pub sitting_out: bool,
    /// Whether the player's connection is gone, or the player has been away for longer than the table waits.
    #[serde(default)]
    pub disconnected: bool,
    /// The seat in the current hand; none when not dealt in.
    #[serde(default)]
    pub in_hand: Option<SeatInHand>,
}

/// A seat in the current hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeatInHand {
    /// Chips put in on this street.
    pub bet: Chips,
    /// Whether the player has folded.
    pub folded: bool,
    /// Number of hidden cards.
    pub down: u8,
    /// Cards that everybody sees: up cards, and all cards once tabled.
    pub up: Vec<Card>,
}

/// The hand being played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandView {
    /// The hand's number.
    pub hand: HandNo,
    /// Where the button is.
    pub button: SeatNo,
    /// Index of the street, 0 before the flop.
    pub street: u8,
    /// The board.
    pub board: Vec<Card>,
    /// Pots, main pot first, bets of the current street included.
    pub pots: Vec<Chips>,
    /// Whose turn it is.
    #[serde(default)]
    pub turn: Option<TurnView>,
}

/// The turn being waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnView {
    /// Whose it is.
    pub seat: SeatNo,
    /// Its number within the hand, from 1.
    pub turn: u32,
    /// What the player may do.
    pub legal: Legal,
    /// When the time is up, in milliseconds since 1970.
    pub deadline_ms: u64,
}
