//! From a decision to its consequences: what is waiting is decided, written, and told once it is durable.

use crate::{
    feed,
    hosted::Hosted,
    outside::{self, Key, Outcome},
    partition::{FENCE, Partition},
    queue::{Consequence, Waiting, What, Writing, refuse},
    recovery::{self, Loaded},
    shared::Shared,
    source::now_ms,
};
use bus::{AppendError, Cursor, Journal, Request};
use futures::StreamExt;
use poker::table::{self, Table};
use std::{cmp::Reverse, sync::atomic::Ordering::Relaxed};
use wire::{
    Refusal, TableId, TournamentId, codec,
    event::{HandEvent, TableEvent},
    journal::Cause,
    subject,
    table::{Purpose, TableCommand},
    tournament::Instruction,
};

impl Partition {
    /// Does what can be done at a table now: the next waiting command, else what the clock says, else the bot's question.
    pub(crate) async fn go_on(&mut self, id: TableId) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        while hosted.writing.is_none() {
            let now = now_ms();
            let (decided, mut waiting) = match hosted.waiting.pop_front() {
                Some(waiting) => (decide(hosted, &waiting, now), Some(waiting)),
                None => {
                    let journal = &self.means.journal;
                    (Ok(hosted.tick(journal.outages(), journal.is_well(), now)), None)
                }
            };
            let cause = waiting.as_ref().and_then(|waiting| waiting.cause);
            let may_be_behind = !hosted.written && self.since.elapsed() <= FENCE;
            waiting = match waiting {
                // The answer would have no record behind it.
                Some(waiting) if may_be_behind && waiting.is_to_be_checked() && is_bare(&decided) => {
                    let (journal, cursor) = (self.means.journal.clone(), hosted.cursor.clone());
                    self.writes.push(Box::pin(async move { (id, journal.check(&cursor).await) }));
                    hosted.writing = Some(Writing::check(waiting));
                    break;
                }
                waiting => waiting,
            };
            let request = waiting.as_mut().and_then(|waiting| waiting.request.take());
            match decided {
                Ok(events) if events.is_empty() => match waiting {
                    Some(_) if self.means.tenure.is_certain() => hosted.answer(cause, request).await,
                    Some(_) => refuse(request.as_ref(), Refusal::unavailable("table")).await,
                    None => break,
                },
                Ok(events) => {
                    let record = hosted.record(cause, events, self.means.epoch, now);
                    match codec::encode(&record) {
                        Ok(bytes) => {
                            let (journal, cursor) = (self.means.journal.clone(), hosted.cursor.clone());
                            let snapshot = record.state.is_some();
                            let patient = !hosted.is_for_now_only(&record.events, now);
                            self.writes.push(Box::pin(async move {
                                (id, store(&journal, &cursor, bytes, snapshot, patient).await)
                            }));
                            hosted.writing = Some(Writing::new(record, request, waiting));
                        }
                        Err(error) => {
                            tracing::error!(%error, table = %id, "a record cannot be encoded")
                        }
                    }
                }
                Err(refusal) => {
                    let refusal = self.means.sure(refusal);
                    if let Some(cause) = cause {
                        hosted.refused(cause, &refusal);
                    }
                    refuse(request.as_ref(), refusal).await;
                }
            }
        }
        if hosted.writing.is_none()
            && let Some(ask) = hosted.due_bot_ask(now_ms())
            // While the server is away, asks would only queue up.
            && self.means.bus.is_connected()
            && let Err(error) = self.means.bus.publish(subject::BOT_ASK.to_owned(), ask.into()).await
        {
            tracing::debug!(%error, "a bot was not asked; it will be asked again");
        }
        self.arm(id);
    }

    /// Makes sure that the table is looked at when its next time comes.
    fn arm(&mut self, id: TableId) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        if hosted.writing.is_some() {
            // What was written decides when to wake up.
            return;
        }
        if let Some(at_ms) = hosted.next_wake_ms()
            && hosted.armed_ms.is_none_or(|armed| at_ms < armed)
        {
            hosted.armed_ms = Some(at_ms);
            self.wake_ups.push(Reverse((at_ms, id)));
        }
    }

    pub(crate) async fn written(
        &mut self,
        id: TableId,
        cursor: Result<Cursor, AppendError>,
    ) -> anyhow::Result<()> {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return Ok(());
        };
        let Some(Writing { record, request, waiting, since }) = hosted.writing.take() else {
            return Ok(());
        };
        let Some(record) = record else {
            match cursor {
                Err(AppendError::Conflict { .. }) => self.reload(id, waiting, None).await?,
                Err(error) => {
                    tracing::debug!(table = %id, %error, "it is not known whether the owner before wrote more");
                    let request = waiting.and_then(|waiting| waiting.request);
                    refuse(request.as_ref(), Refusal::unavailable("journal")).await;
                }
                Ok(_) => {
                    if let Some(waiting) = waiting {
                        hosted.waiting.push_front(waiting);
                    }
                }
            }
            self.go_on(id).await;
            return Ok(());
        };
        match cursor {
            Ok(cursor) => {
                let cause = record.cause;
                let events = hosted.applied(record, cursor);
                hosted.stored_since(since);
                let on_feed = waiting.is_some_and(|waiting| waiting.on_feed);
                self.tell(id, &events, Told { cause, request, on_feed }).await;
            }
            // Somebody's time has run out in an outage: that is decided anew.
            Err(AppendError::NotNow { .. }) => hosted.not_stored(),
            Err(AppendError::Conflict { .. }) => self.reload(id, waiting, request).await?,
            Err(error) => {
                tracing::error!(table = %id, %error, "a record was not written");
                refuse(request.as_ref(), Refusal::unavailable("journal")).await;
            }
        }
        self.go_on(id).await;
        Ok(())
    }

    /// A record is durable: now, and only now, the world may know.
    async fn tell(&mut self, id: TableId, events: &[TableEvent], Told { cause, request, on_feed }: Told) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        let public = feed::public(events);
        hosted.history.remember(&public, hosted.table.event_no());
        let rides =
            on_feed && !public.is_empty() && cause.is_some_and(|cause| hosted.is_told_by_events(cause));
        let (riding, by_itself) = if rides { (request, None) } else { (None, request) };
        hosted.answer(cause, by_itself).await;
        hosted.answer_paid().await;
        self.means.feed.publish(&hosted.table, events, public, riding.as_ref()).await;
        count(&self.means.shared, events);
        if events.iter().any(changes_index) {
            self.means.shared.update(&hosted.table);
        }
        self.start_effects(id);
    }

    pub(crate) fn start_effects(&mut self, id: TableId) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        let tournament = tournament_of(&hosted.table);
        for effect in hosted.table.effects() {
            let key = outside::key(&effect);
            if hosted.running.insert(key.clone()) {
                let bus = self.means.bus.clone();
                self.effects.push(Box::pin(async move {
                    (id, key, outside::carry_out(bus, id, tournament, effect).await)
                }));
            }
        }
    }

    pub(crate) async fn returned(&mut self, id: TableId, key: Key, outcome: Outcome) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        let what = match outcome {
            Outcome::Arrived { posting, refusal } => {
                What::Events(Box::new(move |table: &Table| table.money_arrived(&posting, refusal.as_ref())))
            }
            Outcome::PaidBack(posting) => {
                What::Events(Box::new(move |table: &Table| table.paid_back(&posting)))
            }
            Outcome::Instruction(instruction) => What::Events(instructed(id, instruction)),
            // The key stays, so that the same thing is not asked again.
            Outcome::Heard => return,
        };
        hosted.running.remove(&key);
        // What comes back from outside is the fleet's own and always finds a place.
        hosted.waiting.push_back(Waiting::own(what));
        self.go_on(id).await;
    }

    /// Somebody else wrote to the journal: take the table from there and decide again.
    async fn reload(
        &mut self,
        id: TableId,
        waiting: Option<Waiting>,
        request: Option<Request>,
    ) -> anyhow::Result<()> {
        let Some(Loaded { hosted: fresh, last }) = recovery::load_table(&self.means.journal, id).await?
        else {
            self.tables.remove(&id);
            return Ok(());
        };
        if last.epoch > self.means.epoch {
            anyhow::bail!("partition {} has a newer owner", self.means.partition);
        }
        let Some(stale) = self.tables.remove(&id) else {
            return Ok(());
        };
        let mut hosted = Box::new(stale.reloaded(*fresh));
        if let Some(waiting) = waiting {
            let request = request.or(waiting.request);
            hosted.waiting.push_front(Waiting { request, ..waiting });
        }
        self.means.shared.update(&hosted.table);
        self.tables.insert(id, hosted);
        self.start_effects(id);
        Ok(())
    }

    /// Before the partition is handed over: what is being written is finished and told, nothing new is begun. Who still waits
    /// for an answer asks again at once, and the next owner knows what to say.
    pub(crate) async fn finish_writing(&mut self) {
        while let Some((id, cursor)) = self.writes.next().await {
            let Some(hosted) = self.tables.get_mut(&id) else {
                continue;
            };
            let Some(Writing { record, request, waiting, .. }) = hosted.writing.take() else {
                continue;
            };
            match (record, cursor) {
                (Some(record), Ok(cursor)) => {
                    let cause = record.cause;
                    let events = hosted.applied(record, cursor);
                    let on_feed = waiting.is_some_and(|waiting| waiting.on_feed);
                    self.tell(id, &events, Told { cause, request, on_feed }).await;
                }
                (None, _) => hosted.waiting.extend(waiting),
                (Some(_), Err(_)) => {}
            }
        }
        for hosted in self.tables.values_mut() {
            hosted.send_away().await;
        }
        self.means.bus.flush().await;
    }
}

/// Whose command led to a record, who wants an answer, and whether the answer may ride on the feed.
struct Told {
    cause: Option<Cause>,
    request: Option<Request>,
    on_feed: bool,
}

/// Stores a record. Without patience it is given up after the first attempt.
async fn store(
    journal: &Journal,
    cursor: &Cursor,
    bytes: Vec<u8>,
    snapshot: bool,
    patient: bool,
) -> Result<Cursor, AppendError> {
    if patient {
        journal.append(cursor, bytes.into(), snapshot).await
    } else {
        journal.try_append(cursor, bytes.into(), snapshot).await
    }
}

fn decide(hosted: &Hosted, waiting: &Waiting, now_ms: u64) -> Result<Vec<TableEvent>, Refusal> {
    let Hosted { table, cursor, .. } = hosted;
    if let Some(refusal) = waiting.cause.and_then(|cause| hosted.refusal(cause)) {
        return Err(refusal.clone());
    }
    match (&waiting.what, waiting.cause) {
        (What::Command(TableCommand::Create { config, bots }), _) if cursor.last == 0 => {
            table::create(table.id(), config, bots)
        }
        (What::Command(_), _) if cursor.last == 0 => Err(Refusal::NoSuchTable),
        (What::Command(command), Some(cause)) => table.decide(cause, command, now_ms),
        (What::Command(_), None) => Ok(Vec::new()),
        (What::Events(events), _) => Ok(events(table)),
    }
}

/// Whether nothing is written.
fn is_bare(decided: &Result<Vec<TableEvent>, Refusal>) -> bool {
    match decided {
        Ok(events) => events.is_empty(),
        Err(refusal) => !refusal.is_transient(),
    }
}

fn instructed(id: TableId, instruction: Instruction) -> Consequence {
    Box::new(move |table| match table.instruct(&instruction, now_ms()) {
        Ok(events) => events,
        Err(refusal) => {
            tracing::error!(table = %id, number = instruction.number, %refusal, "an instruction does not fit the table");
            Vec::new()
        }
    })
}

fn tournament_of(table: &Table) -> Option<TournamentId> {
    match table.config().purpose {
        Purpose::Tournament { tournament } => Some(tournament),
        Purpose::Cash { .. } => None,
    }
}

fn count(shared: &Shared, events: &[TableEvent]) {
    for event in events {
        match event {
            TableEvent::HandEnded { .. } => shared.hands.fetch_add(1, Relaxed),
            TableEvent::Hand(HandEvent::Acted { .. }) => shared.actions.fetch_add(1, Relaxed),
            _ => continue,
        };
    }
}

const fn changes_index(event: &TableEvent) -> bool {
    matches!(
        event,
        TableEvent::Created { .. }
            | TableEvent::SeatReserved { .. }
            | TableEvent::BuyInRefused { .. }
            | TableEvent::Seated { .. }
            | TableEvent::Unseated { .. }
            | TableEvent::HandEnded { .. }
            | TableEvent::Closed
    )
}
