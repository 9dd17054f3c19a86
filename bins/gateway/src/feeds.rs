//! The tables that are watched through this gateway.
//!
//! Invariant: a viewer gets each event once, in order. It joins before its snapshot is requested,
//! so no event falls between the two. Whenever a number is missing, or the bus reports that
//! messages may have been lost, one resync for all viewers brings the events after the last one
//! seen.
//!
//! There is no task and no subscription per table: one task hears the feed of all tables.

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

/// The watched tables, and the channel to the task that repairs gaps.
pub(crate) struct Feeds {
    watched: Arc<Watched>,
    to_repair: mpsc::UnboundedSender<TableId>,
}

/// The watched tables.
#[derive(Default)]
struct Watched(Mutex<HashMap<TableId, TableFeed>>);

impl Feeds {
    /// Subscribes to the feed and starts the task.
    ///
    /// # Errors
    /// When the connection is closed for good.
    pub(crate) async fn start(
        bus: &Bus,
        fleet: &FleetClient,
        connections: &Arc<Connections>,
    ) -> Result<Self, BusError> {
        // Taken before the subscription, so that every later loss is noticed.
        let gaps = bus.gaps();
        let news = bus.subscribe(subject::TABLE_FEED.to_owned()).await?;
        let (to_repair, repairs) = mpsc::unbounded_channel();
        let watched = Arc::new(Watched::default());
        let pump =
            Pump::new(Arc::clone(&watched), repairs, bus.clone(), fleet.clone(), Arc::clone(connections));
        tokio::spawn(pump.run(news, gaps));
        Ok(Self { watched, to_repair })
    }

    /// Adds a viewer; events from now on are held for it until [`Feeds::caught_up`]. Returns the
    /// number of the last event that it has seen, if it was watching already.
    pub(crate) fn join(&self, table: TableId, viewer: u64, outbox: &Arc<Outbox>) -> Option<u64> {
        self.watched.lock().entry(table).or_default().join(viewer, outbox)
    }

    /// Sends the viewer its snapshot, as the answer to `re` or without a request, and the events
    /// after it.
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

    /// Lets a viewer whose snapshot did not come go on where it was. Returns whether it still
    /// watches.
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

    /// Returns whether the viewer watches the table; a closed table has no viewers.
    pub(crate) fn is_watched_by(&self, table: TableId, viewer: u64) -> bool {
        self.watched.lock().get(&table).is_some_and(|feed| feed.has(viewer))
    }

    /// Removes a viewer.
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
