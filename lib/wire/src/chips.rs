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

    /// Returns whether the amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns the sum, at most `u64::MAX`. Sums of up to 2,048 stacks of at most [`Chips::MAX`]
    /// are exact.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Returns the difference, or `None` if `other` is larger.
    #[must_use]
    pub const fn checked_minus(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(rest) => Some(Self(rest)),
            None => None,
        }
    }

    /// Returns the difference, or zero if `other` is larger.
    #[must_use]
    pub const fn minus_or_zero(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Returns `n` times the amount, at most `u64::MAX`.
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

/// The text is not an amount of chips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount is a whole number from 0 to {}, in digits", Chips::MAX)]
pub struct BadAmount;

impl FromStr for Chips {
    type Err = BadAmount;

    fn from_str(text: &str) -> Result<Self, BadAmount> {
        text.parse().map(Self).ok().filter(|chips| *chips <= Self::MAX).ok_or(BadAmount)
    }
}
