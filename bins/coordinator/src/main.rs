//! Tournament coordinator: owns partitions of tournaments and keeps each tournament's journal.
//!
//! `coordinator` joins the fleet and answers questions; `hosting` runs the partitions and `tournament` has
//! the rules; `service` is what a tournament's host does with the world; `outside` is what is done at
//! cashier and tables, `placement` chooses where new tables live; `lobby` answers questions about all
//! tournaments at once.

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
