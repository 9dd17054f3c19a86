//! One table in the hands of its owner: the state as of the last durable record, commands that wait their turn, and who waits for an
//! answer. At most one record is being written at a time, so every decision is made on durable state.

use crate::{
    feed::History,
    queue::{Waiting, Writing, refuse, respond},
    source::random_seed,
};
use bus::{Cursor, Journal, Request};
use poker::table::{Answer, BotTurn, Table, TableRecord};
use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};
use wire::{
    Epoch, HandNo, Refusal, VERSION, codec,
    event::TableEvent,
    journal::Cause,
    table::{Resync, TableReply},
};

/// Commands that may wait at one table. More than every seat's and the fleet's own; beyond, senders repeat.
const MAX_WAITING: usize = 256;
/// Records without a snapshot before one is due between the beginnings of hands too: recovery reads them one after the other. Most
/// hands have about twice as many.
const MAX_TAIL: usize = 12;
/// Such a snapshot repeats what was told of the hand. Where much is said it comes less often: at most so many events for each record.
const RETOLD: usize = 4;
/// A hand is repeated no longer when so many records came after its end: long enough for those who may have missed the end.
const MAX_BETWEEN: u32 = 64;
/// Refusals that are remembered: as many as commands can wait.
const MAX_REFUSALS: usize = MAX_WAITING;
/// A bot that has not answered is asked again after this time.
const ASK_AGAIN_MS: u64 = 3_000;

/// Records of the whole stream after which a table at rest stores its state again. A trimmed stream then holds at most about
/// twice as many (the archive keeps two snapshots of each table), and where 3,400 tables share a stream and only one plays, a
/// tenth of what is written are renewed snapshots.
const RENEW_AFTER: u64 = 32_768;

/// A record that took longer than this to be stored was held up by an outage.
const HELD_UP: Duration = Duration::from_secs(1);

/// A table and everything its owner keeps about it.
pub struct Hosted {
    pub table: Table,
    pub cursor: Cursor,
    pub history: History,
    pub waiting: VecDeque<Waiting>,
    pub writing: Option<Writing>,
    /// Whether a record was written since it was loaded: from then on no earlier owner can write.
    pub written: bool,
    /// Effects under way, so that none runs twice at a time.
    pub running: HashSet<crate::outside::Key>,
    /// The earliest wake-up that is armed for this table.
    pub armed_ms: Option<u64>,
    /// The journal's outages that the clock has been extended for; none: it is to be extended in any case.
    outages: Option<u64>,
    /// Whether a record was stored late, so that somebody may have had less time than the clock says.
    held_up: bool,
    /// Records since the last snapshot, that one included.
    tail: usize,
    /// Records since the last hand ended.
    between: u32,
    bot: Option<(HandNo, u32, u64)>,
    unpaid: Vec<(Cause, Request)>,
    /// What was refused lately, oldest first. A repeat that was under way when the refusal was answered must not be
    /// carried out after all, and repeats of one command reach one owner or come seconds later: so this needs no journal.
    refusals: VecDeque<(Cause, Refusal)>,
}

impl Hosted {
    pub fn new(table: Table, cursor: Cursor, history: History, tail: usize) -> Self {
        Self {
            table,
            cursor,
            history,
            waiting: VecDeque::new(),
            writing: None,
            written: false,
            running: HashSet::new(),
            armed_ms: None,
            outages: Some(0),
            held_up: false,
            tail,
            between: 0,
            bot: None,
            unpaid: Vec::new(),
            refusals: VecDeque::new(),
        }
    }

    /// Whether no further commands can wait here.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_WAITING
    }

    /// The same table as read from its journal anew, with everything that waits for it.
    pub fn reloaded(self, fresh: Self) -> Self {
        Self {
            waiting: self.waiting,
            running: self.running,
            unpaid: self.unpaid,
            refusals: self.refusals,
            ..fresh
        }
    }

    /// The record that these events make; a snapshot when a hand begins, the tail gets long, or the table closes: then
    /// recovery reads one record of it from now on.
    ///
    /// A hand goes on being told after takeovers: a snapshot that is not its beginning repeats what was told of it.
    pub fn record(
        &mut self,
        cause: Option<Cause>,
        events: Vec<TableEvent>,
        epoch: Epoch,
        at_ms: u64,
    ) -> TableRecord {
        let first = self.cursor.last == 0;
        let marks = |event: &TableEvent| {
            matches!(event, TableEvent::HandStarted { .. } | TableEvent::Closed | TableEvent::SnapshotRenewed)
        };
        let marked = events.iter().any(marks);
        let mut record = TableRecord { v: VERSION, epoch, at_ms, cause, events, state: None };
        self.tail += 1;
        self.between = if self.table.is_playing() { 0 } else { self.between.saturating_add(1) };
        let is_told = self.between < MAX_BETWEEN && !marked;
        let retold = if is_told { self.history.hand_len() } else { 0 };
        if first || marked || self.tail > MAX_TAIL.max(retold / RETOLD) {
            let mut after = self.table.clone();
            after.apply(&record);
            if is_told && let Some((_, told)) = self.history.hand() {
                after.keep_told(told);
            }
            record.state = Some(after);
            self.tail = 1;
        }
        record
    }

    /// What the clock says. Nobody's time runs out by an outage: neither during one nor for one since the clock began to run;
    /// who is waited for gets the full time again. After a record that was only late, that is so when the time is over, not before:
    /// where there is too much to do, a record more for each would keep it so for ever.
    ///
    /// `outages` counts the journal's, and `is_well` says whether records can be stored now.
    pub fn tick(&mut self, outages: u64, is_well: bool, now_ms: u64) -> Vec<TableEvent> {
        let outages = Some(outages);
        let is_over = || self.table.next_deadline_ms().is_some_and(|deadline_ms| deadline_ms <= now_ms);
        if self.outages != outages || !is_well || self.held_up && is_over() {
            (self.outages, self.held_up) = (outages, false);
            let extended = self.table.resume(now_ms);
            if !extended.is_empty() {
                return extended;
            }
        }
        self.table.tick(now_ms, random_seed)
    }

    /// Whether the table is at rest and its last snapshot lies so far behind the stream's newest record that it
    /// would keep the stream from being trimmed.
    pub fn is_snapshot_due(&self, journal: &Journal) -> bool {
        let idle = self.writing.is_none() && self.waiting.is_empty() && !self.table.is_closed();
        idle && self.cursor.last > 0 && self.cursor.snapshot + RENEW_AFTER < journal.newest()
    }

    /// Whether events are better decided anew than stored late: the time-out of somebody who is waited for.
    pub fn is_for_now_only(&self, events: &[TableEvent], now_ms: u64) -> bool {
        let time_out = events.iter().any(|event| matches!(event, TableEvent::TimedOut { .. }));
        time_out && !self.table.resume(now_ms).is_empty()
    }

    /// Takes notice of how long the record took that has just been stored.
    pub fn stored_since(&mut self, since: Instant) {
        self.held_up |= since.elapsed() > HELD_UP;
    }

    /// Takes notice that a record was not stored.
    pub fn not_stored(&mut self) {
        self.outages = None;
    }

    /// The clock is right as of now.
    pub fn clock_is_right(&mut self, journal: &Journal) {
        self.outages = Some(journal.outages());
    }

    /// Takes a durable record in.
    pub fn applied(&mut self, record: TableRecord, cursor: Cursor) -> Vec<TableEvent> {
        self.cursor = cursor;
        self.written = true;
        match record.state {
            // On the table's first record the state was made from nothing already.
            Some(mut state) => {
                state.take_told();
                self.table = state;
            }
            None => self.table.apply(&record),
        }
        record.events
    }

    /// The answer to a command that has been carried out; `None` while its buy-in is awaited.
    pub fn reply(&self, cause: Cause) -> Option<TableReply> {
        Some(match self.table.answer(cause) {
            Some(Answer::Seat { paid: false, .. }) => return None,
            Some(Answer::Seat { seat, event_no, .. }) => {
                TableReply::Seat { seat: *seat, event_no: *event_no }
            }
            Some(Answer::Done(event_no)) => TableReply::Done { event_no: *event_no },
            Some(Answer::Refused(refusal)) => TableReply::Refused(refusal.clone()),
            // Accepted without any change.
            None => TableReply::Done { event_no: self.table.event_no() },
        })
    }

    /// What the same command was refused for, if it was.
    pub fn refusal(&self, cause: Cause) -> Option<&Refusal> {
        self.refusals.iter().rev().find(|(known, _)| *known == cause).map(|(_, refusal)| refusal)
    }

    /// Remembers a player's refusal. One for a passing reason is no answer; the fleet's own commands may be refused now and be
    /// in place later.
    pub fn refused(&mut self, cause: Cause, refusal: &Refusal) {
        if refusal.is_transient() || cause.player.is_none() || self.refusal(cause).is_some() {
            return;
        }
        if self.refusals.len() == MAX_REFUSALS {
            self.refusals.pop_front();
        }
        self.refusals.push_back((cause, refusal.clone()));
    }

    /// Whether the answer says no more than that the events up to the newest one are there: hearing of them is answer enough.
    pub fn is_told_by_events(&self, cause: Cause) -> bool {
        self.reply(cause) == Some(TableReply::Done { event_no: self.table.event_no() })
    }

    /// Answers a command that has been carried out, now or once its buy-in is settled.
    pub async fn answer(&mut self, cause: Option<Cause>, request: Option<Request>) {
        let (Some(cause), Some(request)) = (cause, request) else {
            return;
        };
        match self.reply(cause) {
            Some(reply) => respond(&request, &reply).await,
            None => self.unpaid.push((cause, request)),
        }
    }

    /// Answers those whose buy-in has been settled meanwhile.
    pub async fn answer_paid(&mut self) {
        for (cause, request) in std::mem::take(&mut self.unpaid) {
            self.answer(Some(cause), Some(request)).await;
        }
    }

    /// Has everybody who waits for an answer ask again: the next owner will give it.
    pub async fn send_away(&mut self) {
        let waiting = self.waiting.drain(..).filter_map(|waiting| waiting.request);
        for request in waiting.chain(self.unpaid.drain(..).map(|(_, request)| request)) {
            refuse(Some(&request), Refusal::unavailable("table")).await;
        }
    }

    /// What a viewer needs who has seen everything up to `since`: out of memory, whatever the journal holds.
    pub fn resync(&self, since: Option<u64>, player: Option<wire::PlayerId>) -> TableReply {
        let hand = || self.history.hand().filter(|_| self.table.is_playing());
        let missed = since.and_then(|since| self.history.after(since)).or_else(hand);
        TableReply::Resync(Box::new(Resync {
            view: self.table.view(),
            events: missed.map(|(first, events)| wire::client::TableEvents {
                table: self.table.id(),
                first,
                events,
            }),
            cards: player.and_then(|player| self.table.cards_of(player)),
        }))
    }

    /// When the table wants to be looked at again.
    pub fn next_wake_ms(&mut self) -> Option<u64> {
        let clock = self.table.next_deadline_ms();
        let bot = self.bot_due_ms();
        clock.into_iter().chain(bot).min()
    }

    /// When the bot whose turn it is should be asked (again).
    fn bot_due_ms(&mut self) -> Option<u64> {
        let Some(BotTurn { hand, turn, not_before_ms }) = self.table.bot_turn() else {
            self.bot = None;
            return None;
        };
        match self.bot {
            Some((h, t, due)) if (h, t) == (hand, turn) => Some(due),
            _ => {
                self.bot = Some((hand, turn, not_before_ms));
                Some(not_before_ms)
            }
        }
    }

    /// The question for the bot workers, if it is due, encoded.
    pub fn due_bot_ask(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        if self.bot_due_ms()? > now_ms {
            return None;
        }
        if let Some((_, _, due)) = &mut self.bot {
            *due = now_ms + ASK_AGAIN_MS;
        }
        codec::encode(&self.table.bot_ask()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{feed, recovery};
    use poker::table::{Table, create};
    use wire::{
        Chips, PlayerId, PostingId, TableId,
        event::Seed,
        subject,
        table::{Absence, HouseBot, Level, Purpose, TableConfig},
    };

    const TABLE: TableId = TableId(7);

    fn config() -> TableConfig {
        TableConfig {
            name: "test".to_owned(),
            variant: "NT".to_owned(),
            seats: 2,
            level: Level { number: 0, small_blind: Chips(5), big_blind: Chips(10), ante: Chips::ZERO },
            purpose: Purpose::Cash { min_buy_in: Chips(100), max_buy_in: Chips(1_000) },
            action_ms: 1_000,
            hand_pause_ms: 100,
            bot_pace_ms: 0,
            absence: Absence::default(),
            scripted: false,
        }
    }

    /// A table with what its journal would give a new owner.
    struct Journaled {
        hosted: Hosted,
        /// Since the last snapshot.
        records: Vec<bus::Stored>,
    }

    impl Journaled {
        /// Writes a record. Whoever recovered the table now would have the same table and could tell the same hand.
        fn write(&mut self, events: Vec<TableEvent>, at_ms: u64) {
            let hosted = &mut self.hosted;
            let record = hosted.record(None, events, Epoch(1), at_ms);
            if record.state.is_some() {
                self.records.clear();
            }
            let sequence = hosted.cursor.last + 1;
            let (subject, payload) = (hosted.cursor.subject.clone(), codec::encode(&record).unwrap().into());
            self.records.push(bus::Stored { subject, sequence, time_ms: at_ms, payload });
            let cursor = Cursor { last: sequence, ..hosted.cursor.clone() };
            let events = hosted.applied(record, cursor.clone());
            hosted.history.remember(&feed::public(&events), hosted.table.event_no());
            let recovered = bus::Recovered { cursor, records: self.records.clone() };
            let recovered = *recovery::load(recovered).unwrap().hosted;
            assert_eq!(recovered.table, hosted.table);
            if hosted.between < MAX_BETWEEN {
                assert_eq!(recovered.history.hand(), hosted.history.hand());
            }
        }
    }

    /// Two bots in a hand that began at this time.
    fn playing(now_ms: u64) -> Journaled {
        let bots: Vec<_> = (1..=2)
            .map(|n| HouseBot { player: PlayerId(n), name: format!("bot {n}"), buy_in: Chips(500) })
            .collect();
        let cursor = Cursor::new(subject::table_journal(TABLE));
        let hosted = Hosted::new(Table::new(TABLE, config()), cursor, History::default(), 0);
        let mut journaled = Journaled { hosted, records: Vec::new() };
        journaled.write(create(TABLE, &config(), &bots).unwrap(), 1);
        for number in 1..=2 {
            let posting = PostingId(format!("table.{TABLE}.{number}"));
            let arrived = journaled.hosted.table.money_arrived(&posting, None);
            journaled.write(arrived, 2);
        }
        let begun = journaled.hosted.table.tick(now_ms, || Seed([3; 32]));
        journaled.write(begun, now_ms);
        journaled
    }

    fn said() -> Vec<TableEvent> {
        let (name, text) = ("ann".to_owned(), "hello".to_owned());
        vec![TableEvent::Said { player: PlayerId(9), name, text }]
    }

    #[test]
    fn a_clock_is_extended_after_an_outage_at_once_and_after_a_late_record_when_time_is_over() {
        let (began_ms, long_ago) = (10_000, Instant::now().checked_sub(2 * HELD_UP).unwrap());
        let hosted = &mut playing(began_ms).hosted;
        let over_ms = hosted.table.next_deadline_ms().unwrap();
        let extended = |events: &[TableEvent]| matches!(events, [TableEvent::ClockExtended { .. }]);
        hosted.stored_since(Instant::now());
        assert_eq!(hosted.tick(0, true, began_ms), []);
        assert!(matches!(hosted.tick(0, true, over_ms)[..], [TableEvent::TimedOut { .. }, ..]));
        assert!(extended(&hosted.tick(1, true, began_ms)), "an outage");
        assert_eq!(hosted.tick(1, true, began_ms), [], "for which it is extended once");
        assert!(extended(&hosted.tick(1, false, began_ms)), "nothing can be stored");
        hosted.stored_since(long_ago);
        assert_eq!(hosted.tick(1, true, over_ms - 1), [], "the time is not over yet");
        assert!(extended(&hosted.tick(1, true, over_ms)));
        assert!(matches!(hosted.tick(1, true, over_ms)[..], [TableEvent::TimedOut { .. }, ..]));
    }

    #[test]
    fn a_long_hand_is_read_in_few_records_and_told_whole_also_for_a_while_after_its_end() {
        let mut now_ms = 10_000;
        let mut journaled = playing(now_ms);
        assert_eq!(journaled.records.len(), 1, "a hand begins with a snapshot");
        let mut longest = 0;
        for _ in 0..3 * MAX_TAIL {
            journaled.write(said(), now_ms);
            longest = longest.max(journaled.records.len());
        }
        assert_eq!(longest, MAX_TAIL, "the snapshot included");
        for _ in 0..1_000 {
            journaled.write(said(), now_ms);
            longest = longest.max(journaled.records.len());
        }
        assert!((2 * MAX_TAIL..=1_200 / RETOLD).contains(&longest), "{longest} records are read");
        while journaled.hosted.table.is_playing() {
            now_ms += 2_000;
            let events = journaled.hosted.table.tick(now_ms, || Seed([4; 32]));
            journaled.write(events, now_ms);
        }
        for _ in 0..2 * MAX_BETWEEN {
            journaled.write(said(), now_ms);
        }
        let mut snapshot =
            codec::decode::<TableRecord>(&journaled.records[0].payload).unwrap().state.unwrap();
        assert!(snapshot.take_told().is_empty(), "the hand is long over");
    }
}
