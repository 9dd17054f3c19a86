//! One table: seats, button and blinds, the hand being played, the clock, money under way, and the
//! tournament's instructions.
//!
//! Invariants:
//! - [`Table::decide`] and [`Table::tick`] change no state; only [`Table::apply`] does, and it
//!   cannot fail. Time and randomness are inputs.
//! - [`Table::effects`] derives the effects that are still due (money, reports, bot asks) from the
//!   state, so a new owner carries out the effects that the last owner did not.
//! - Chips at the table change only with [`TableEvent::Seated`], [`TableEvent::ToppedUp`] and
//!   [`TableEvent::Unseated`].
//!
//! This module does not know NATS, tasks, requests under way at the cashier, or viewers.

mod answers;
mod button;
mod chat;
mod deal;
mod decide;
mod effects;
mod evolve;
mod instruct;
mod inventory;
mod presence;
mod script;
mod start;
mod view;

#[cfg(test)]
mod clock_tests;
#[cfg(test)]
mod memory_tests;
#[cfg(test)]
mod presence_tests;
#[cfg(test)]
mod script_tests;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
mod top_up_tests;

pub use answers::Answer;
pub use decide::{create, creation};
pub use effects::{BotTurn, Effect};
pub use inventory::{HandInventory, Inventory, SeatInventory};
pub use start::{StartError, new_hand, new_hand_of};
pub use view::{private_cards_dealt, public};

use crate::hand::Hand;
use answers::Answers;
use presence::Away;
use serde::{Deserialize, Serialize};
use wire::{
    Chips, ConnectionId, Epoch, HandNo, PlayerId, PostingId, SeatNo, TableId,
    deal::{Contribution, Digest},
    event::{Event, HandStart, Seed, TableEvent},
    journal::Record,
    table::{Level, Purpose, TableConfig},
    tournament::{HandResult, Then},
};

/// A table's journal record.
pub type TableRecord = Record<TableEvent, Table>;

/// The state of one table. Journals store it in this form, so fields are only ever added, with
/// defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    id: TableId,
    config: TableConfig,
    level: Level,
    seats: Vec<Option<Seat>>,
    blinds: Option<Blinds>,
    /// The last hand that was started; 0 before the first.
    hand_no: HandNo,
    hands: u64,
    playing: Option<Playing>,
    /// The deck of the next hand, which is committed to; none before the first hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    committed: Option<Committed>,
    next_hand_ms: u64,
    event_no: u64,
    /// Postings made so far; the next one gets the next number.
    postings: u64,
    cash_outs: Vec<CashOut>,
    tournament: Option<TournamentSide>,
    #[serde(default)]
    memory: Answers,
    /// The last record's, as long as answers are kept for a time only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stamp: Option<Stamp>,
    closing: bool,
    closed: bool,
    /// In snapshots only: see [`Table::keep_told`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<Event>,
}

/// Under which ownership a record was written, and when by that owner's clock. The time between two
/// records is known where both are of one owner whose clock was not set in between
/// ([`Record::resumed`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    epoch: Epoch,
    at_ms: u64,
}

/// A taken seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seat {
    player: PlayerId,
    name: String,
    bot: bool,
    /// The chips; during a hand, those before it and those that were added since.
    stack: Chips,
    /// The player's first buy-in; a house bot tops up by the same amount.
    buy_in: Chips,
    /// Money asked for that has not arrived. A seat that waits for its first buy-in is only
    /// reserved.
    awaited: Option<Awaited>,
    reserved: bool,
    /// At a cash table the player is not dealt into the next hand; in a tournament the table does
    /// not wait for the player.
    sitting_out: bool,
    /// The player ran out of time and no sign of the player has come since: the table does not
    /// wait.
    away: bool,
    leaving: bool,
    /// Whether the player sits out because the clock ran out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    out_by_clock: bool,
    /// The last connection that the table was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionId>,
    /// The absence of a player who cannot be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    absent: Option<Away>,
    /// The player's part in the next decks, sent during the hand being played or the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mix: Option<Contribution>,
}

/// Money that the cashier has been asked to move into play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Awaited {
    posting: PostingId,
    amount: Chips,
}

/// Money that the cashier has been asked to pay back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CashOut {
    posting: PostingId,
    player: PlayerId,
    amount: Chips,
}

/// The seats of button and blinds in the last hand. They may be empty by now (TDA 32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Blinds {
    button: SeatNo,
    small_blind: SeatNo,
    /// Whether no player was there to post the small blind.
    small_blind_dead: bool,
    big_blind: SeatNo,
}

/// The hand being played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Playing {
    start: HandStart,
    seed: Seed,
    hand: Hand,
    /// The number of the turn, from 1; 0 before the first.
    turn: u32,
    /// The beginning and the end of the turn.
    turn_began_ms: u64,
    deadline_ms: u64,
    /// The end of the turn if its player could be reached.
    #[serde(default)]
    full_deadline_ms: u64,
    actions: u32,
}

/// A deck that is committed to before its hand begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The deck's seed.
    pub seed: Seed,
    /// The commitment.
    pub commitment: Digest,
    /// The commitment of the hand before.
    pub previous: Digest,
}

/// The additional state of a tournament's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct TournamentSide {
    /// The number of the last instruction carried out.
    instruction: u64,
    then: Option<Then>,
    /// Whether the coordinator still has to be told that it was carried out.
    confirm: bool,
    /// The finished hand whose report has not been answered with an instruction.
    unreported: Option<FinishedHand>,
}

/// The contents of the report of a finished hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FinishedHand {
    hand: HandNo,
    button: SeatNo,
    big_blind: SeatNo,
    results: Vec<HandResult>,
    actions: u32,
}

/// The reason why records are not a table's journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// The first record neither creates the table nor carries a snapshot.
    #[error("table {0}: the journal does not begin with a snapshot or with the table's creation")]
    NoBeginning(TableId),
}

impl Table {
    /// Returns the table after these records of its journal, the oldest first. The first must carry
    /// a snapshot or create the table; later snapshots are ignored.
    ///
    /// # Errors
    /// [`ReplayError::NoBeginning`] when the first record does neither.
    pub fn replay<'a>(
        id: TableId,
        records: impl IntoIterator<Item = &'a TableRecord>,
    ) -> Result<Self, ReplayError> {
        let mut records = records.into_iter();
        let first = records.next().ok_or(ReplayError::NoBeginning(id))?;
        let mut table = match (&first.state, first.events.first()) {
            (Some(state), _) => state.clone(),
            (None, Some(TableEvent::Created { config })) => {
                let mut table = Self::new(id, config.clone());
                table.apply(first);
                table
            }
            _ => return Err(ReplayError::NoBeginning(id)),
        };
        records.for_each(|record| table.apply(record));
        Ok(table)
    }

    /// Returns a table before its first record.
    #[must_use]
    pub fn new(id: TableId, config: TableConfig) -> Self {
        Self {
            id,
            level: config.level,
            seats: vec![None; usize::from(config.seats)],
            blinds: None,
            hand_no: HandNo(0),
            hands: 0,
            playing: None,
            committed: None,
            next_hand_ms: 0,
            event_no: 0,
            postings: 0,
            cash_outs: Vec::new(),
            tournament: match config.purpose {
                Purpose::Tournament { .. } => Some(TournamentSide::default()),
                Purpose::Cash { .. } => None,
            },
            memory: Answers::default(),
            stamp: None,
            closing: false,
            closed: false,
            told: Vec::new(),
            config,
        }
    }

    /// Adds the public events since the hand began to a snapshot, so that an owner that recovers
    /// from the snapshot can still send the whole hand. They are no part of the state: the reader
    /// of a snapshot takes them out with [`Table::take_told`].
    pub fn keep_told(&mut self, told: Vec<Event>) {
        self.told = told;
    }

    /// Takes out the events that [`Table::keep_told`] added.
    pub fn take_told(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.told)
    }

    /// Returns the table's id.
    #[must_use]
    pub const fn id(&self) -> TableId {
        self.id
    }

    /// Returns the configuration.
    #[must_use]
    pub const fn config(&self) -> &TableConfig {
        &self.config
    }

    /// Returns the number of the last public event.
    #[must_use]
    pub const fn event_no(&self) -> u64 {
        self.event_no
    }

    /// Returns the number of finished hands.
    #[must_use]
    pub const fn hands(&self) -> u64 {
        self.hands
    }

    /// Returns whether the next hand's deck is committed to.
    #[must_use]
    pub const fn commits(&self) -> bool {
        self.committed.is_some()
    }

    /// Returns whether a hand is being played.
    #[must_use]
    pub const fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    /// Returns whether the table is closed for good.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Returns all players with a seat (reserved ones too), in the order of seats.
    pub fn players(&self) -> impl Iterator<Item = (SeatNo, PlayerId)> + '_ {
        self.taken().map(|(no, seat)| (no, seat.player))
    }

    /// Returns the seat of a player, also a reserved one.
    #[must_use]
    pub fn seat_of(&self, player: PlayerId) -> Option<SeatNo> {
        self.players().find(|&(_, p)| p == player).map(|(no, _)| no)
    }

    /// Returns whether a house bot of this table has this account.
    #[must_use]
    pub fn is_bot(&self, player: PlayerId) -> bool {
        self.taken().any(|(_, seat)| seat.bot && seat.player == player)
    }

    /// Returns all chips at the table: stacks, bets, pots, and chips that wait for the end of the
    /// hand. Buy-ins that have not arrived and chips of players who have left are not included.
    #[must_use]
    pub fn chips(&self) -> Chips {
        let in_hand = self.playing.as_ref().map_or(Chips::ZERO, |playing| playing.hand.total());
        let aside = self.taken().map(|(no, seat)| match self.is_dealt_in(no) {
            true => self.waiting(no, seat),
            false => seat.stack,
        });
        in_hand.plus(aside.sum())
    }

    /// Returns the chips that were added to a seat during the hand being played, which wait for its
    /// end; none for a seat that is not dealt in.
    fn waiting(&self, no: SeatNo, seat: &Seat) -> Chips {
        let Some(playing) = &self.playing else { return Chips::ZERO };
        let start = playing.start.stacks.iter().find(|start| (start.seat, start.player) == (no, seat.player));
        start.map_or(Chips::ZERO, |start| seat.stack.minus_or_zero(start.chips))
    }

    /// Returns the chips that have left the table and that the cashier has not confirmed to have
    /// paid back.
    #[must_use]
    pub fn pending_cash_outs(&self) -> Chips {
        self.cash_outs.iter().map(|cash_out| cash_out.amount).sum()
    }

    /// Returns the number of postings that are not settled: awaited ones (to the table) and pending
    /// ones (from it).
    #[must_use]
    pub fn pending_postings(&self) -> usize {
        self.cash_outs.len() + self.taken().filter(|(_, seat)| seat.awaited.is_some()).count()
    }

    fn taken(&self) -> impl Iterator<Item = (SeatNo, &Seat)> {
        (0..).zip(&self.seats).filter_map(|(no, seat)| seat.as_ref().map(|seat| (no, seat)))
    }

    fn seat(&self, no: SeatNo) -> Option<&Seat> {
        self.seats.get(usize::from(no)).and_then(Option::as_ref)
    }

    fn seat_mut(&mut self, no: SeatNo) -> Option<&mut Seat> {
        self.seats.get_mut(usize::from(no)).and_then(Option::as_mut)
    }

    fn is_dealt_in(&self, no: SeatNo) -> bool {
        self.playing.as_ref().is_some_and(|playing| playing.hand.seat(no).is_some())
    }

    fn posting(&self, number: u64) -> PostingId {
        PostingId(format!("table.{}.{number}", self.id))
    }
}
