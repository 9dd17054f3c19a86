//! Cards. In every encoding a card is two characters: rank `23456789TJQKA`, suit `cdhs`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, str::FromStr};

const RANKS: &[u8; 13] = b"23456789TJQKA";
const SUITS: &[u8; 4] = b"cdhs";

/// A rank: 0 for the deuce to 12 for the ace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rank(pub u8);

/// A suit: 0 clubs, 1 diamonds, 2 hearts, 3 spades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Suit(pub u8);

/// One of the 52 cards, numbered `rank * 4 + suit`: `2c` is 0, `As` is 51.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Card(u8);

/// The text is not a card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not a card: write a rank of 23456789TJQKA and a suit of cdhs, like \"Td\"", crate::text::Quoted(.0))]
pub struct BadCard(pub String);

impl Card {
    /// The card with number 0, which also fills the unused places of lists of fixed size.
    pub const FIRST: Self = Self(0);

    /// Returns all cards, deuce of clubs first.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        (0..52).map(Self)
    }

    /// Returns the card with a number from 0 to 51.
    #[must_use]
    pub const fn from_index(index: u8) -> Option<Self> {
        if index < 52 { Some(Self(index)) } else { None }
    }

    /// Returns the card of a rank (0 to 12) and suit (0 to 3).
    #[must_use]
    pub const fn new(rank: Rank, suit: Suit) -> Option<Self> {
        if rank.0 < 13 && suit.0 < 4 { Some(Self(rank.0 * 4 + suit.0)) } else { None }
    }

    /// Returns the card's number, 0 to 51.
    #[must_use]
    pub const fn index(self) -> u8 {
        self.0
    }

    /// Returns the card's rank.
    #[must_use]
    pub const fn rank(self) -> Rank {
        Rank(self.0 / 4)
    }

    /// Returns the card's suit.
    #[must_use]
    pub const fn suit(self) -> Suit {
        Suit(self.0 % 4)
    }

    fn text(self) -> [u8; 2] {
        [RANKS[usize::from(self.0 / 4)], SUITS[usize::from(self.0 % 4)]]
    }
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [rank, suit] = self.text();
        write!(f, "{}{}", char::from(rank), char::from(suit))
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Card {
    type Err = BadCard;

    fn from_str(text: &str) -> Result<Self, BadCard> {
        let position = |set: &[u8], byte: u8| set.iter().position(|&b| b == byte);
        if let [rank, suit] = *text.as_bytes()
            && let (Some(rank), Some(suit)) = (position(RANKS, rank), position(SUITS, suit))
        {
            return Ok(Self((rank * 4 + suit) as u8));
        }
        Err(BadCard(text.to_owned()))
    }
}

impl Serialize for Card {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.text();
        // Both bytes come from ASCII tables.
        serializer.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Card {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = Card;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a card like \"Td\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Card, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl JsonSchema for Card {
    fn schema_name() -> Cow<'static, str> {
        "Card".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[2-9TJQKA][cdhs]$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_card_is_parsed_from_its_text() {
        for card in Card::all() {
            assert_eq!(card.to_string().parse(), Ok(card));
        }
        assert_eq!(Card::all().count(), 52);
        assert!("1s".parse::<Card>().is_err());
        assert!("Asx".parse::<Card>().is_err());
    }
}
