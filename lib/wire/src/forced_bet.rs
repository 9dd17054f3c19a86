//! The forced bets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
