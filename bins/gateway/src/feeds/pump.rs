//! The task that takes the messages of many tables' subscriptions, and asks tables again where some are missing.

use super::{Opened, Shard};
use crate::{ask::Asker, chunk::Chunk, connections::Connections, limits::REPAIR_PAUSE};
use bus::Message;
use futures::{
    StreamExt,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered, SelectAll},
};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};
use wire::{
    TableId,
    client::ServerMessage,
    table::{DealtCards, Resync, TableReply},
};

/// A message of a subscription.
type Heard = (TableId, u64, Message);
/// A table that was asked, and its answer, if there was one.
type Repaired = (TableId, u64, Option<Resync>);

/// See the module.
pub(super) struct Pump {
    shard: Arc<Shard>,
    opened: mpsc::UnboundedReceiver<Opened>,
    to_repair: mpsc::UnboundedReceiver<TableId>,
    asker: Asker,
    connections: Arc<Connections>,
    streams: SelectAll<BoxStream<'static, Heard>>,
    repairs: FuturesUnordered<BoxFuture<'static, Repaired>>,
}

impl Pump {
    pub(super) fn new(
        shard: Arc<Shard>,
        opened: mpsc::UnboundedReceiver<Opened>,
        to_repair: mpsc::UnboundedReceiver<TableId>,
        asker: Asker,
        connections: Arc<Connections>,
    ) -> Self {
        let (streams, repairs) = (SelectAll::new(), FuturesUnordered::new());
        Self { shard, opened, to_repair, asker, connections, streams, repairs }
    }

    /// Runs for as long as the node.
    pub(super) async fn run(mut self, mut gaps: watch::Receiver<u64>) {
        loop {
            tokio::select! {
                opened = self.opened.recv() => match opened {
                    Some(opened) => self.open(opened),
                    None => return,
                },
                Some(heard) = self.streams.next(), if !self.streams.is_empty() => self.hear(heard),
                Some(table) = self.to_repair.recv() => self.repair(table),
                Some(repaired) = self.repairs.next(), if !self.repairs.is_empty() => self.repaired(repaired),
                Ok(()) = gaps.changed() => self.doubt(),
            }
        }
    }

    fn open(&mut self, opened: Opened) {
        let Opened { table, generation, subscription, stop } = opened;
        let heard = subscription.map(move |message| (table, generation, message));
        self.streams.push(heard.take_until(stop).boxed());
    }

    fn hear(&mut self, (table, generation, message): Heard) {
        let (chunk, cards) = match Chunk::parse(message.payload) {
            Ok((chunk, cards)) => (Arc::new(chunk), cards),
            Err(error) => {
                tracing::warn!(%table, %error, "a message of the table's feed makes no sense");
                return;
            }
        };
        if let Some(question) = message.answers {
            // First: the answer then leaves together with the events.
            self.asker.answered(question, &TableReply::Done { event_no: chunk.last() });
        }
        let mut tables = self.shard.lock();
        let Some(feed) = tables.get_mut(&table).filter(|feed| feed.generation() == generation) else {
            return;
        };
        let gap = feed.hear(&chunk);
        if feed.is_empty() {
            tables.remove(&table);
        }
        drop(tables);
        // After the deal that they belong to.
        for DealtCards { player, cards } in cards {
            self.connections.tell(player, ServerMessage::Cards(cards));
        }
        if gap {
            self.repair(table);
        }
    }

    /// Messages may have been lost: whoever watches may miss some.
    fn doubt(&mut self) {
        let mut tables = self.shard.lock();
        let doubted: Vec<TableId> =
            tables.iter_mut().filter_map(|(&table, feed)| feed.doubt().then_some(table)).collect();
        drop(tables);
        for table in doubted {
            self.repair(table);
        }
    }

    /// Asks a table for what its viewers miss, unless it is being asked.
    fn repair(&mut self, table: TableId) {
        let mut tables = self.shard.lock();
        let Some(feed) = tables.get_mut(&table) else { return };
        let Some(since) = feed.ask() else { return };
        let generation = feed.generation();
        drop(tables);
        tracing::debug!(%table, since, "events are missing: the table is asked");
        let asker = self.asker.clone();
        self.repairs.push(Box::pin(async move {
            let answer = asker.replay(table, since).await;
            if answer.is_none() {
                sleep(REPAIR_PAUSE).await;
            }
            (table, generation, answer)
        }));
    }

    fn repaired(&mut self, (table, generation, answer): Repaired) {
        let mut tables = self.shard.lock();
        let Some(feed) = tables.get_mut(&table).filter(|feed| feed.generation() == generation) else {
            return;
        };
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
