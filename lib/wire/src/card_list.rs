//! A short list of cards without heap allocation, because hands and events are copied on every
//! action.

use crate::Card;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    borrow::Cow,
    fmt,
    ops::{Deref, DerefMut},
};

/// Cards that one player is dealt: at most seven.
pub type HoleCards = Cards<7>;

/// Cards of a board: at most five.
pub type BoardCards = Cards<5>;

/// Up to `N` cards, encoded as a plain list.
#[derive(Clone, Copy)]
pub struct Cards<const N: usize> {
    len: u8,
    cards: [Card; N],
}

impl<const N: usize> Cards<N> {
    /// Returns an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self { len: 0, cards: [Card::FIRST; N] }
    }

    /// Adds a card. A full list stays unchanged: the rules never deal more cards than fit.
    pub fn push(&mut self, card: Card) {
        if let Some(place) = self.cards.get_mut(usize::from(self.len)) {
            *place = card;
            self.len += 1;
        }
    }

    /// Removes a card, keeping the order of the others. Returns whether it was in the list.
    pub fn remove(&mut self, card: Card) -> bool {
        let Some(at) = self.iter().position(|&held| held == card) else {
            return false;
        };
        self.cards.copy_within(at + 1..usize::from(self.len), at);
        self.len -= 1;
        true
    }
}

impl<const N: usize> Default for Cards<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> Deref for Cards<N> {
    type Target = [Card];

    fn deref(&self) -> &[Card] {
        self.cards.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl<const N: usize> DerefMut for Cards<N> {
    fn deref_mut(&mut self) -> &mut [Card] {
        self.cards.get_mut(..usize::from(self.len)).unwrap_or_default()
    }
}

impl<'a, const N: usize> IntoIterator for &'a Cards<N> {
    type Item = &'a Card;
    type IntoIter = std::slice::Iter<'a, Card>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<const N: usize> IntoIterator for Cards<N> {
    type Item = Card;
    type IntoIter = std::iter::Take<std::array::IntoIter<Card, N>>;

    fn into_iter(self) -> Self::IntoIter {
        self.cards.into_iter().take(usize::from(self.len))
    }
}

impl<const N: usize> PartialEq for Cards<N> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<const N: usize> Eq for Cards<N> {}

impl<const N: usize> fmt::Debug for Cards<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<const N: usize> FromIterator<Card> for Cards<N> {
    fn from_iter<I: IntoIterator<Item = Card>>(cards: I) -> Self {
        let mut list = Self::new();
        cards.into_iter().for_each(|card| list.push(card));
        list
    }
}

impl<const N: usize> Serialize for Cards<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Cards<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<const N: usize>;
        impl<'de, const N: usize> de::Visitor<'de> for List<N> {
            type Value = Cards<N>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {N} cards")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Cards<N>, A::Error> {
                let mut list = Cards::new();
                while let Some(card) = seq.next_element()? {
                    if list.len() == N {
                        return Err(de::Error::invalid_length(N + 1, &self));
                    }
                    list.push(card);
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

impl<const N: usize> JsonSchema for Cards<N> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Vec::<Card>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<Card>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_encoded_like_a_vector() {
        let vector: Vec<Card> = Card::all().take(7).collect();
        let list: HoleCards = vector.iter().copied().collect();
        let bytes = rmp_serde::to_vec_named(&list).unwrap();
        assert_eq!(bytes, rmp_serde::to_vec_named(&vector).unwrap());
        assert_eq!(rmp_serde::from_slice::<HoleCards>(&bytes).unwrap(), list);
        assert!(rmp_serde::from_slice::<BoardCards>(&bytes).is_err(), "two too many");
        assert_eq!(list.into_iter().collect::<Vec<_>>(), vector);
    }

    #[test]
    fn a_full_list_stays_unchanged_and_a_removed_card_leaves_no_gap() {
        let mut list: BoardCards = Card::all().collect();
        assert_eq!(list.len(), 5);
        let second = list[1];
        assert!(list.remove(second) && !list.remove(second));
        assert_eq!(list.to_vec(), Card::all().filter(|&card| card != second).take(4).collect::<Vec<_>>());
    }
}
