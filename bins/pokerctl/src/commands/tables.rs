//! `pokerctl tables`: the tables of the fleet.

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

/// Long enough to hear everybody's heartbeat.
const LISTEN: Duration = Duration::from_millis(800);
/// How long answers are waited for.
const WINDOW: Duration = Duration::from_secs(3);

/// Options of `tables`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tables of tournaments too
    #[arg(long, short)]
    tournaments: bool,
    /// Most tables per table worker
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
}

/// Why the tables cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The question cannot be asked.
    #[error(transparent)]
    Gather(#[from] GatherError),
}

/// Lists the tables, cash tables first.
///
/// # Errors
/// When the fleet cannot be reached or nobody answers.
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

/// Why a question to all processes of a role has no answer.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The question cannot be sent.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// None of that role is there.
    #[error("no {0} is there to answer: see `pokerctl nodes`")]
    Nobody(&'static str),
}

/// Asks every process of a role. A process that does not answer in time is told of on stderr.
///
/// # Errors
/// When none of that role is there, or the question cannot be sent.
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
        return Err(GatherError::Nobody(role.name()));
    }
    let answers = bus.gather(subject, question, there, WINDOW).await?;
    if answers.len() < there {
        eprintln!("pokerctl: {} of {there} answered: the list is not complete", answers.len());
    }
    Ok(answers)
}
