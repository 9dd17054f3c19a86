//! `pokerctl tables`: lists the fleet's tables.

use crate::{
    context::{ConnectError, Context},
    grid::{Grid, json_line},
    words,
};
use bus::{Bus, BusError, Peers};
use serde::{Serialize, de::DeserializeOwned};
use std::time::Duration;
use wire::{
    fleet::Role,
    subject,
    table::{TableSummary, WorkersAnswer, WorkersQuery},
};

/// Time for which heartbeats are awaited, to count the members that must answer: members send one
/// every 250 ms.
const LISTEN: Duration = Duration::from_millis(800);
/// Time for which answers are awaited.
const WINDOW: Duration = Duration::from_secs(3);

/// Options of `tables`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// List tables of tournaments too
    #[arg(long, short)]
    tournaments: bool,
    /// Maximum number of tables per table worker
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
}

/// The reason why tables cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The table workers cannot be asked.
    #[error(transparent)]
    Gather(#[from] GatherError),
}

/// Lists the tables, cash tables first.
///
/// # Errors
/// When the fleet cannot be reached, or no table worker is alive.
pub async fn run(args: &Args, context: &Context) -> Result<(), TablesError> {
    let bus = context.bus().await?;
    let query = WorkersQuery::Tables { limit: args.limit, tournaments: args.tournaments };
    let answers = ask_all(&bus, subject::QUERY_TABLES, &query, Role::TableWorker).await?;
    let mut tables: Vec<TableSummary> = answers
        .into_iter()
        .flat_map(|answer| match answer {
            WorkersAnswer::Tables(tables) => tables,
            WorkersAnswer::Seats(_) | WorkersAnswer::SeatsOf(_) => Vec::new(),
        })
        .collect();
    tables.sort_by_key(|table| (words::purpose(&table.config), table.table));
    if context.json {
        tables.iter().for_each(json_line);
        return Ok(());
    }
    let mut grid = Grid::new(&["#table", "name", "variant", "blinds", "#players", "#hands", "for", "state"]);
    for table in &tables {
        let config = &table.config;
        grid.row(vec![
            table.table.to_string(),
            config.name.clone(),
            words::variant(&config.variant).to_owned(),
            words::level(&config.level),
            format!("{} of {}", table.players, config.seats),
            words::number(table.hands),
            words::purpose(config),
            if table.closed { "closed" } else { "open" }.to_owned(),
        ]);
    }
    grid.print("no tables");
    Ok(())
}

/// The reason why a request to all members of a role has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The request cannot be sent.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// No member of the role is alive.
    #[error("no {0} is alive: see `pokerctl nodes`")]
    NoMember(&'static str),
}

/// Sends a request to all members of a role and returns their answers. A missing answer is reported
/// on stderr.
///
/// # Errors
/// When no member of the role is alive, or the request cannot be sent.
pub async fn ask_all<Q: Serialize, A: DeserializeOwned>(
    bus: &Bus,
    subject: &str,
    question: &Q,
    role: Role,
) -> Result<Vec<A>, GatherError> {
    let peers = Peers::watch(bus).await?;
    tokio::time::sleep(LISTEN).await;
    let there = peers.alive(role).len();
    if there == 0 {
        return Err(GatherError::NoMember(role.name()));
    }
    let answers = bus.gather(subject, question, there, WINDOW).await?;
    if answers.len() < there {
        eprintln!("pokerctl: only {} of {there} members answered: the list is not complete", answers.len());
    }
    Ok(answers)
}
