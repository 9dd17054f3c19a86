//! The task that hears the feed of all tables, and asks tables for a resync after gaps.

use super::{
    Watched,
    batch::Batch,
    news::{BorrowedFeedMessage, TableNews},
};
use crate::{
    chunk::Chunk, connections::Connections, fleet_client::FleetClient, format, limits::REPAIR_PAUSE,
};
use bus::{Bus, Subscription};
use futures::{StreamExt, future::BoxFuture, stream::FuturesUnordered};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use wire::{
    TableId,
    client::ServerMessage,
    sender::Sender,
    subject,
    table::{DealtCards, Resync, TableReply},
};

/// A table that was asked for a resync, and its answer, if one came.
type Repaired = (TableId, Option<Resync>);

/// The state of the task.
pub(super) struct Pump {
    watched: Arc<Watched>,
    to_repair: mpsc::UnboundedReceiver<TableId>,
    bus: Bus,
    fleet: FleetClient,
    connections: Arc<Connections>,
    repairs: FuturesUnordered<BoxFuture<'static, Repaired>>,
    batch: Batch,
}

impl Pump {
    pub(super) fn new(
        watched: Arc<Watched>,
        to_repair: mpsc::UnboundedReceiver<TableId>,
        bus: Bus,
        fleet: FleetClient,
        connections: Arc<Connections>,
    ) -> Self {
        Self {
            watched,
            to_repair,
            bus,
            fleet,
            connections,
            repairs: FuturesUnordered::new(),
            batch: Batch::new(),
        }
    }

    /// Runs as long as the gateway.
    pub(super) async fn run(mut self, mut news: Subscription, mut gaps: watch::Receiver<u64>) {
        loop {
            tokio::select! {
                message = news.next() => match message {
                    Some(message) => self.hear(&message.payload),
                    None => return,
                },
                () = self.batch.due() => self.batch.send(),
                Some(table) = self.to_repair.recv() => self.repair(table),
                Some(repaired) = self.repairs.next(), if !self.repairs.is_empty() => self.repaired(repaired),
                Ok(()) = gaps.changed() => self.doubt(),
            }
        }
    }

    fn hear(&mut self, payload: &[u8]) {
        match BorrowedFeedMessage::parse(payload) {
            Ok(BorrowedFeedMessage { told }) => told.into_iter().for_each(|told| self.tell(told)),
            Err(error) => {
                tracing::warn!(%error, "a feed message cannot be decoded and is left out: viewers get its events by a resync")
            }
        }
    }

    /// Passes the news of one table on.
    fn tell(&mut self, told: TableNews<'_>) {
        if self.bus.has_scouts() {
            // Its owner is subscribed to commands: after a takeover this is the first sign of the
            // new owner.
            self.bus.found(&subject::table_commands_of(told.table, Sender::Gateway));
        }
        let question = told.answers.and_then(|inbox| self.bus.question(inbox));
        let mut tables = self.watched.lock();
        let feed = tables.get_mut(&told.table);
        if feed.is_none() && question.is_none() {
            return;
        }
        let chunk = match Chunk::parse(told.frame()) {
            Ok(chunk) => Arc::new(chunk),
            Err(error) => {
                tracing::warn!(table = %told.table, %error, "a table's news cannot be decoded and are left out: viewers get the events by a resync");
                return;
            }
        };
        let mut gap = false;
        if let Some(feed) = feed {
            gap = feed.hear(&chunk, |outbox, frame| self.batch.push(outbox, frame));
            if feed.is_empty() {
                tables.remove(&told.table);
            }
            // Cards follow the deal that they belong to.
            for DealtCards { player, cards } in told.cards {
                self.connections.with_outbox(player, |outbox| {
                    self.batch
                        .push(outbox, format::encode(None, ServerMessage::Cards(cards), outbox.format()));
                });
            }
        }
        drop(tables);
        // The answer comes last: sent before the events, it would make them wait for the batch
        // delay.
        if let Some(question) = question {
            self.fleet.answered(question, &TableReply::Done { event_no: chunk.last() });
        }
        if let Some(player) = told.turn {
            self.connections.with_outbox(player, |outbox| outbox.flush());
        }
        if gap {
            self.repair(told.table);
        }
    }

    /// Asks all tables for a resync, because messages may have been lost.
    fn doubt(&mut self) {
        let mut tables = self.watched.lock();
        let doubted: Vec<TableId> =
            tables.iter_mut().filter_map(|(&table, feed)| feed.doubt().then_some(table)).collect();
        drop(tables);
        for table in doubted {
            self.repair(table);
        }
    }

    /// Asks a table for the events that its viewers miss, unless it is being asked already.
    fn repair(&mut self, table: TableId) {
        let mut tables = self.watched.lock();
        let Some(feed) = tables.get_mut(&table) else { return };
        let Some(since) = feed.ask() else { return };
        drop(tables);
        tracing::debug!(%table, since, "events are missing: the table is asked for a resync");
        let fleet = self.fleet.clone();
        self.repairs.push(Box::pin(async move {
            let answer = fleet.replay(table, since).await;
            if answer.is_none() {
                sleep(REPAIR_PAUSE).await;
            }
            (table, answer)
        }));
    }

    fn repaired(&mut self, (table, answer): Repaired) {
        let mut tables = self.watched.lock();
        let Some(feed) = tables.get_mut(&table) else { return };
        let again = feed.repaired(answer);
        if feed.is_empty() {
            tables.remove(&table);
        }
        drop(tables);
        if again {
            self.repair(table);
        }
    }
}
