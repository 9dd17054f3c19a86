//! Tournament coordinator: owns partitions of tournaments and keeps each tournament's journal.
//!
//! `coordinator` joins the fleet and answers queries; `hosting` runs the partitions and
//! `tournament` has the rules; `service` connects a tournament's host to the bus; `outside` carries
//! out effects at cashier and tables, `placement` chooses the workers of new tables; `lobby` keeps
//! the list of tournaments.

mod coordinator;
mod lobby;
mod outside;
mod placement;
mod service;
mod source;

use anyhow::Context;
use bus::Stop;
use clap::Parser;
use wire::fleet::Role;

/// Runs tournaments: registration, seating, balancing, places and prizes.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    bus: bus::Args,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    bus::log_to_stderr();
    let cli = Cli::parse();
    let stop = Stop::listen().context("cannot listen for signals")?;
    let bus = cli.bus.connect(Role::Coordinator).await?;
    let node = cli.bus.node_id(Role::Coordinator.name())?;
    Ok(coordinator::run(bus, node, &stop).await?)
}
