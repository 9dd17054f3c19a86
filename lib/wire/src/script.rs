//! Scripted hands: all values of a hand that a table otherwise draws or computes itself. For
//! replays of hands that were played elsewhere. A table for scripts does not shuffle, and its
//! configuration says so.

use crate::{Card, Chips, SeatNo, forced_bet::Post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A hand to be dealt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Script {
    /// The button's seat.
    pub button: SeatNo,
    /// The smallest bet: the big blind; in fixed limit the small bet. At least 1.
    pub min_bet: Chips,
    /// Fixed limit: the bet of the later streets.
    pub big_bet: Chips,
    /// The full small blind.
    pub small_blind: Chips,
    /// Stud: the forced opening bet.
    pub bring_in: Chips,
    /// Whether antes are dead money, posted after the blinds, like one player's ante for the whole
    /// table.
    pub dead_antes: bool,
    /// Fixed limit: maximum number of bets and raises on a street; none for no cap.
    #[serde(default)]
    pub cap: Option<u8>,
    /// The players that are dealt in, with the chips that they must have before the hand.
    pub players: Vec<ScriptedSeat>,
    /// All 52 cards in the order in which they leave the deck, burned ones included.
    pub deck: Vec<Card>,
}

/// A player of a scripted hand, with the forced bets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScriptedSeat {
    /// The seat.
    pub seat: SeatNo,
    /// Chips before any forced bet.
    pub stack: Chips,
    /// The ante; zero for none.
    pub ante: Chips,
    /// The live blind or straddle.
    #[serde(default)]
    pub blind: Option<ScriptedBlind>,
    /// Missed blinds to be posted dead; zero for none.
    pub dead: Chips,
}

/// A live blind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScriptedBlind {
    /// The kind of blind.
    pub post: Post,
    /// The amount.
    pub amount: Chips,
}
