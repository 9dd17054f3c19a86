//! What a table asks of the bot workers.

use crate::{Card, Chips, HandNo, Legal, PlayerId, SeatNo, TableId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// "What do you do?", asked of whichever bot worker takes it. Holds exactly what a person in that seat would see.
/// The answer is a [`crate::PlayerCommand::Act`] with an id made of hand and turn
/// ([`BotAsk::command_id`]), so that a second answer to the same ask changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BotAsk {
    /// Which table.
    pub table: TableId,
    /// Whose seat.
    pub player: PlayerId,
    /// Which hand.
    pub hand: HandNo,
    /// Which turn of it.
    pub turn: u32,
    /// When the answer is of no use any more by the table worker's clock, in milliseconds since 1970.
    /// Bot workers go by `time_ms`: their clock may differ.
    pub deadline_ms: u64,
    /// For how long the answer is of use after the ask at most, in milliseconds. Table workers
    /// before 0037 do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
    /// The variant's code, e.g. `NT`.
    pub variant: String,
    /// What may be done.
    pub legal: Legal,
    /// The seat's own cards, all of them.
    pub hole: Vec<Card>,
    /// The board.
    pub board: Vec<Card>,
    /// Index of the street.
    pub street: u8,
    /// All chips in the middle, bets of this street included.
    pub pot: Chips,
    /// The big blind.
    pub big_blind: Chips,
    /// The seat's own chips behind.
    pub stack: Chips,
    /// The seat's own chips put in on this street.
    pub bet: Chips,
    /// The others who have not folded.
    pub opponents: Vec<Opponent>,
}

/// Another player left in the hand, as a bot sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opponent {
    /// Which seat.
    pub seat: SeatNo,
    /// Chips behind.
    pub stack: Chips,
    /// Chips put in on this street.
    pub bet: Chips,
    /// Their open cards.
    pub up: Vec<Card>,
}

impl BotAsk {
    /// The id of the command that answers this ask: the same from whichever worker.
    #[must_use]
    pub const fn command_id(&self) -> crate::CommandId {
        crate::CommandId::from_random(self.hand.0.wrapping_mul(1 << 12).wrapping_add(self.turn as u64))
    }
}
