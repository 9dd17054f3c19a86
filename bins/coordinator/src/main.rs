//! Tournament coordinator: owns partitions of tournaments and keeps each tournament's journal.
//!
//! `coordinator` follows the ownership of partitions; `partition` is the task of one owned partition, which hands requests to its
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
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
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
    let bus = cli.bus.connect(Role::Coordinator).await?;
    let node = cli.bus.node_id(Role::Coordinator.name())?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let stop = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    Ok(coordinator::run(bus, node, stop).await?)
}
