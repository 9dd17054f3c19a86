//! Tables that somebody on this gateway watches.
//!
//! What always holds: a viewer gets each event once, in order. It joins before its snapshot is asked for, so nothing
//! falls between the two; whenever a number is missing, or the bus says that messages may have been lost, the table is
//! asked for what came after the last event seen, once for all viewers.
//! There is no task and no subscription per table: one task hears what all tables have to tell.

mod batch;
mod news;
mod pump;
mod table;

use crate::{connections::Connections, fleet_client::FleetClient, outbox::Outbox};
use bus::{Bus, BusError};
use pump::Pump;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use table::TableFeed;
use tokio::sync::mpsc;
use wire::{CommandId, TableId, client::ServerMessage, subject, table::Resync};

/// See the module.
pub(crate) struct Feeds {
    watched: Arc<Watched>,
    to_repair: mpsc::UnboundedSender<TableId>,
}

/// The tables.
#[derive(Default)]
struct Watched(Mutex<HashMap<TableId, TableFeed>>);

impl Feeds {
    /// Listens, and starts the task.
    ///
    /// # Errors
    /// When the connection is closed for good.
    pub(crate) async fn start(
        bus: &Bus,
        fleet: &FleetClient,
        connections: &Arc<Connections>,
    ) -> Result<Self, BusError> {
        // First: what is lost from now on is told.
        let gaps = bus.gaps();
        let news = bus.subscribe(subject::TABLE_FEED.to_owned()).await?;
        let (to_repair, repairs) = mpsc::unbounded_channel();
        let watched = Arc::new(Watched::default());
        let pump =
            Pump::new(Arc::clone(&watched), repairs, bus.clone(), fleet.clone(), Arc::clone(connections));
        tokio::spawn(pump.run(news, gaps));
        Ok(Self { watched, to_repair })
    }

    /// Begins to watch: what happens from now on is held for the viewer until [`Feeds::caught_up`]. Number of the last event that
    /// it has seen, when it was watching already.
    pub(crate) fn join(&self, table: TableId, viewer: u64, outbox: &Arc<Outbox>) -> Option<u64> {
        self.watched.lock().entry(table).or_default().join(viewer, outbox)
    }

    /// Gives the viewer its snapshot, as the answer to `re` or unasked, and what came after it.
    pub(crate) fn caught_up(&self, table: TableId, viewer: u64, resync: Resync, re: Option<CommandId>) {
        let mut tables = self.watched.lock();
        let Some(feed) = tables.get_mut(&table) else { return };
        let closed = resync.view.closed;
        let seen = resync.view.event_no;
        let Resync { view, events, cards } = resync;
        let answer = ServerMessage::Table { view: Box::new(view), events, cards };
        let gapped = feed.caught_up(viewer, seen, re, answer);
        if closed && feed.leave(viewer) {
            tables.remove(&table);
        } else if gapped {
            self.repair(table);
        }
    }

    /// The viewer's snapshot did not come: it goes on where it was. Whether it still watches.
    pub(crate) fn give_up(&self, table: TableId, viewer: u64) -> bool {
        let mut tables = self.watched.lock();
        let Some(feed) = tables.get_mut(&table) else { return false };
        match feed.give_up(viewer) {
            Some(gapped) => {
                if gapped {
                    self.repair(table);
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

    /// Whether the viewer watches: nobody does once a table is closed.
    pub(crate) fn is_watched_by(&self, table: TableId, viewer: u64) -> bool {
        self.watched.lock().get(&table).is_some_and(|feed| feed.has(viewer))
    }

    /// Watches no longer.
    pub(crate) fn leave(&self, table: TableId, viewer: u64) {
        let mut tables = self.watched.lock();
        if tables.get_mut(&table).is_some_and(|feed| feed.leave(viewer)) {
            tables.remove(&table);
        }
    }

    fn repair(&self, table: TableId) {
        // The receiver lives as long as the gateway.
        let _ = self.to_repair.send(table);
    }
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, HashMap<TableId, TableFeed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
