//! Connects a table's host with the fleet: decodes requests, publishes news, and carries out
//! effects.

use crate::{feed::Feed, outside, worker_index::WorkerIndex};
use bus::{Bus, Request, clock::now_ms};
use host::EffectResult;
use hosting::{Asked, Service};
use passes::Checker;
use poker::hosted::{OwnerOptions, TableEffect, TableHost, TableOrder, TablePublication};
use std::sync::{Arc, atomic::Ordering::Relaxed};
use wire::{
    Epoch, Refusal, TableId,
    bots::BotAsk,
    codec,
    event::{HandEvent, TableEvent},
    journal::Cause,
    subject::{self, BOT_ASK},
    table::TableRequest,
};

/// The parts that all partitions of a worker share.
#[derive(Clone)]
pub struct Tables {
    pub bus: Bus,
    pub feed: Feed,
    pub shared: Arc<WorkerIndex>,
    pub options: OwnerOptions,
    pub passes: Arc<Checker>,
}

impl Service for Tables {
    type Aggregate = TableHost;

    fn commands(partition: u16) -> String {
        subject::table_commands(partition)
    }

    fn journals(partition: u16) -> String {
        subject::table_journals(partition)
    }

    fn journal(id: TableId) -> String {
        subject::table_journal(id)
    }

    fn parse_journal(subject: &str) -> Option<TableId> {
        subject::parse_table_journal(subject)
    }

    fn decode(&self, request: &Request) -> Result<Asked<TableHost>, Refusal> {
        let decoded = request.decode().map_err(|error| {
            tracing::warn!(%error, "a table request cannot be read: it is refused");
            Refusal::bad_message(error.to_string())
        })?;
        let TableRequest { table, id, player, command, on_feed, pass } = decoded;
        let sender = hosting::sender(request)?;
        sender.check_table(player, &command)?;
        self.passes.check(sender, player, pass.as_ref(), now_ms())?;
        let command = TableOrder::Asked { command, sender, options: self.options };
        Ok(Asked { id: table, cause: Cause { player, id }, command, rides: on_feed })
    }

    async fn tell(&self, host: &TableHost, epoch: Epoch, news: TablePublication, answers: Option<&Request>) {
        match news {
            TablePublication::Happened(told) => {
                self.feed.publish(host.table(), &told.events, told.public, answers).await;
                self.count(&told.events);
                if told.events.iter().any(changes_index) {
                    self.shared.update(host.table(), epoch);
                }
            }
            TablePublication::Repeated(told) => {
                self.feed.publish(host.table(), &told.events, told.public, None).await;
            }
            TablePublication::AskBot(ask) => self.ask_bot(&ask).await,
        }
    }

    fn loaded(&self, host: &TableHost, epoch: Epoch) {
        self.shared.update(host.table(), epoch);
    }

    fn evicted(&self, id: TableId, epoch: Epoch) {
        self.shared.forget(id, epoch);
    }

    async fn attempt(self, id: TableId, effect: TableEffect, tries: u32) -> EffectResult<TableOrder> {
        let TableEffect { tournament, effect } = effect;
        outside::attempt(&self.bus, id, tournament, effect, tries).await
    }
}

impl Tables {
    async fn ask_bot(&self, ask: &BotAsk) {
        // While the server is away, requests to bots would only queue up.
        if !self.bus.is_connected() {
            return;
        }
        let sent = match codec::encode(ask) {
            Ok(ask) => self.bus.publish(BOT_ASK.to_owned(), ask.into()).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "a bot worker is not asked for a decision: the request is repeated later");
        }
    }

    fn count(&self, events: &[TableEvent]) {
        for event in events {
            match event {
                TableEvent::HandEnded { .. } => self.shared.hands.fetch_add(1, Relaxed),
                TableEvent::Hand(HandEvent::Acted { .. }) => self.shared.actions.fetch_add(1, Relaxed),
                _ => continue,
            };
        }
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
