//! Identifiers. All numeric ids stay below 2^53 so that JavaScript clients read them exactly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Largest id: JavaScript's largest exact integer.
pub const MAX_ID: u64 = (1 << 53) - 1;

/// The text is not a number of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write the number in digits, e.g. 31")]
pub struct BadNumber;

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl $name {
            /// Makes an id of the lowest 53 of these random bits.
            #[must_use]
            pub const fn from_random(bits: u64) -> Self {
                Self(bits & MAX_ID)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = BadNumber;

            fn from_str(text: &str) -> Result<Self, BadNumber> {
                text.parse().map(Self).map_err(|_| BadNumber)
            }
        }
    };
}

numeric_id!(
    /// A player's account. Numbered by the cashier from 1.
    PlayerId
);
numeric_id!(
    /// A table. Random, so that any role can choose one by itself (see [`TableId::short`]).
    TableId
);
numeric_id!(
    /// A tournament. Random, like a table's.
    TournamentId
);
numeric_id!(
    /// A command, unique per player. The sender of a command repeats it under the same id until it
    /// is answered; a repeat gets the first answer.
    CommandId
);
numeric_id!(
    /// The epoch of an ownership of a partition; rises with every change of owner.
    Epoch
);
numeric_id!(
    /// The number of a hand at its table, from 1.
    HandNo
);

impl TableId {
    /// Makes a table id of the lowest 40 of these random bits, short enough for people to read it
    /// aloud.
    #[must_use]
    pub const fn short(bits: u64) -> Self {
        Self(bits & ((1 << 40) - 1))
    }
}

impl TournamentId {
    /// Makes a tournament id of the lowest 32 of these random bits, short enough for people to type
    /// it.
    #[must_use]
    pub const fn short(bits: u64) -> Self {
        Self(bits & ((1 << 32) - 1))
    }
}

impl HandNo {
    /// Returns the number of the next hand.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A seat at a table, from 0, clockwise.
pub type SeatNo = u8;

/// A posting in the ledger. A posting with the same id moves money only once. Text made of its
/// purpose, e.g. `buy-in.<table>.<player>.<command>`; at most 120 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PostingId(pub String);

impl fmt::Display for PostingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A session of a player on a connection of a gateway: the gateway's name, its incarnation and two
/// numbers, unique in the fleet. At most 100 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ConnectionId(pub String);

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a member, e.g. `gateway-1`. At most 40 of `[a-z0-9-]`, because it is a token in
/// subjects.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NodeId(String);

/// The text is not a valid name of a member.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("node name {}: use 1 to 40 characters of a-z, 0-9 and '-'", crate::text::Quoted(.0))]
pub struct BadNodeId(pub String);

impl NodeId {
    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeId {
    type Err = BadNodeId;

    fn from_str(text: &str) -> Result<Self, BadNodeId> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > 40 || !text.chars().all(fits) {
            return Err(BadNodeId(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
