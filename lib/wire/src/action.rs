//! What a player can do when it is their turn, and what they may do right now.

use crate::{Card, Chips};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A player's action. Amounts of `Bet` and `RaiseTo` are totals for the street: what the player will have in front
/// of them afterwards, not what is added.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Action {
    /// Give the hand up.
    Fold,
    /// Pass without putting chips in.
    Check,
    /// Match the bet, or as much of it as the stack allows.
    Call,
    /// The first voluntary bet of a street, to this total.
    Bet(Chips),
    /// Raise to this total for the street. Before the flop the blinds are the bet that is raised.
    RaiseTo(Chips),
    /// Stud: pay the forced bring-in rather than complete it.
    BringIn,
    /// Draw games: throw these cards away and be dealt as many. Empty: stand pat.
    Discard(Vec<Card>),
}

/// What the player whose turn it is may do. The bounds offered here are what an arriving action is
/// checked against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Legal {
    /// May fold (also when checking is free).
    pub fold: bool,
    /// May check.
    pub check: bool,
    /// May call, adding exactly this much (the rest of the stack when that is less than the bet).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Chips>,
    /// May bet, to a total within these bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bet: Option<RaiseBounds>,
    /// May raise, to a total within these bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise: Option<RaiseBounds>,
    /// Stud: may post the bring-in of this much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bring_in: Option<Chips>,
    /// Draw games: may discard at most this many cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discard: Option<u8>,
}

/// Totals for the street that a bet or raise may reach. `min == max` when all-in for less is all there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct RaiseBounds {
    /// Smallest total, in chips.
    pub min: Chips,
    /// Largest total, in chips (all-in in no-limit).
    pub max: Chips,
}
