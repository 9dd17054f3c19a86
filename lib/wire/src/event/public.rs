//! The events that all viewers of a table see.

use super::{HandStart, Post, Seed, Share, Stack, Unseating};
use crate::{
    Action, BoardCards, Chips, HandNo, HoleCards, Legal, PlayerId, SeatNo,
    deal::Opening,
    items::{Item, Undecoded},
    table_config::Level,
    unknown::{self, Content, KeepsUnknown, UnknownVariant},
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::VariantNames;

/// An event that all viewers of a table see; numbered per table from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, VariantNames)]
#[serde(remote = "Self")]
pub enum Event {
    /// A player sat down.
    Seated {
        /// The seat.
        seat: SeatNo,
        /// The player.
        player: PlayerId,
        /// Display name.
        name: String,
        /// Whether bot workers play the seat.
        bot: bool,
        /// The chips.
        stack: Chips,
    },
    /// A seat is free again.
    Unseated {
        /// The seat.
        seat: SeatNo,
        /// The player who had it.
        player: PlayerId,
        /// The reason.
        reason: Unseating,
    },
    /// A player added chips.
    ToppedUp {
        /// The seat.
        seat: SeatNo,
        /// The amount.
        amount: Chips,
    },
    /// A player sits out.
    SatOut {
        /// The seat.
        seat: SeatNo,
    },
    /// A player no longer sits out.
    SatIn {
        /// The seat.
        seat: SeatNo,
    },
    /// A player's connection was lost. Until the player is back, the player's turns are short.
    Disconnected {
        /// The seat.
        seat: SeatNo,
        /// The new end of the turn in milliseconds since 1970, if the player has the action.
        deadline_ms: Option<u64>,
    },
    /// A player who was absent is back.
    Reconnected {
        /// The seat.
        seat: SeatNo,
        /// The new end of the turn in milliseconds since 1970, if the player has the action.
        deadline_ms: Option<u64>,
    },
    /// A player has been absent for longer than the table waits: the player leaves a cash table
    /// after the hand, and gets no time to act at a tournament's table.
    GoneTooLong {
        /// The seat.
        seat: SeatNo,
    },
    /// A player or visitor of the table sent a line of chat.
    Said {
        /// The player.
        player: PlayerId,
        /// The player's display name.
        name: String,
        /// The line, without control characters.
        text: String,
    },
    /// A hand began.
    HandStarted(HandStart),
    /// A forced bet was posted.
    Posted {
        /// The seat.
        seat: SeatNo,
        /// The kind of forced bet.
        post: Post,
        /// Chips put in.
        amount: Chips,
    },
    /// Cards were dealt to a seat. Hidden ones are only counted here; their player gets them in a
    /// separate message.
    Dealt {
        /// The seat.
        seat: SeatNo,
        /// Number of hidden cards.
        down: u8,
        /// Cards that all viewers see.
        up: HoleCards,
    },
    /// Cards were dealt to the board.
    Board {
        /// Index of the street, 0 before the flop.
        street: u8,
        /// The new cards.
        cards: BoardCards,
    },
    /// A player has the action.
    Turn {
        /// The seat.
        seat: SeatNo,
        /// The turn's number within the hand, from 1.
        turn: u32,
        /// The allowed actions.
        legal: Legal,
        /// End of the turn, in milliseconds since 1970.
        deadline_ms: u64,
    },
    /// A player's time ran out.
    TimedOut {
        /// The seat.
        seat: SeatNo,
    },
    /// The turn was extended, because the table was down.
    ClockExtended {
        /// The new end of the turn, in milliseconds since 1970.
        deadline_ms: u64,
    },
    /// A player acted. A discard appears as [`Event::Drew`] instead.
    Acted {
        /// The seat.
        seat: SeatNo,
        /// The action.
        action: Action,
        /// Chips that were put in.
        added: Chips,
        /// The player's stack afterwards.
        stack: Chips,
    },
    /// A player discarded cards.
    Drew {
        /// The seat.
        seat: SeatNo,
        /// Number of cards.
        count: u8,
    },
    /// An uncalled bet went back.
    Returned {
        /// The seat.
        seat: SeatNo,
        /// The amount.
        amount: Chips,
    },
    /// A player tabled the hole cards.
    Shown {
        /// The seat.
        seat: SeatNo,
        /// All of the player's cards.
        cards: HoleCards,
        /// The hand that they make, in words.
        hand: String,
    },
    /// A player mucked.
    Mucked {
        /// The seat.
        seat: SeatNo,
    },
    /// Chips of a pot went to a player.
    Awarded {
        /// The pot: 0 is the main pot.
        pot: u8,
        /// The seat.
        seat: SeatNo,
        /// The amount.
        amount: Chips,
        /// The part of the pot.
        share: Share,
    },
    /// The hand is over.
    HandEnded {
        /// The hand.
        hand: HandNo,
        /// The chips of all players who were dealt in.
        stacks: Vec<Stack>,
        /// The seed from which the deck was shuffled, of hands of before decks were committed to
        /// card by card; zeros for a scripted hand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seed: Option<Seed>,
        /// The opened part of the deck, for verification.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opening: Option<Opening>,
    },
    /// The tournament sent the table an instruction.
    Instructed {
        /// The level of the next hand.
        level: Level,
        /// The table's next step.
        then: crate::tournament::Then,
    },
    /// The table is closed for good.
    Closed,
    /// An event of a later version, which this version does not know, or in which it does not know
    /// a part: it has its number and is passed on, and its changes show in the next view of the
    /// table.
    #[serde(skip)]
    Unknown(UnknownVariant),
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unknown(unknown) => unknown.serialize(serializer),
            known => Self::serialize(known, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unknown::read(deserializer)
    }
}

impl<'de> KeepsUnknown<'de> for Event {
    fn knows(name: &str) -> bool {
        name != "Unknown" && Self::VARIANTS.contains(&name)
    }

    fn read_known<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }

    fn keep(unknown: UnknownVariant) -> Self {
        Self::Unknown(unknown)
    }
}

impl Item for Event {
    fn undecoded(content: Content) -> Undecoded<Self> {
        match content {
            Content::Text(name) => Undecoded::Kept(Self::Unknown(UnknownVariant { name, content: None })),
            Content::Map(mut entries) if entries.len() == 1 => match entries.pop() {
                Some((Content::Text(name), content)) => {
                    Undecoded::Kept(Self::Unknown(UnknownVariant { name, content: Some(content) }))
                }
                _ => Undecoded::Refused,
            },
            _ => Undecoded::Refused,
        }
    }
}
