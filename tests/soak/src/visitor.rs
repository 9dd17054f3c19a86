//! A visitor's program: watches a few tables, changes them now and then, and must never see a card
//! that is not public.

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
