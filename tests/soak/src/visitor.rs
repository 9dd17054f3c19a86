//! A visitor's program: watches a few tables, changes them now and then, asks for tables that do
//! not exist, and must never see a card that is not public.

use crate::{chance::Chance, now::now_ms, player::RunPhase};
use client::Client;
use std::{collections::VecDeque, time::Duration};
use testkit::check::ClientLog;
use tokio::{sync::watch, time::interval};
use wire::{TableId, client::ClientMessage};

/// Tables that a visitor watches at the same time.
const WATCHED: usize = 3;
/// How often a visitor changes a table.
const CHANGES: Duration = Duration::from_secs(5);
/// Tables that do not exist for which a visitor asks at each change.
const INVENTED: u64 = 10;
/// First id of tables that do not exist.
const FIRST_INVENTED: u64 = 1 << 45;

/// Watches until told to stop; returns the log.
///
/// # Errors
/// When no gateway accepts the connection.
pub async fn visit(
    connection: client::Options,
    tables: Vec<TableId>,
    mut chance: Chance,
    mut stage: watch::Receiver<RunPhase>,
) -> anyhow::Result<ClientLog> {
    let mut client = Client::connect(connection).await?;
    let handle = client.handle();
    let mut log = ClientLog::of(None);
    let mut watched = VecDeque::new();
    let mut look = interval(CHANGES);
    loop {
        tokio::select! {
            event = client.next() => match event {
                Some(event) => log.see(&event, now_ms()),
                None => return Ok(log),
            },
            _ = look.tick() => {
                // These answers are not checked: such requests must not delay the tables.
                for _ in 0..INVENTED {
                    let (handle, table) = (handle.clone(), TableId(FIRST_INVENTED + chance.below(1 << 30)));
                    tokio::spawn(async move {
                        let _ = handle.request(ClientMessage::Resync { table, since: None }).await;
                    });
                }
                if let Some(&table) = chance.pick(&tables)
                    && !watched.contains(&table)
                {
                    let gone = (watched.len() == WATCHED).then(|| watched.pop_front()).flatten();
                    watched.push_back(table);
                    let handle = handle.clone();
                    tokio::spawn(async move {
                        if let Some(table) = gone {
                            let _ = handle.request(ClientMessage::Unwatch { table }).await;
                        }
                        let _ = handle.request(ClientMessage::Watch { table, since: None }).await;
                    });
                }
            }
            Ok(()) = stage.changed() => {
                if *stage.borrow_and_update() == RunPhase::Stop {
                    return Ok(log);
                }
            }
        }
    }
}
