//! A table's state as a viewer may see it. Hidden cards are not part of it: each player gets them
//! separately, as [`PrivateCards`].

use crate::{
    Card, Chips, HandNo, Legal, PlayerId, SeatNo, TableId,
    deal::OpenCard,
    table_config::{Level, TableConfig},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A table after event number `event_no`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableView {
    /// The table.
    pub table: TableId,
    /// The table's configuration.
    pub config: TableConfig,
    /// Number of the last event that this view includes.
    pub event_no: u64,
    /// The current blinds and ante.
    pub level: Level,
    /// The taken seats, by number.
    pub seats: Vec<SeatView>,
    /// The current hand.
    #[serde(default)]
    pub hand: Option<HandView>,
    /// Hands finished so far.
    pub hands: u64,
    /// Whether the table is closed.
    pub closed: bool,
}

impl TableView {
    /// Returns a table without events.
    #[must_use]
    pub const fn new(table: TableId, config: TableConfig) -> Self {
        let level = config.level;
        Self { table, config, event_no: 0, level, seats: Vec::new(), hand: None, hands: 0, closed: false }
    }
}

/// A taken seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SeatView {
    /// The seat.
    pub seat: SeatNo,
    /// The player.
    pub player: PlayerId,
    /// Display name.
    pub name: String,
    /// Whether bot workers play the seat.
    pub bot: bool,
    /// Chips behind.
    pub stack: Chips,
    /// Chips that were added during the hand being played, and are played with after it.
    #[serde(default, skip_serializing_if = "none")]
    pub waiting: Chips,
    /// Whether the player is sitting out.
    pub sitting_out: bool,
    /// Whether the player's connection is gone, or the player has been absent for longer than the
    /// table waits.
    #[serde(default)]
    pub disconnected: bool,
    /// The seat in the current hand; none if it was not dealt in.
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
    /// Cards that all viewers see: up cards, and all cards once tabled.
    pub up: Vec<Card>,
}

/// The current hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandView {
    /// The hand's number.
    pub hand: HandNo,
    /// The button's seat.
    pub button: SeatNo,
    /// Index of the street, 0 before the flop.
    pub street: u8,
    /// The board.
    pub board: Vec<Card>,
    /// The pots, main pot first, bets of the current street included.
    pub pots: Vec<Chips>,
    /// The current turn.
    #[serde(default)]
    pub turn: Option<TurnView>,
}

/// The current turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TurnView {
    /// The actor's seat.
    pub seat: SeatNo,
    /// The turn's number within the hand, from 1.
    pub turn: u32,
    /// The allowed actions.
    pub legal: Legal,
    /// End of the turn, in milliseconds since 1970.
    pub deadline_ms: u64,
}

/// A player's own hidden cards in the current hand, all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrivateCards {
    /// The table.
    pub table: TableId,
    /// The hand.
    pub hand: HandNo,
    /// The cards.
    pub cards: Vec<Card>,
    /// The places of the deck that they came from, in the same order; none for cards from
    /// reshuffled discards, and in hands without commitments to single cards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub openings: Vec<OpenCard>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn none(chips: &Chips) -> bool {
    chips.is_zero()
}
