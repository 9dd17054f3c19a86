//! A hand written down beforehand: everything that a table otherwise draws or works out for itself. For hands that were
//! played elsewhere; a table that takes scripts shuffles nothing and says so in its configuration.

use crate::{Card, Chips, SeatNo, event::Post};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A hand as it is to be dealt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Script {
    /// Where the button is.
    pub button: SeatNo,
    /// The smallest bet: the big blind; in fixed limit the small bet. At least 1.
    pub min_bet: Chips,
    /// Fixed limit: the bet of the later streets.
    pub big_bet: Chips,
    /// What a small blind is when it is posted in full.
    pub small_blind: Chips,
    /// Stud: the forced opening bet.
    pub bring_in: Chips,
    /// Whether antes are dead money that is posted after the blinds, as one player's ante for the whole table is.
    pub dead_antes: bool,
    /// Fixed limit: most bets and raises on a street; none for no cap.
    #[serde(default)]
    pub cap: Option<u8>,
    /// Who is dealt in, each with the chips that they must have before the hand.
    pub players: Vec<ScriptedSeat>,
    /// All 52 cards in the order in which they leave the deck, burned ones included.
    pub deck: Vec<Card>,
}

/// One player of a scripted hand, and the forced bets asked of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScriptedSeat {
    /// Which seat.
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
    /// Which one.
    pub post: Post,
    /// How much.
    pub amount: Chips,
}
