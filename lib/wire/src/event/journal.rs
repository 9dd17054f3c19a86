//! What a table's journal holds, hidden cards included.

use super::{Post, Seed, Share, Stack, Unseating};
use crate::{
    Action, BoardCards, Chips, ConnectionId, HandNo, HoleCards, Legal, PlayerId, PostingId, Refusal, SeatNo,
    script::Script,
    table::{Level, TableConfig},
    tournament::Instruction,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that happened within one hand, hidden cards included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HandEvent {
    /// A forced bet was posted. `amount` is what the stack could cover.
    Posted {
        /// Who.
        seat: SeatNo,
        /// Which forced bet.
        post: Post,
        /// Chips put in.
        amount: Chips,
    },
    /// Cards were dealt to a seat: face down (hidden) and face up.
    Dealt {
        /// To whom.
        seat: SeatNo,
        /// Hidden cards.
        down: HoleCards,
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
    /// A player acted.
    Acted {
        /// Who.
        seat: SeatNo,
        /// What they did. Totals of bets and raises are totals for the street.
        action: Action,
        /// Chips that went in with it.
        added: Chips,
        /// The player's stack afterwards.
        stack: Chips,
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
        /// What they make, in words, e.g. `two pair, aces and tens`.
        hand: String,
    },
    /// A player gave up their cards unseen at showdown.
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
}

/// How a hand was set up: everything that the rules need besides the players' actions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandStart {
    /// The hand's number.
    pub hand: HandNo,
    /// Where the button is (possibly a dead button: nobody dealt in sits there).
    pub button: SeatNo,
    /// Who posts the small blind; nobody when it is dead.
    pub small_blind: Option<SeatNo>,
    /// Who posts the big blind.
    pub big_blind: SeatNo,
    /// Blinds and ante of this hand.
    pub level: Level,
    /// Players dealt in, by seat, with their chips before any forced bet.
    pub stacks: Vec<Stack>,
    /// Hash that commits to the seed (see `poker::shuffle`).
    pub commitment: Seed,
}

/// What a table's journal holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TableEvent {
    /// The table came to be.
    Created {
        /// Everything that stays the same about it.
        config: TableConfig,
    },
    /// Cash: a seat is held while the cashier moves the buy-in into play.
    SeatReserved {
        /// Which seat.
        seat: SeatNo,
        /// For whom.
        player: PlayerId,
        /// The player's display name.
        name: String,
        /// Whether bot workers play the seat.
        bot: bool,
        /// Chips asked for.
        buy_in: Chips,
        /// The posting that pays for it.
        posting: PostingId,
    },
    /// Cash: the cashier refused the buy-in; the seat is free again.
    BuyInRefused {
        /// Which seat.
        seat: SeatNo,
        /// Why.
        refusal: Refusal,
    },
    /// A player sits with chips in front of them.
    Seated {
        /// Which seat.
        seat: SeatNo,
        /// Who.
        player: PlayerId,
        /// The player's display name.
        name: String,
        /// Whether bot workers play the seat.
        bot: bool,
        /// Their chips.
        stack: Chips,
    },
    /// Cash: more chips were asked for; the cashier is asked to move them into play.
    TopUpAsked {
        /// Which seat.
        seat: SeatNo,
        /// How much.
        amount: Chips,
        /// The posting that pays for it.
        posting: PostingId,
    },
    /// Cash: the asked-for chips arrived.
    ToppedUp {
        /// Which seat.
        seat: SeatNo,
        /// How much.
        amount: Chips,
    },
    /// Cash: the cashier refused the asked-for chips.
    TopUpRefused {
        /// Which seat.
        seat: SeatNo,
    },
    /// A player will not be dealt in from the next hand on.
    SatOut {
        /// Which seat.
        seat: SeatNo,
    },
    /// A player will be dealt in again.
    SatIn {
        /// Which seat.
        seat: SeatNo,
    },
    /// A player in a hand leaves as soon as it is over.
    LeaveAsked {
        /// Which seat.
        seat: SeatNo,
    },
    /// A player was heard of: whoever was only out of time is so no longer.
    Heard {
        /// Which seat.
        seat: SeatNo,
        /// The connection, when it was the connection that told.
        connection: Option<ConnectionId>,
    },
    /// A player's connection is gone.
    Disconnected {
        /// Which seat.
        seat: SeatNo,
        /// Which connection.
        connection: ConnectionId,
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
    /// A player has been away for longer than the table waits.
    GoneTooLong {
        /// Which seat.
        seat: SeatNo,
    },
    /// A player who is away gets more time to come back, because the table was down.
    AbsenceExtended {
        /// Which seat.
        seat: SeatNo,
        /// The new end of the time, in milliseconds since 1970.
        until_ms: u64,
    },
    /// Somebody said something, seated or not.
    Said {
        /// Who.
        player: PlayerId,
        /// Their display name.
        name: String,
        /// What.
        text: String,
    },
    /// A seat is free again.
    Unseated {
        /// Which seat.
        seat: SeatNo,
        /// Who sat there.
        player: PlayerId,
        /// Why.
        reason: Unseating,
        /// Cash: chips that go back to the player's balance.
        cash_out: Chips,
        /// Cash: the posting that pays them back; with nothing left as well.
        posting: Option<PostingId>,
    },
    /// Cash: the cashier has paid a posting back.
    CashedOut {
        /// Which posting.
        posting: PostingId,
    },
    /// A hand began.
    HandStarted {
        /// How it was set up.
        start: HandStart,
        /// What the deck is shuffled from. Hidden until the hand is over.
        seed: Seed,
        /// The hand's script, deck included, where the deck is not shuffled. Seed and commitment mean nothing then and are zeros.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        script: Option<Box<Script>>,
    },
    /// Something happened in the hand.
    Hand(HandEvent),
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
    /// The player's time ran out; the action that follows is the table's (TDA 29).
    TimedOut {
        /// Who.
        seat: SeatNo,
    },
    /// The clock of the turn was moved, because the table was down.
    ClockExtended {
        /// The new end of the turn, in milliseconds since 1970.
        deadline_ms: u64,
    },
    /// The hand is over and all chips are in stacks again.
    HandEnded {
        /// Which hand.
        hand: HandNo,
        /// The chips of everybody who was dealt in.
        stacks: Vec<Stack>,
        /// The revealed seed.
        seed: Seed,
        /// The earliest start of the next hand, in milliseconds since 1970.
        next_hand_ms: u64,
    },
    /// Tournament: the coordinator said how to go on.
    Instructed {
        /// What it said.
        instruction: Instruction,
        /// The earliest start of the next hand, in milliseconds since 1970.
        next_hand_ms: u64,
    },
    /// The table closes as soon as no hand is played and no money is on its way.
    CloseAsked,
    /// The table is closed for good.
    Closed,
    /// Nothing happened: a table at rest stores its state once more, so that the records before it may be trimmed.
    SnapshotRenewed,
}
