//! The commitments of a hand's deck, and what is opened of it. `poker::dealing` describes their
//! computation.

pub use crate::octets::{Digest, Octets, Salt};

use crate::{Card, SeatNo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The commitments around a hand, published before its first card is dealt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deal {
    /// The commitment of the hand before; zeros for the first hand of a table.
    pub previous: Digest,
    /// The commitment of the next hand's deck, which the table has shuffled already.
    pub next: Digest,
    /// The contributions of the players dealt in, by seat, of those that sent any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mixes: Vec<Mix>,
}

/// A player's part in the decks of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mix {
    /// The seat.
    pub seat: SeatNo,
    /// The number that the player contributes to this hand's deck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Salt>,
    /// The hash of the number that the player will contribute to the next hand's deck.
    pub pledge: Digest,
}

/// What a player sends during a hand to take part in the decks of the next two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contribution {
    /// The number for the next hand's deck, which the player pledged before this hand began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Salt>,
    /// The hash of the number for the deck of the hand after the next.
    pub pledge: Digest,
}

/// A place of the shuffled deck that is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenCard {
    /// The place, from 0, the top of the deck.
    pub place: u8,
    /// The card that the table shuffled to this place, before the players' contributions.
    pub card: Card,
    /// The salt of the place.
    pub salt: Salt,
}

/// All that is opened to everybody when a hand is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opening {
    /// The places of the cards that all viewers saw, by place.
    pub cards: Vec<OpenCard>,
    /// The hashes of the other places that cards were dealt from or burned at, by place.
    pub hidden: Vec<Digest>,
    /// The hash over all places below.
    pub rest: Digest,
}

/// The places of a finished hand's deck, for the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dealt {
    /// Number of places, from the top, that cards were dealt from or burned at: 0 to 52.
    pub places: u8,
    /// The places that are opened to everybody: bit `n` for place `n`.
    pub open: u64,
}
