//! Chips: an integer amount, of money at cash tables and of tournament chips in tournaments.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, iter::Sum, str::FromStr};

/// An amount of chips, 0 to 2^53 - 1 (exact in JavaScript). Money is counted in its smallest unit.
///
/// Addition saturates at the top and subtraction is checked, so no arithmetic wraps around.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Chips(pub u64);

impl Chips {
    /// No chips.
    pub const ZERO: Self = Self(0);
    /// The largest amount: 2^53 - 1.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// Whether this is no chips at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, at most `u64::MAX`. Sums of stacks of at most [`Chips::MAX`] each are exact for 2,048 of them.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or `None` when `other` is more.
    #[must_use]
    pub const fn checked_minus(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// The difference, or nothing when `other` is more.
    #[must_use]
    pub const fn minus_or_zero(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This many times as much, at most `u64::MAX`.
    #[must_use]
    pub const fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }
}

impl Sum for Chips {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Chips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Chips {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
