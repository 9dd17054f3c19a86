//! The one task that owns a partition's tables. It alone touches them, so there are no locks: commands, the clock,
//! written records and answers from outside come in one after the other; records of different tables are written side by side.

use crate::{
    feed::{self, Feed},
    hosted::Hosted,
    outside::{Key, Outcome},
    queue::{Waiting, What, refuse, respond},
    recovery::{self, Loaded},
    shared::Shared,
    source::now_ms,
    unread::Unread,
};
use bus::{AppendError, Bus, Cursor, Journal, Request, Requests, Tenure};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use poker::table::{self, Table};
use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    task::yield_now,
    time::{MissedTickBehavior, timeout},
};
use wire::{
    Epoch, Refusal, TableId,
    event::TableEvent,
    journal::Cause,
    subject,
    table::{TableCommand, TableReply, TableRequest},
};

/// For so long after a change of owner, what no record stands behind ("no such table" above all) is said only after looking into
/// the journal: the old owner may have written once more before it noticed.
pub(crate) const FENCE: Duration = Duration::from_secs(60);
/// How long a partition waits for the journal of a table that it does not know.
const LOOK: Duration = Duration::from_millis(500);

/// Requests, records and answers that a partition takes before the others, and this worker's signs of life, have their turn. By tokio's own
/// measure it takes about ten times as many: both workers of 27,000 tables in a closed loop then reported that they had stood still.
const MOST_AT_ONCE: usize = 4;

/// How often it is looked whether tables at rest are to renew their snapshots, and how many do at a time: a stream's tables
/// fall due together, and the others' records must not wait for them.
const RENEW: Duration = Duration::from_secs(1);
const RENEWED_AT_ONCE: usize = 4;

/// What a partition's task works with.
#[derive(Clone)]
pub struct Means {
    pub bus: Bus,
    pub feed: Feed,
    pub journal: Journal,
    pub shared: Arc<Shared>,
    pub partition: u16,
    pub epoch: Epoch,
    pub tenure: Tenure,
    /// Whether scripts are taken.
    pub scripted_decks: bool,
}

impl Means {
    /// The refusal, or that the table cannot be asked now: another owner may know better.
    pub fn sure(&self, refusal: Refusal) -> Refusal {
        if self.tenure.is_certain() { refusal } else { Refusal::unavailable("table") }
    }
}

type Written = (TableId, Result<Cursor, AppendError>);
type Returned = (TableId, Key, Outcome);

/// A partition's tables and everything under way for them.
pub struct Partition {
    pub means: Means,
    /// Since when it is owned here.
    pub since: Instant,
    pub unread: Unread,
    /// Boxed: they are large, and the map moves as it grows.
    pub tables: HashMap<TableId, Box<Hosted>>,
    pub wake_ups: BinaryHeap<Reverse<(u64, TableId)>>,
    pub writes: FuturesUnordered<BoxFuture<'static, Written>>,
    pub effects: FuturesUnordered<BoxFuture<'static, Returned>>,
}

/// Runs a partition until it is released; then everything in flight is finished first, and what waits is sent elsewhere.
///
/// # Errors
/// When the partition's journals cannot be read or its subject cannot be listened to.
pub async fn run(means: Means) -> anyhow::Result<()> {
    let mut tenure = means.tenure.clone();
    let begun = tokio::select! {
        () = tenure.ends() => return Ok(()),
        begun = Partition::begin(means) => begun?,
    };
    let (mut partition, mut requests) = begun;
    let mut renewal = tokio::time::interval(RENEW);
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for turn in 1_usize.. {
        if turn.is_multiple_of(MOST_AT_ONCE) {
            yield_now().await;
        }
        let wake_up = partition.next_wake_up();
        tokio::select! {
            () = tenure.ends() => break,
            Some(request) = requests.next() => partition.request(request).await,
            read = partition.unread.next() => {
                let (loaded, requests) = read?;
                partition.read(loaded, requests).await?;
            }
            Some((table, cursor)) = partition.writes.next() => partition.written(table, cursor).await?,
            Some((table, key, outcome)) = partition.effects.next() => {
                partition.returned(table, key, outcome).await;
            }
            () = tokio::time::sleep(wake_up) => partition.wake().await,
            _ = renewal.tick() => partition.renew_snapshots().await,
        }
    }
    partition.unread.send_away().await;
    partition.finish_writing().await;
    requests.turn_away(TableReply::Refused(Refusal::unavailable("table")));
    Ok(())
}

impl Drop for Partition {
    /// However the task ends, its tables are no longer this worker's.
    fn drop(&mut self) {
        self.tables.keys().for_each(|&table| self.means.shared.forget(table));
        let under_way = self.tables.values().filter_map(|hosted| hosted.writing.as_ref());
        let records = under_way.filter(|writing| writing.record.is_some());
        if let Some(youngest) = records.map(|writing| writing.since.elapsed()).min() {
            let (partition, youngest_ms) = (self.means.partition, youngest.as_millis());
            tracing::warn!(
                partition,
                youngest_ms,
                "given up with records under way: the journal decides whether they count"
            );
        }
    }
}

impl Partition {
    /// A partition all of whose tables are still to be read, and the requests to it from now on.
    async fn begin(means: Means) -> anyhow::Result<(Self, Requests)> {
        let unread = Unread::of(&means.journal, means.partition).await?;
        let requests = means.bus.serve(subject::table_commands(means.partition), None).await?;
        let partition = Self {
            means,
            since: Instant::now(),
            unread,
            tables: HashMap::new(),
            wake_ups: BinaryHeap::new(),
            writes: FuturesUnordered::new(),
            effects: FuturesUnordered::new(),
        };
        Ok((partition, requests))
    }

    /// A table is read: it goes on, and what waited for it is seen to.
    async fn read(&mut self, loaded: Option<Loaded>, requests: Vec<Request>) -> anyhow::Result<()> {
        if let Some(loaded) = loaded {
            self.adopt(loaded).await?;
        }
        for request in requests {
            self.request(request).await;
        }
        Ok(())
    }

    /// Takes a recovered table over: repeats its last events for those who may have missed them, and gives the player whose turn
    /// it is their time back.
    async fn adopt(&mut self, loaded: Loaded) -> anyhow::Result<()> {
        if loaded.epoch() > self.means.epoch {
            anyhow::bail!("partition {} has a newer owner", self.means.partition);
        }
        let Loaded { mut hosted, last } = loaded;
        let id = hosted.table.id();
        hosted.clock_is_right(&self.means.journal);
        if !hosted.table.is_closed() {
            let public = feed::public(&last.events);
            self.means.feed.publish(&hosted.table, &last.events, public, None).await;
            let resumed = What::Events(Box::new(|table: &Table| table.resume(now_ms())));
            hosted.waiting.push_back(Waiting::own(resumed));
        }
        self.means.shared.update(&hosted.table);
        self.tables.insert(id, hosted);
        self.start_effects(id);
        self.go_on(id).await;
        Ok(())
    }

    fn next_wake_up(&self) -> Duration {
        const IDLE: Duration = Duration::from_secs(3_600);
        self.wake_ups
            .peek()
            .map_or(IDLE, |Reverse((at_ms, _))| Duration::from_millis(at_ms.saturating_sub(now_ms())))
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

    /// Has tables at rest store their state again, so that what comes before it may be trimmed.
    async fn renew_snapshots(&mut self) {
        let journal = &self.means.journal;
        let due = self.tables.iter().filter(|(_, hosted)| hosted.is_snapshot_due(journal));
        let due: Vec<TableId> = due.map(|(id, _)| *id).take(RENEWED_AT_ONCE).collect();
        for id in due {
            if let Some(hosted) = self.tables.get_mut(&id) {
                let renewed = What::Events(Box::new(|_: &Table| vec![TableEvent::SnapshotRenewed]));
                hosted.waiting.push_back(Waiting::own(renewed));
            }
            self.go_on(id).await;
        }
    }

    async fn request(&mut self, request: Request) {
        let TableRequest { table, id, player, command, on_feed } = match request.decode() {
            Ok(decoded) => decoded,
            Err(error) => {
                tracing::warn!(%error, "a table request cannot be read");
                return refuse(Some(&request), Refusal::bad_message(error.to_string())).await;
            }
        };
        let Some(request) = self.unread.ask(table, request).await else { return };
        let cause = Cause { player, id };
        if needs_scripts(&command) && !self.means.scripted_decks && !self.has_answered(table, cause) {
            return refuse(Some(&request), self.means.sure(Refusal::ScriptedDecksOff)).await;
        }
        if !self.tables.contains_key(&table)
            && let Err(refusal) = self.admit(table, &command).await
        {
            return refuse(Some(&request), self.means.sure(refusal)).await;
        }
        let Some(hosted) = self.tables.get_mut(&table) else {
            return refuse(Some(&request), self.means.sure(Refusal::NoSuchTable)).await;
        };
        if let TableCommand::Resync { since } = command {
            return respond(&request, &hosted.resync(since, player)).await;
        }
        if hosted.is_full() {
            return refuse(Some(&request), Refusal::unavailable("table")).await;
        }
        let (cause, request) = (Some(cause), Some(request));
        hosted.waiting.push_back(Waiting {
            cause,
            what: What::Command(command),
            request,
            on_feed,
            checked: false,
        });
        self.go_on(table).await;
    }

    /// Makes room for a table that is not known here: one that is to be created, or that the owner before created last.
    async fn admit(&mut self, id: TableId, command: &TableCommand) -> Result<(), Refusal> {
        if let TableCommand::Create { config, bots } = command {
            table::create(id, config, bots)?;
            // Nothing in the journal would keep a former owner from writing this.
            if !self.means.tenure.is_certain() {
                return Err(Refusal::unavailable("table"));
            }
            self.tables.insert(id, recovery::unborn(Table::new(id, config.clone())));
            return Ok(());
        }
        if self.since.elapsed() > FENCE {
            return Err(Refusal::NoSuchTable);
        }
        // The partition's other tables wait meanwhile.
        let looked = timeout(LOOK, recovery::load_table(&self.means.journal, id)).await;
        let found = match looked.map_err(anyhow::Error::from).flatten() {
            Ok(Some(loaded)) => self.adopt(loaded).await,
            Ok(None) => return Err(Refusal::NoSuchTable),
            Err(error) => Err(error),
        };
        found.map_err(|error| {
            tracing::warn!(table = %id, error = format!("{error:#}"), "a table cannot be taken over");
            Refusal::unavailable("table")
        })
    }

    /// Whether a command was carried out, here or by an owner before.
    fn has_answered(&self, table: TableId, cause: Cause) -> bool {
        self.tables.get(&table).is_some_and(|hosted| hosted.table.answer(cause).is_some())
    }
}

/// Whether only a worker that takes scripts may carry a command out.
const fn needs_scripts(command: &TableCommand) -> bool {
    match command {
        TableCommand::Create { config, .. } => config.scripted,
        TableCommand::Script(_) => true,
        _ => false,
    }
}
