//! Tells tables of players whose connection is gone.

use crate::{
    fleet_client::FleetClient,
    limits::{DISCONNECT_DELAY, DISCONNECTS_AT_ONCE},
};
use std::{collections::BTreeSet, sync::Arc};
use tokio::{sync::Semaphore, time::sleep};
use wire::{
    CommandId, ConnectionId, PlayerId, TableId,
    table::{TableCommand, TableReply, TableRequest},
};

/// Tries before a table is left to find out by its clock.
const TRIES: u32 = 3;

/// Reports lost connections to the tables where their players sit.
pub(crate) struct DisconnectNotifier {
    fleet: FleetClient,
    /// Bounds the gateway's own requests: when a network fails, all players' connections are lost
    /// at once.
    turns: Arc<Semaphore>,
}

impl DisconnectNotifier {
    pub(crate) fn new(fleet: &FleetClient) -> Self {
        Self { fleet: fleet.clone(), turns: Arc::new(Semaphore::new(DISCONNECTS_AT_ONCE)) }
    }

    /// Tells these tables, soon and in the background. Who is back on another connection by then is
    /// not gone: tables know the newer one.
    pub(crate) fn say(&self, player: PlayerId, connection: &ConnectionId, tables: BTreeSet<TableId>) {
        for table in tables {
            let command = TableCommand::Gone { connection: connection.clone() };
            let request =
                TableRequest { table, id: own_command_id(), player: Some(player), command, on_feed: false };
            tokio::spawn(tell(self.fleet.clone(), Arc::clone(&self.turns), request));
        }
    }
}

async fn tell(fleet: FleetClient, turns: Arc<Semaphore>, request: TableRequest) {
    sleep(DISCONNECT_DELAY).await;
    for _ in 0..TRIES {
        let Ok(_turn) = turns.acquire().await else { return };
        match fleet.table(&request).await {
            Ok(TableReply::Refused(refusal)) if refusal.is_transient() => {}
            Ok(_) => return,
            Err(refusal) => {
                tracing::warn!(table = %request.table, %refusal, "a table was not told who is gone");
            }
        }
    }
}

/// The id of what a gateway tells by itself.
pub(crate) fn own_command_id() -> CommandId {
    CommandId::from_random(getrandom::u64().unwrap_or_default())
}
