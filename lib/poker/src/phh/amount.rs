//! Amounts of hand files: whole, or with two decimals.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};
use wire::Chips;

/// An amount in hundredths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

/// Returns amounts as one text: `100, 99.50`.
#[must_use]
pub fn amounts(amounts: &[Amount]) -> String {
    amounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no amount: write a number with at most two decimals", wire::text::Quoted(.0))]
pub struct BadAmount(String);

impl Amount {
    /// The number of hundredths in a whole.
    pub(super) const ONE: u64 = 100;

    /// Returns whether the amount has no decimals.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0 % Self::ONE as i64 == 0
    }

    /// Returns whether the amount is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Returns whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Returns the amount without its sign.
    #[must_use]
    pub const fn size(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// Returns the amount as chips of `unit` hundredths each; `None` when it is negative or more
    /// than [`Chips::MAX`].
    #[must_use]
    pub fn chips(self, unit: u64) -> Option<Chips> {
        let hundredths = u64::try_from(self.0).ok()?;
        let chips = Chips(hundredths.checked_div(unit)?);
        (chips <= Chips::MAX).then_some(chips)
    }

    /// Returns chips as a whole amount, at most the largest one that the format can hold.
    #[must_use]
    pub fn of(chips: Chips) -> Self {
        Self(i64::try_from(chips.times(Self::ONE).0).unwrap_or(i64::MAX))
    }

    /// Returns a whole amount read as so many hundredths.
    pub(crate) const fn in_hundredths(self) -> Self {
        Self(self.0 / Self::ONE as i64)
    }

    /// Returns the amount with its sign changed.
    #[must_use]
    pub const fn negative(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / Self::ONE, self.0.unsigned_abs() % Self::ONE);
        if rest == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{rest:02}") }
    }
}

impl FromStr for Amount {
    type Err = BadAmount;

    fn from_str(text: &str) -> Result<Self, BadAmount> {
        let bad = || BadAmount(text.to_owned());
        let (sign, size) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, decimals) = size.split_once('.').unwrap_or((size, ""));
        let decimals = decimals.trim_end_matches('0');
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || decimals.len() > 2 || !digits(whole) || !digits(decimals) {
            return Err(bad());
        }
        let whole: i64 = whole.parse().map_err(|_| bad())?;
        let hundredths: i64 = format!("{decimals:0<2}").parse().map_err(|_| bad())?;
        let size = whole.checked_mul(100).and_then(|whole| whole.checked_add(hundredths));
        size.map(|size| Self(sign * size)).ok_or_else(bad)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_whole() {
            serializer.serialize_i64(self.0 / Self::ONE as i64)
        } else {
            serializer.serialize_f64(self.0 as f64 / Self::ONE as f64)
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl de::Visitor<'_> for Number {
            type Value = Amount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount with at most two decimals")
            }

            fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Amount, E> {
                whole.to_string().parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Amount, E> {
                whole.to_string().parse().map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
                // The shortest text of a number that was written with two decimals has at most two
                // decimals.
                number.to_string().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Number)
    }
}
