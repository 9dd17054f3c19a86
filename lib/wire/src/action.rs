//! The actions of players, and which of them are allowed at a turn.

use crate::{Card, Chips};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A player's action. Amounts of `Bet` and `RaiseTo` are totals for the street: the player's chips
/// in front afterwards, and not the chips that are added.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Action {
    /// Gives the hand up.
    Fold,
    /// Passes without putting chips in.
    Check,
    /// Matches the bet, or as much of it as the stack allows.
    Call,
    /// The first voluntary bet of a street, to this total.
    Bet(Chips),
    /// Raises to this total for the street. Before the flop, the blinds are the bet that is raised.
    RaiseTo(Chips),
    /// Stud: pays the forced bring-in and does not complete it.
    BringIn,
    /// Draw games: exchanges these cards for as many new ones. Empty: stands pat.
    Discard(Vec<Card>),
}

/// The actions that the actor may take. An arriving action is checked against the same bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Legal {
    /// May fold (also when checking is free).
    pub fold: bool,
    /// May check.
    pub check: bool,
    /// May call, adding exactly this amount (the rest of the stack if that is less than the bet).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Chips>,
    /// May bet, to a total within these bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bet: Option<RaiseBounds>,
    /// May raise, to a total within these bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raise: Option<RaiseBounds>,
    /// Stud: may post the bring-in of this amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bring_in: Option<Chips>,
    /// Draw games: may discard at most this many cards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discard: Option<u8>,
}

/// The smallest and largest total for the street that a bet or raise may reach. Equal if the only
/// possible bet or raise is all-in for less than the minimum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct RaiseBounds {
    /// Smallest total, in chips.
    pub min: Chips,
    /// Largest total, in chips (all-in in no-limit).
    pub max: Chips,
}
