//! The events of a table's journal, hidden cards included.

use super::{Post, Seed, Share, Stack, Unseating};
use crate::{
    Action, BoardCards, Chips, ConnectionId, HandNo, HoleCards, Legal, PlayerId, PostingId, Refusal, SeatNo,
    deal::{Contribution, Deal, Dealt},
    script::Script,
    table_config::{Level, TableConfig},
    tournament::Instruction,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An event within one hand, hidden cards included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HandEvent {
    /// A forced bet was posted. `amount` is the part that the stack could cover.
    Posted {
        /// The seat.
        seat: SeatNo,
        /// The kind of forced bet.
        post: Post,
        /// Chips put in.
        amount: Chips,
    },
    /// Cards were dealt to a seat: face down (hidden) and face up.
    Dealt {
        /// The seat.
        seat: SeatNo,
        /// Hidden cards.
        down: HoleCards,
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
    /// A player acted.
    Acted {
        /// The seat.
        seat: SeatNo,
        /// The action. Amounts of bets and raises are totals for the street.
        action: Action,
        /// Chips that were put in.
        added: Chips,
        /// The player's stack afterwards.
        stack: Chips,
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
        /// The hand that they make, in words, e.g. `two pair, aces and tens`.
        hand: String,
    },
    /// A player mucked at showdown.
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
}

/// The setup of a hand: all that the rules need besides the players' actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandStart {
    /// The hand's number.
    pub hand: HandNo,
    /// The button's seat (possibly a dead button, at a seat that was not dealt in).
    pub button: SeatNo,
    /// The seat that posts the small blind; none if it is dead.
    pub small_blind: Option<SeatNo>,
    /// The seat that posts the big blind.
    pub big_blind: SeatNo,
    /// Blinds and ante of this hand.
    pub level: Level,
    /// Players dealt in, by seat, with their chips before any forced bet.
    pub stacks: Vec<Stack>,
    /// Hash that commits to the deck (see `poker::dealing`), or, in a hand without `deal`, to the
    /// seed of the deck (see `poker::shuffle`).
    pub commitment: Seed,
    /// The commitments before and after; none in hands of before there were any, and in scripted
    /// ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal: Option<Deal>,
}

/// An event of a table's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TableEvent {
    /// The table was created.
    Created {
        /// The table's configuration.
        config: TableConfig,
    },
    /// Cash: a seat is held while the cashier moves the buy-in into play.
    SeatReserved {
        /// The seat.
        seat: SeatNo,
        /// The player.
        player: PlayerId,
        /// The player's display name.
        name: String,
        /// Whether bot workers play the seat.
        bot: bool,
        /// The buy-in.
        buy_in: Chips,
        /// The posting of the buy-in.
        posting: PostingId,
    },
    /// Cash: the cashier refused the buy-in; the seat is free again.
    BuyInRefused {
        /// The seat.
        seat: SeatNo,
        /// The reason.
        refusal: Refusal,
    },
    /// A player has a seat with chips.
    Seated {
        /// The seat.
        seat: SeatNo,
        /// The player.
        player: PlayerId,
        /// The player's display name.
        name: String,
        /// Whether bot workers play the seat.
        bot: bool,
        /// The chips.
        stack: Chips,
    },
    /// Cash: the player asked for more chips, and the cashier is asked to move them into play.
    TopUpAsked {
        /// The seat.
        seat: SeatNo,
        /// The amount.
        amount: Chips,
        /// The posting of the chips.
        posting: PostingId,
    },
    /// Cash: the chips that the player asked for have arrived.
    ToppedUp {
        /// The seat.
        seat: SeatNo,
        /// The amount.
        amount: Chips,
    },
    /// Cash: the cashier refused the chips that the player asked for.
    TopUpRefused {
        /// The seat.
        seat: SeatNo,
        /// Why; not said by records of before this field.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<Refusal>,
    },
    /// A player sits out from the next hand on.
    SatOut {
        /// The seat.
        seat: SeatNo,
    },
    /// A player no longer sits out.
    SatIn {
        /// The seat.
        seat: SeatNo,
    },
    /// A player leaves after the current hand.
    LeaveAsked {
        /// The seat.
        seat: SeatNo,
    },
    /// A player's command or connection arrived, which ends an absence that began when the player's
    /// time ran out.
    Heard {
        /// The seat.
        seat: SeatNo,
        /// The connection, if the connection itself was reported.
        connection: Option<ConnectionId>,
    },
    /// A player's connection was lost.
    Disconnected {
        /// The seat.
        seat: SeatNo,
        /// The connection.
        connection: ConnectionId,
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
    /// A player has been absent for longer than the table waits.
    GoneTooLong {
        /// The seat.
        seat: SeatNo,
    },
    /// An absent player gets more time to come back, because the table was down.
    AbsenceExtended {
        /// The seat.
        seat: SeatNo,
        /// The new end of the time, in milliseconds since 1970.
        until_ms: u64,
    },
    /// A player or visitor of the table sent a line of chat.
    Said {
        /// The player.
        player: PlayerId,
        /// The player's display name.
        name: String,
        /// The line.
        text: String,
    },
    /// A seat is free again.
    Unseated {
        /// The seat.
        seat: SeatNo,
        /// The player who had it.
        player: PlayerId,
        /// The reason.
        reason: Unseating,
        /// Cash: chips that go back to the player's balance.
        cash_out: Chips,
        /// Cash: the posting that pays them back; also if no chips are left.
        posting: Option<PostingId>,
    },
    /// Cash: the cashier has paid a cash-out.
    CashedOut {
        /// The posting.
        posting: PostingId,
    },
    /// A hand began.
    HandStarted {
        /// The setup.
        start: HandStart,
        /// The seed from which the deck is shuffled. Hidden for good; in a hand without
        /// [`HandStart::deal`], until the hand is over.
        seed: Seed,
        /// The hand's script, deck included, if the deck is not shuffled. Seed and commitment are
        /// then unused and zeros.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        script: Option<Box<Script>>,
        /// The seed of the next hand's deck, to which [`Deal::next`] commits. Hidden for good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_seed: Option<Seed>,
    },
    /// An event of the hand.
    Hand(HandEvent),
    /// A player took part in the decks of the next two hands.
    Contributed {
        /// The seat.
        seat: SeatNo,
        /// The part.
        mix: Contribution,
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
    /// The player's time ran out; the following action is the table's (TDA 29).
    TimedOut {
        /// The seat.
        seat: SeatNo,
    },
    /// The turn was extended, because the table was down.
    ClockExtended {
        /// The new end of the turn, in milliseconds since 1970.
        deadline_ms: u64,
    },
    /// The hand is over, and all chips are in stacks again.
    HandEnded {
        /// The hand.
        hand: HandNo,
        /// The chips of all players who were dealt in.
        stacks: Vec<Stack>,
        /// The seed from which the deck was shuffled.
        seed: Seed,
        /// The places of the deck that are opened; none if the seed is revealed instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dealt: Option<Dealt>,
        /// The earliest start of the next hand, in milliseconds since 1970.
        next_hand_ms: u64,
    },
    /// Tournament: the coordinator sent an instruction.
    Instructed {
        /// The instruction.
        instruction: Instruction,
        /// The earliest start of the next hand, in milliseconds since 1970.
        next_hand_ms: u64,
    },
    /// The table closes as soon as no hand is played and no money is moved.
    CloseAsked,
    /// The table is closed for good.
    Closed,
    /// A table at rest stored a new snapshot, so that the records before it may be trimmed.
    SnapshotRenewed,
}
