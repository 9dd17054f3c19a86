//! The requests of tables to bot workers.

use crate::{Card, Chips, HandNo, Legal, PlayerId, SeatNo, TableId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A request for a bot's decision, taken by one of the bot workers. It contains exactly the
/// information that a person in the seat would see. The answer is a [`crate::PlayerCommand::Act`]
/// with an id made of hand and turn ([`BotAsk::command_id`]), so that a second answer to the same
/// request has no effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotAsk {
    /// The table.
    pub table: TableId,
    /// The player.
    pub player: PlayerId,
    /// The hand.
    pub hand: HandNo,
    /// The turn's number within the hand.
    pub turn: u32,
    /// End of the turn by the table worker's clock, in milliseconds since 1970, after which the
    /// answer is useless. Bot workers go by `time_ms`, because their clocks may differ.
    pub deadline_ms: u64,
    /// Longest time in which the answer is useful, counted from the request, in milliseconds.
    /// Absent in requests of table workers from before decision record 0037.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
    /// The variant's code, e.g. `NT`.
    pub variant: String,
    /// The allowed actions.
    pub legal: Legal,
    /// The seat's own cards, all of them.
    pub hole: Vec<Card>,
    /// The board.
    pub board: Vec<Card>,
    /// Index of the street.
    pub street: u8,
    /// All chips in the pots, bets of this street included.
    pub pot: Chips,
    /// The big blind.
    pub big_blind: Chips,
    /// The seat's own chips behind.
    pub stack: Chips,
    /// The seat's own chips put in on this street.
    pub bet: Chips,
    /// The other players who have not folded.
    pub opponents: Vec<Opponent>,
}

/// Another player in the hand, as the bot sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opponent {
    /// The seat.
    pub seat: SeatNo,
    /// Chips behind.
    pub stack: Chips,
    /// Chips put in on this street.
    pub bet: Chips,
    /// The open cards.
    pub up: Vec<Card>,
}

impl BotAsk {
    /// Returns the id of the command that answers this request: the same for all bot workers.
    #[must_use]
    pub const fn command_id(&self) -> crate::CommandId {
        crate::CommandId::from_random(self.hand.0.wrapping_mul(1 << 12).wrapping_add(self.turn as u64))
    }
}
