//! A table in its owner's memory: the table's part of [`host`]'s interface.

mod history;
mod order;

#[cfg(test)]
mod tests;

pub use order::{CHAT_RATE, Key, OwnerOptions, TableEffect, TableOrder};

use crate::table::{self, Answer as Remembered, BotTurn, Table, TableRecord};
use history::History;
use host::{Aggregate, Answer, Limits, New, Past, Running};
use wire::{
    HandNo, PlayerId, Refusal, TableId,
    bots::BotAsk,
    client::TableEvents,
    event::{Event, Seed, TableEvent},
    journal::Cause,
    table::{Purpose, Resync, TableCommand, TableReply},
};

/// The number of records after a snapshot at which the next one is due in the middle of a hand,
/// because recovery reads the whole tail. Most hands have about twice as many records.
const MAX_TAIL: usize = 12;
/// Such a snapshot repeats the events of the hand so far. At tables with much chat it comes later,
/// so that it repeats at most this many events for each record.
const RETOLD: usize = 4;
/// The number of records after a hand's end from which snapshots no longer repeat the hand. Until
/// then viewers who missed the end can still get it.
pub const MAX_BETWEEN: u32 = 64;
/// The time after which a bot that has not answered is asked again, in milliseconds.
const ASK_AGAIN_MS: u64 = 3_000;

/// A table in memory.
pub struct TableHost {
    table: Table,
    history: History,
    /// Records since the last snapshot, that one included.
    tail: usize,
    /// Records since the last hand ended.
    between: u32,
    /// The hand and turn of a bot, and the time at which the bot is asked (again), in milliseconds.
    bot: Option<(HandNo, u32, u64)>,
}

/// A message that a table publishes.
pub enum TablePublication {
    /// The events of a new record.
    Happened(RecordedEvents),
    /// The events of the last record, published again after a takeover.
    Repeated(RecordedEvents),
    /// A request to a bot worker.
    AskBot(Box<BotAsk>),
}

/// The events of one record.
pub struct RecordedEvents {
    /// All events.
    pub events: Vec<TableEvent>,
    /// The public events among them, without hidden cards.
    pub public: Vec<Event>,
}

impl RecordedEvents {
    fn new(events: Vec<TableEvent>) -> Self {
        let public = events.iter().filter_map(table::public).collect();
        Self { events, public }
    }
}

impl TableHost {
    fn new(table: Table, history: History) -> Self {
        Self { table, history, tail: 0, between: 0, bot: None }
    }

    /// Returns the table as of its last stored record.
    #[must_use]
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// Returns the view of the table and the events after number `since`, from memory alone;
    /// without them, the events of the current hand.
    fn resync(&self, since: Option<u64>, player: Option<PlayerId>) -> TableReply {
        let hand = || self.history.hand().filter(|_| self.table.is_playing());
        let missed = since.and_then(|since| self.history.after(since)).or_else(hand);
        let table = self.table.id();
        TableReply::Resync(Box::new(Resync {
            view: self.table.view(),
            events: missed.map(|(first, events)| TableEvents { table, first, events }),
            cards: player.and_then(|player| self.table.cards_of(player)),
        }))
    }

    const fn done(&self) -> TableReply {
        TableReply::Done { event_no: self.table.event_no() }
    }
}

impl Aggregate for TableHost {
    type Id = TableId;
    type Command = TableOrder;
    type Event = TableEvent;
    type State = Table;
    type Reply = TableReply;
    type News = TablePublication;
    type Effect = TableEffect;
    type Key = Key;

    const NAME: &'static str = "table";
    /// More than the commands of all seats and of the fleet.
    const MAX_QUEUED: usize = 256;

    fn create(id: TableId, order: &TableOrder, _now_ms: u64) -> Option<Result<New<Self>, Refusal>> {
        let TableOrder::Asked { command: TableCommand::Create { config, bots }, .. } = order else {
            return None;
        };
        let created = order.check_scripts().and_then(|()| table::create(id, config, bots));
        Some(created.map(|events| (Self::new(Table::new(id, config.clone()), History::default()), events)))
    }

    fn replay(id: TableId, records: &mut [Past<Self>]) -> Result<Self, String> {
        let first = records.first_mut().and_then(|first| first.record.state.as_mut());
        let told = first.map(Table::take_told).unwrap_or_default();
        let records = || records.iter().map(|past| &past.record);
        let table = Table::replay(id, records()).map_err(|error| error.to_string())?;
        let public =
            |record: &TableRecord| -> Vec<Event> { record.events.iter().filter_map(table::public).collect() };
        let publics: Vec<Vec<Event>> = records().map(public).collect();
        let mut last = table.event_no() - publics.iter().map(|public| public.len() as u64).sum::<u64>();
        let mut history = History::default();
        history.remember(&told, last);
        for public in &publics {
            last += public.len() as u64;
            history.remember(public, last);
        }
        Ok(Self { tail: publics.len(), ..Self::new(table, history) })
    }

    fn decide(
        &self,
        cause: Option<Cause>,
        order: &TableOrder,
        now_ms: u64,
        _resumed: bool,
    ) -> Result<Vec<TableEvent>, Refusal> {
        order.check_scripts()?;
        order.check_bot(&self.table, cause.and_then(|cause| cause.player))?;
        match (order, cause) {
            (TableOrder::Asked { command, .. }, Some(cause)) => self.table.decide(cause, command, now_ms),
            (TableOrder::Asked { .. }, None) => Ok(Vec::new()),
            (TableOrder::MoneyArrived { posting, refusal }, _) => {
                Ok(self.table.money_arrived(posting, refusal.as_ref()))
            }
            (TableOrder::PaidBack(posting), _) => Ok(self.table.paid_back(posting)),
            (TableOrder::Instructed(instruction), _) => self.table.instruct(instruction, now_ms),
        }
    }

    fn evolve(&mut self, record: TableRecord) -> Vec<TableEvent> {
        match record.state {
            // The state of a table's first record is the result of its events already.
            Some(mut state) => {
                state.take_told();
                self.table = state;
            }
            None => self.table.apply(&record),
        }
        record.events
    }

    /// Returns the limits of a line of chat; `None` for all other commands.
    fn low_priority(order: &TableOrder) -> Option<Limits> {
        order.chat_limits()
    }

    fn look(&self, order: &TableOrder, player: Option<PlayerId>, _now_ms: u64) -> Option<TableReply> {
        let TableOrder::Asked { command: TableCommand::Resync { since }, .. } = order else { return None };
        Some(self.resync(*since, player))
    }

    fn answer(&self, cause: Cause) -> Option<Answer<TableReply>> {
        let reply = match self.table.answer(cause)? {
            Remembered::Seat { paid: false, .. } | Remembered::AwaitsChips => return Some(Answer::Pending),
            Remembered::Seat { seat, event_no, .. } => TableReply::Seat { seat: *seat, event_no: *event_no },
            Remembered::Done(event_no) => TableReply::Done { event_no: *event_no },
            Remembered::Refused(refusal) => TableReply::Refused(refusal.clone()),
        };
        Some(Answer::Ready(reply))
    }

    fn reply(&self, _order: &TableOrder) -> TableReply {
        self.done()
    }

    fn refused(refusal: Refusal) -> TableReply {
        TableReply::Refused(refusal)
    }

    fn unknown() -> Refusal {
        Refusal::NoSuchTable
    }

    fn settles(event: &TableEvent) -> bool {
        matches!(
            event,
            TableEvent::Seated { .. }
                | TableEvent::BuyInRefused { .. }
                | TableEvent::ToppedUp { .. }
                | TableEvent::TopUpRefused { .. }
        )
    }

    fn next_deadline_ms(&self) -> Option<u64> {
        self.table.next_deadline_ms()
    }

    fn tick(&self, now_ms: u64, seed: impl FnOnce() -> Seed) -> Vec<TableEvent> {
        self.table.tick(now_ms, seed)
    }

    fn resume(&self, now_ms: u64) -> Vec<TableEvent> {
        self.table.resume(now_ms)
    }

    fn is_for_now_only(&self, events: &[TableEvent], now_ms: u64) -> bool {
        let time_out = events.iter().any(|event| matches!(event, TableEvent::TimedOut { .. }));
        time_out && !self.table.resume(now_ms).is_empty()
    }

    /// Returns a snapshot when a hand begins, the tail gets long, or the table closes: recovery
    /// then reads one record of it.
    ///
    /// A snapshot in the middle of a hand or soon after it repeats the hand's events, so that
    /// viewers can still get them after a takeover.
    fn snapshot(&mut self, record: &TableRecord, first: bool) -> Option<Table> {
        let marks = |event: &TableEvent| {
            matches!(event, TableEvent::HandStarted { .. } | TableEvent::Closed | TableEvent::SnapshotRenewed)
        };
        let marked = record.events.iter().any(marks);
        let is_told = self.between_with_next() < MAX_BETWEEN && !marked;
        let retold = if is_told { self.history.hand_len() } else { 0 };
        if !first && !marked && self.tail < MAX_TAIL.max(retold / RETOLD) {
            return None;
        }
        let mut after = self.table.clone();
        after.apply(record);
        if is_told && let Some((_, told)) = self.history.hand() {
            after.keep_told(told);
        }
        Some(after)
    }

    fn wrote(&mut self, _bytes: usize, snapshot: bool) {
        self.tail = if snapshot { 1 } else { self.tail + 1 };
        self.between = self.between_with_next();
    }

    fn snapshot_too_large(&mut self, _bytes: usize) {
        self.tail = 0;
    }

    fn renewed() -> Vec<TableEvent> {
        vec![TableEvent::SnapshotRenewed]
    }

    fn news(&mut self, events: Vec<TableEvent>) -> Option<TablePublication> {
        let told = RecordedEvents::new(events);
        self.history.remember(&told.public, self.table.event_no());
        Some(TablePublication::Happened(told))
    }

    fn retell(&mut self, last: Vec<TableEvent>) -> Option<TablePublication> {
        (!self.table.is_closed()).then(|| TablePublication::Repeated(RecordedEvents::new(last)))
    }

    /// Returns whether the answer contains no more than the number of the newest event, which the
    /// news contain too.
    fn is_told_by(&self, news: &TablePublication, reply: &TableReply) -> bool {
        let public = matches!(news, TablePublication::Happened(told) if !told.public.is_empty());
        public && *reply == self.done()
    }

    /// Returns the time at which the bot in turn must be asked (again), in milliseconds.
    fn next_reminder_ms(&mut self) -> Option<u64> {
        let Some(BotTurn { hand, turn, not_before_ms }) = self.table.bot_turn() else {
            self.bot = None;
            return None;
        };
        match self.bot {
            Some((h, t, due_ms)) if (h, t) == (hand, turn) => Some(due_ms),
            _ => {
                self.bot = Some((hand, turn, not_before_ms));
                Some(not_before_ms)
            }
        }
    }

    fn reminder(&mut self, now_ms: u64) -> Option<TablePublication> {
        if self.next_reminder_ms()? > now_ms {
            return None;
        }
        if let Some((_, _, due_ms)) = &mut self.bot {
            *due_ms = now_ms + ASK_AGAIN_MS;
        }
        self.table.bot_ask().map(|ask| TablePublication::AskBot(Box::new(ask)))
    }

    fn effects(&self, running: &Running<Key>, start: &mut Vec<(Key, TableEffect)>) {
        let tournament = match self.table.config().purpose {
            Purpose::Tournament { tournament } => Some(tournament),
            Purpose::Cash { .. } => None,
        };
        let effects = self.table.effects().into_iter();
        let keyed = effects.map(|effect| (Key::of(&effect), TableEffect { tournament, effect }));
        start.extend(keyed.filter(|(key, _)| running.is_free(key)));
    }

    fn is_due(&self, key: &Key) -> bool {
        self.table.effects().iter().any(|effect| Key::of(effect) == *key)
    }

    fn is_over(&self) -> bool {
        self.table.is_closed() && self.table.pending_postings() == 0
    }
}

impl TableHost {
    /// Returns the number of records since the last hand ended, the next one included.
    const fn between_with_next(&self) -> u32 {
        if self.table.is_playing() { 0 } else { self.between.saturating_add(1) }
    }
}
