//! Tournament coordinator: owns partitions of tournaments and keeps each tournament's journal.
//!
//! `coordinator` joins the fleet and answers questions; `partition` is the task of one owned partition, which hands requests to its
//! tournaments; `host` is the one task of a tournament and `carry_out` its way from a command to the record and what follows
//! from it; `recovery` reads journals, `cadence` says when a record carries a snapshot; `outside` is what is done at cashier and
//! tables, `placement` chooses where new tables live; `lobby` answers questions about all tournaments at once.

mod cadence;
mod carry_out;
mod coordinator;
mod host;
mod lobby;
mod outside;
mod partition;
mod placement;
mod recovery;
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
