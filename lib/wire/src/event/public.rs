//! What everybody at a table sees.

use super::{HandStart, Post, Seed, Share, Stack, Unseating};
use crate::{Action, BoardCards, Chips, HandNo, HoleCards, Legal, PlayerId, SeatNo, table::Level};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What everybody at a table sees, in order; numbered per table from 1 without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Event {
    /// A player sits down.
    Seated {
        /// Which seat.
        seat: SeatNo,
        /// Who.
        player: PlayerId,
        /// Display name.
        name: String,
        /// Whether bot workers play the seat.
        bot: bool,
        /// Their chips.
        stack: Chips,
    },
    /// A seat is free again.
    Unseated {
        /// Which seat.
        seat: SeatNo,
        /// Who sat there.
        player: PlayerId,
        /// Why.
        reason: Unseating,
    },
    /// A player added chips.
    ToppedUp {
        /// Which seat.
        seat: SeatNo,
        /// How much.
        amount: Chips,
    },
    /// A player will not be dealt in.
    SatOut {
        /// Which seat.
        seat: SeatNo,
    },
    /// A player will be dealt in again.
    SatIn {
        /// Which seat.
        seat: SeatNo,
    },
    /// A player's connection is gone. Until the player is back the turns are short.
    Disconnected {
        /// Which seat.
        seat: SeatNo,
        /// The new end of the turn in milliseconds since 1970, where it is this player's turn.
        deadline_ms: Option<u64>,
    },
    /// A player whose connection was gone is back.
    Reconnected {
        /// Which seat.
        seat: SeatNo,
        /// The new end of the turn in milliseconds since 1970, where it is this player's turn.
        deadline_ms: Option<u64>,
    },
    /// A player has been away for longer than the table waits: the seat is given up after the hand at a cash table, and not waited
    /// for at a tournament's.
    GoneTooLong {
        /// Which seat.
        seat: SeatNo,
    },
    /// Somebody said something, seated or not.
    Said {
        /// Who.
        player: PlayerId,
        /// Their display name.
        name: String,
        /// What: one line without control characters.
        text: String,
    },
    /// A hand began.
    HandStarted(HandStart),
    /// A forced bet.
    Posted {
        /// Who.
        seat: SeatNo,
        /// Which forced bet.
        post: Post,
        /// Chips put in.
        amount: Chips,
    },
    /// Cards were dealt to a seat. The hidden ones are only counted here; their player gets them apart.
    Dealt {
        /// To whom.
        seat: SeatNo,
        /// Number of hidden cards.
        down: u8,
        /// Cards that everybody sees.
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
        /// Who.
        seat: SeatNo,
        /// The turn's number within the hand, from 1.
        turn: u32,
        /// What they may do.
        legal: Legal,
        /// When their time is up, in milliseconds since 1970.
        deadline_ms: u64,
    },
    /// A player's time ran out.
    TimedOut {
        /// Who.
        seat: SeatNo,
    },
    /// The turn's clock was moved, because the table was down.
    ClockExtended {
        /// The new end of the turn, in milliseconds since 1970.
        deadline_ms: u64,
    },
    /// A player acted. A discard appears as [`Event::Drew`] instead.
    Acted {
        /// Who.
        seat: SeatNo,
        /// What they did.
        action: Action,
        /// Chips that went in with it.
        added: Chips,
        /// Their stack afterwards.
        stack: Chips,
    },
    /// A player threw cards away.
    Drew {
        /// Who.
        seat: SeatNo,
        /// How many cards.
        count: u8,
    },
    /// The part of a bet that nobody called went back.
    Returned {
        /// To whom.
        seat: SeatNo,
        /// How much.
        amount: Chips,
    },
    /// A player tabled their cards.
    Shown {
        /// Who.
        seat: SeatNo,
        /// All their cards.
        cards: HoleCards,
        /// What they make, in words.
        hand: String,
    },
    /// A player gave up their cards unseen.
    Mucked {
        /// Who.
        seat: SeatNo,
    },
    /// Chips of a pot went to a player.
    Awarded {
        /// Which pot: 0 is the main pot.
        pot: u8,
        /// To whom.
        seat: SeatNo,
        /// How much.
        amount: Chips,
        /// Which part of the pot.
        share: Share,
    },
    /// The hand is over.
    HandEnded {
        /// Which hand.
        hand: HandNo,
        /// Chips of everybody who was dealt in.
        stacks: Vec<Stack>,
        /// The seed the deck was shuffled from, for verification.
        seed: Seed,
    },
    /// The tournament said how to go on.
    Instructed {
        /// The level of the next hand.
        level: Level,
        /// What happens next.
        then: crate::tournament::Then,
    },
    /// The table is closed for good.
    Closed,
}
