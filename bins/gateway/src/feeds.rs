//! Tables that somebody on this node watches: one subscription per table, whoever many watch it.
//!
//! What always holds: a viewer gets each event once, in order. It joins before its snapshot is asked for, so nothing
//! falls between the two; whenever a number is missing, or the bus says that messages may have been lost, the table is
//! asked for what came after the last event seen, once for all viewers.
//! There is no task per table: a few tasks take the messages of all subscriptions.

mod pump;
mod table;

use crate::{ask::Asker, connections::Connections, outbox::Outbox};
use bus::{Bus, BusError, Subscription};
use pump::Pump;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use table::TableFeed;
use tokio::sync::{OnceCell, mpsc, oneshot};
use wire::{CommandId, TableId, client::ServerMessage, subject, table::Resync};

/// Tasks that take messages; each has its own tables.
const SHARDS: u64 = 4;

/// See the module.
pub(crate) struct Feeds {
    shards: Vec<Arc<Shard>>,
    bus: Bus,
    /// Tells one subscription of a table from a later one.
    generations: AtomicU64,
}

/// A part of the tables.
pub(super) struct Shard {
    tables: Mutex<HashMap<TableId, TableFeed>>,
    opened: mpsc::UnboundedSender<Opened>,
    to_repair: mpsc::UnboundedSender<TableId>,
}

/// A subscription on its way to its task.
pub(super) struct Opened {
    table: TableId,
    generation: u64,
    subscription: Subscription,
    /// Resolves when nobody watches any more.
    stop: oneshot::Receiver<()>,
}

/// How a viewer joined.
#[derive(Debug)]
pub(crate) struct Joined {
    /// Number of the last event that it has seen, when it was watching already.
    pub(crate) before: Option<u64>,
}

impl Feeds {
    /// Starts the tasks.
    pub(crate) fn start(bus: &Bus, asker: &Asker, connections: &Arc<Connections>) -> Self {
        let shards = (0..SHARDS).map(|_| {
            let (opened, to_open) = mpsc::unbounded_channel();
            let (to_repair, repairs) = mpsc::unbounded_channel();
            let shard = Arc::new(Shard { tables: Mutex::default(), opened, to_repair });
            let connections = Arc::clone(connections);
            let pump = Pump::new(Arc::clone(&shard), to_open, repairs, asker.clone(), connections);
            tokio::spawn(pump.run(bus.gaps()));
            shard
        });
        Self { shards: shards.collect(), bus: bus.clone(), generations: AtomicU64::new(0) }
    }

    fn shard(&self, table: TableId) -> &Arc<Shard> {
        let number = usize::try_from(table.0 % SHARDS).unwrap_or_default();
        &self.shards[number]
    }

    /// Begins to watch: what happens from now on is held for the viewer until [`Feeds::caught_up`].
    ///
    /// # Errors
    /// When the subscription cannot be made; the viewer is not watching then.
    pub(crate) async fn join(
        &self,
        table: TableId,
        viewer: u64,
        outbox: &Arc<Outbox>,
    ) -> Result<Joined, BusError> {
        let shard = self.shard(table);
        let (before, generation, ready) = {
            let mut tables = shard.lock();
            let feed = tables
                .entry(table)
                .or_insert_with(|| TableFeed::new(self.generations.fetch_add(1, Ordering::Relaxed)));
            (feed.join(viewer, outbox), feed.generation(), feed.ready())
        };
        let subscribed = ready.get_or_try_init(|| self.subscribe(shard, table, generation)).await;
        if let Err(error) = subscribed {
            self.leave(table, viewer);
            return Err(error);
        }
        Ok(Joined { before })
    }

    async fn subscribe(&self, shard: &Shard, table: TableId, generation: u64) -> Result<(), BusError> {
        let subscription = self.bus.subscribe(subject::table_feed(table)).await?;
        let (running, stop) = oneshot::channel();
        if let Some(feed) = shard.lock().get_mut(&table).filter(|feed| feed.generation() == generation) {
            feed.runs(running);
        }
        // When everybody has left meanwhile, `running` is gone and the subscription ends at once.
        let opened = Opened { table, generation, subscription, stop };
        if shard.opened.send(opened).is_err() {
            tracing::error!(%table, "the task that takes messages is gone");
        }
        Ok(())
    }

    /// Gives the viewer its snapshot, as the answer to `re` or unasked, and what came after it.
    pub(crate) fn caught_up(&self, table: TableId, viewer: u64, resync: Resync, re: Option<CommandId>) {
        let shard = self.shard(table);
        let mut tables = shard.lock();
        let Some(feed) = tables.get_mut(&table) else { return };
        let closed = resync.view.closed;
        let seen = resync.view.event_no;
        let Resync { view, events, cards } = resync;
        let answer = ServerMessage::Table { view: Box::new(view), events, cards };
        let gapped = feed.caught_up(viewer, seen, re, answer);
        if closed && feed.leave(viewer) {
            tables.remove(&table);
        } else if gapped {
            shard.repair(table);
        }
    }

    /// The viewer's snapshot did not come: it goes on where it was. Whether it still watches.
    pub(crate) fn give_up(&self, table: TableId, viewer: u64) -> bool {
        let shard = self.shard(table);
        let mut tables = shard.lock();
        let Some(feed) = tables.get_mut(&table) else { return false };
        match feed.give_up(viewer) {
            Some(gapped) => {
                if gapped {
                    shard.repair(table);
                }
                true
            }
            None => {
                if feed.leave(viewer) {
                    tables.remove(&table);
                }
                false
            }
        }
    }

    /// Whether everything that the table says from now on is heard, for this viewer too.
    pub(crate) fn hears(&self, table: TableId, viewer: u64) -> bool {
        self.shard(table).lock().get(&table).is_some_and(|feed| feed.is_ready() && feed.has(viewer))
    }

    /// Whether the viewer watches: nobody does once a table is closed.
    pub(crate) fn is_watched_by(&self, table: TableId, viewer: u64) -> bool {
        self.shard(table).lock().get(&table).is_some_and(|feed| feed.has(viewer))
    }

    /// Watches no longer.
    pub(crate) fn leave(&self, table: TableId, viewer: u64) {
        let mut tables = self.shard(table).lock();
        if tables.get_mut(&table).is_some_and(|feed| feed.leave(viewer)) {
            tables.remove(&table);
        }
    }
}

impl Shard {
    fn lock(&self) -> MutexGuard<'_, HashMap<TableId, TableFeed>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn repair(&self, table: TableId) {
        // The receiver lives as long as the node.
        let _ = self.to_repair.send(table);
    }
}

/// Made once per table: the subscription is there.
type Ready = Arc<OnceCell<()>>;
