//! The one task that owns a partition's tables. It alone touches them, so there are no locks: commands, the clock,
//! written records and answers from outside come in one after the other; records of different tables are written side by side.

use crate::{
    feed,
    hosted::{Hosted, Waiting, What, Writing, refuse, respond},
    outside::{self, Key, Outcome},
    recovery::{self, Loaded},
    shared::Shared,
};
use bus::{AppendError, Bus, Cursor, Journal, Request};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use poker::table::{self, Table};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::oneshot;
use wire::{
    Epoch, Refusal, TableId, TournamentId, codec,
    event::{HandEvent, Seed, TableEvent},
    journal::Cause,
    subject,
    table::{Purpose, TableCommand, TableRequest},
    tournament::Instruction,
};

/// What a partition's task works with.
#[derive(Clone)]
pub struct Means {
    pub bus: Bus,
    pub journal: Journal,
    pub shared: Arc<Shared>,
    pub partition: u16,
    pub epoch: Epoch,
}

type Written = (TableId, Result<Cursor, AppendError>);
type Returned = (TableId, Key, Outcome);

struct Partition {
    means: Means,
    tables: HashMap<TableId, Hosted>,
    wake_ups: BinaryHeap<Reverse<(u64, TableId)>>,
    writes: FuturesUnordered<BoxFuture<'static, Written>>,
    effects: FuturesUnordered<BoxFuture<'static, Returned>>,
}

/// How a partition's task is told to hand over; it answers when it has finished.
pub type Release = oneshot::Receiver<oneshot::Sender<()>>;

/// Runs a partition until `release` fires (then everything in flight is finished first) or its sender is dropped (then it ends at once).
///
/// # Errors
/// When the partition's journals cannot be read or its subject cannot be listened to.
pub async fn run(means: Means, release: &mut Release) -> anyhow::Result<()> {
    let loaded = recovery::load_partition(&means.journal, means.partition).await?;
    let mut requests = means
        .bus
        .serve(subject::table_commands(means.partition), None)
        .await?;
    let mut partition = Partition {
        means,
        tables: HashMap::new(),
        wake_ups: BinaryHeap::new(),
        writes: FuturesUnordered::new(),
        effects: FuturesUnordered::new(),
    };
    for table in loaded {
        partition.adopt(table).await?;
    }
    let released = loop {
        let wake_up = partition.next_wake_up();
        tokio::select! {
            released = &mut *release => break released,
            Some(request) = requests.next() => partition.request(request).await,
            Some((table, cursor)) = partition.writes.next() => partition.written(table, cursor).await?,
            Some((table, key, outcome)) = partition.effects.next() => {
                partition.returned(table, key, outcome).await;
            }
            () = tokio::time::sleep(wake_up) => partition.wake().await,
        }
    };
    drop(requests);
    if let Ok(done) = released {
        partition.finish_writing().await;
        let _ = done.send(());
    }
    Ok(())
}

impl Drop for Partition {
    /// However the task ends, its tables are no longer this worker's.
    fn drop(&mut self) {
        self.tables
            .keys()
            .for_each(|&table| self.means.shared.forget(table));
    }
}

impl Partition {
    /// Takes a recovered table over: repeats its last events for those who may have missed them, and gives the player whose turn
    /// it is their time back.
    async fn adopt(&mut self, loaded: Loaded) -> anyhow::Result<()> {
        if loaded.epoch() > self.means.epoch {
            anyhow::bail!("partition {} has a newer owner", self.means.partition);
        }
        let Loaded { mut hosted, last } = loaded;
        let id = hosted.table.id();
        if !hosted.table.is_closed() {
            let public = feed::public(&last.events);
            feed::publish(&self.means.bus, &hosted.table, &last.events, public).await;
            let resumed = What::Events(Box::new(|table: &Table| table.resume(now_ms())));
            let waiting = Waiting {
                cause: None,
                what: resumed,
                request: None,
            };
            // A table that was just loaded has nothing waiting.
            let _ = hosted.enqueue(waiting);
        }
        self.means.shared.update(&hosted.table);
        self.tables.insert(id, hosted);
        self.start_effects(id);
        self.go_on(id).await;
        Ok(())
    }

    fn next_wake_up(&self) -> Duration {
        const IDLE: Duration = Duration::from_secs(3_600);
        self.wake_ups.peek().map_or(IDLE, |Reverse((at_ms, _))| {
            Duration::from_millis(at_ms.saturating_sub(now_ms()))
        })
    }

    async fn wake(&mut self) {
        let now = now_ms();
        while let Some(&Reverse((at_ms, table))) = self.wake_ups.peek() {
            if at_ms > now {
                break;
            }
            self.wake_ups.pop();
            if let Some(hosted) = self.tables.get_mut(&table)
                && hosted.armed_ms == Some(at_ms)
            {
                hosted.armed_ms = None;
                self.go_on(table).await;
            }
        }
    }

    async fn request(&mut self, request: Request) {
        let TableRequest {
            table,
            id,
            player,
            command,
        } = match request.decode() {
            Ok(decoded) => decoded,
            Err(error) => {
                tracing::warn!(%error, "a table request cannot be read");
                return refuse(Some(&request), Refusal::bad_message(error.to_string())).await;
            }
        };
        if let TableCommand::Create { config, bots } = &command
            && !self.tables.contains_key(&table)
        {
            match table::create(table, config, bots) {
                Ok(_) => {
                    self.tables
                        .insert(table, recovery::unborn(Table::new(table, config.clone())));
                }
                Err(refusal) => return refuse(Some(&request), refusal).await,
            }
        }
        let Some(hosted) = self.tables.get_mut(&table) else {
            return refuse(Some(&request), Refusal::NoSuchTable).await;
        };
        if let TableCommand::Resync { since } = command {
            return respond(&request, &hosted.resync(since, player)).await;
        }
        let cause = Some(Cause { player, id });
        let waiting = Waiting {
            cause,
            what: What::Command(command),
            request: Some(request),
        };
        match hosted.enqueue(waiting) {
            Ok(()) => self.go_on(table).await,
            Err(request) => refuse(request.as_ref(), Refusal::unavailable("table")).await,
        }
    }

    /// Does what can be done at a table now: the next waiting command, else what the clock says, else the bot's question.
    async fn go_on(&mut self, id: TableId) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        while hosted.writing.is_none() {
            let now = now_ms();
            let (decided, mut waiting) = match hosted.waiting.pop_front() {
                Some(waiting) => (
                    decide(&hosted.table, &hosted.cursor, &waiting, now),
                    Some(waiting),
                ),
                None => (Ok(hosted.table.tick(now, random_seed)), None),
            };
            let cause = waiting.as_ref().and_then(|waiting| waiting.cause);
            let request = waiting.as_mut().and_then(|waiting| waiting.request.take());
            match decided {
                Ok(events) if events.is_empty() => match waiting {
                    Some(_) => hosted.answer(cause, request).await,
                    None => break,
                },
                Ok(events) => {
                    let record = hosted.record(cause, events, self.means.epoch, now);
                    match codec::encode(&record) {
                        Ok(bytes) => {
                            let (journal, cursor) =
                                (self.means.journal.clone(), hosted.cursor.clone());
                            let snapshot = record.state.is_some();
                            self.writes.push(Box::pin(async move {
                                (id, journal.append(&cursor, bytes.into(), snapshot).await)
                            }));
                            hosted.writing = Some(Writing {
                                record,
                                request,
                                waiting,
                            });
                        }
                        Err(error) => {
                            tracing::error!(%error, table = %id, "a record cannot be encoded")
                        }
                    }
                }
                Err(refusal) => refuse(request.as_ref(), refusal).await,
            }
        }
        if hosted.writing.is_none()
            && let Some(ask) = hosted.due_bot_ask(now_ms())
            && let Err(error) = self
                .means
                .bus
                .publish(subject::BOT_ASK.to_owned(), ask.into())
                .await
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

    async fn written(
        &mut self,
        id: TableId,
        cursor: Result<Cursor, AppendError>,
    ) -> anyhow::Result<()> {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return Ok(());
        };
        let Some(Writing {
            record,
            request,
            waiting,
            ..
        }) = hosted.writing.take()
        else {
            return Ok(());
        };
        match cursor {
            Ok(cursor) => {
                let cause = record.cause;
                let events = hosted.applied(record, cursor);
                self.tell(id, &events, cause, request).await;
            }
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
    async fn tell(
        &mut self,
        id: TableId,
        events: &[TableEvent],
        cause: Option<Cause>,
        request: Option<Request>,
    ) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        let public = feed::public(events);
        hosted.history.remember(&public, hosted.table.event_no());
        hosted.answer(cause, request).await;
        hosted.answer_paid().await;
        feed::publish(&self.means.bus, &hosted.table, events, public).await;
        count(&self.means.shared, events);
        if events.iter().any(changes_index) {
            self.means.shared.update(&hosted.table);
        }
        self.start_effects(id);
    }

    fn start_effects(&mut self, id: TableId) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        let tournament = tournament_of(&hosted.table);
        for effect in hosted.table.effects() {
            let key = outside::key(&effect);
            if hosted.running.insert(key.clone()) {
                let bus = self.means.bus.clone();
                self.effects.push(Box::pin(async move {
                    (
                        id,
                        key,
                        outside::carry_out(bus, id, tournament, effect).await,
                    )
                }));
            }
        }
    }

    async fn returned(&mut self, id: TableId, key: Key, outcome: Outcome) {
        let Some(hosted) = self.tables.get_mut(&id) else {
            return;
        };
        let what = match outcome {
            Outcome::Arrived { posting, refusal } => {
                What::Events(Box::new(move |table: &Table| {
                    table.money_arrived(&posting, refusal.as_ref())
                }))
            }
            Outcome::PaidBack(posting) => {
                What::Events(Box::new(move |table: &Table| table.paid_back(&posting)))
            }
            Outcome::Instruction(instruction) => What::Events(instructed(id, instruction)),
            // The key stays, so that the same thing is not asked again.
            Outcome::Confirmed(_) | Outcome::Ignored => return,
        };
        hosted.running.remove(&key);
        // What comes back from outside is the fleet's own and always finds a place.
        hosted.waiting.push_back(Waiting {
            cause: None,
            what,
            request: None,
        });
        self.go_on(id).await;
    }

    /// Somebody else wrote to the journal: take the table from there and decide again.
    async fn reload(
        &mut self,
        id: TableId,
        waiting: Option<Waiting>,
        request: Option<Request>,
    ) -> anyhow::Result<()> {
        let Some(Loaded {
            hosted: fresh,
            last,
        }) = recovery::load_table(&self.means.journal, id).await?
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
        let mut hosted = Hosted {
            waiting: stale.waiting,
            running: stale.running,
            ..fresh
        };
        if let Some(waiting) = waiting {
            hosted.waiting.push_front(Waiting { request, ..waiting });
        }
        self.means.shared.update(&hosted.table);
        self.tables.insert(id, hosted);
        self.start_effects(id);
        Ok(())
    }

    /// Before the partition is handed over: what is being written is finished and told, nothing new is begun.
    async fn finish_writing(&mut self) {
        while let Some((id, cursor)) = self.writes.next().await {
            let Some(hosted) = self.tables.get_mut(&id) else {
                continue;
            };
            if let (Some(writing), Ok(cursor)) = (hosted.writing.take(), cursor) {
                let cause = writing.record.cause;
                let events = hosted.applied(writing.record, cursor);
                self.tell(id, &events, cause, writing.request).await;
            }
        }
        self.means.bus.flush().await;
    }
}

fn decide(
    table: &Table,
    cursor: &Cursor,
    waiting: &Waiting,
    now_ms: u64,
) -> Result<Vec<TableEvent>, Refusal> {
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

fn instructed(
    id: TableId,
    instruction: Instruction,
) -> Box<dyn Fn(&Table) -> Vec<TableEvent> + Send> {
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

fn random_seed() -> Seed {
    let mut bytes = [0; 32];
    // The operating system's generator does not fail once it is seeded; a predictable deck is worse than a stop.
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the operating system gives no random numbers");
        std::process::abort();
    }
    Seed(bytes)
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
