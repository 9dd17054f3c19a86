//! Table worker: owns partitions of tables, keeps each table's journal, runs the clocks, feeds the viewers.
//!
//! `worker` joins the fleet and answers questions; `hosting` runs the partitions and `poker` has the rules;
//! `service` is what a table's host does with the world: `outside` talks to cashier and coordinators,
//! `feed` tells players, `shared` is what questions are answered from.

mod feed;
mod outside;
mod service;
mod worker;
mod worker_index;

use anyhow::Context;
use bus::Stop;
use clap::Parser;
use wire::fleet::Role;

/// A tenth of the processor time per action less than with the system's (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Hosts poker tables; start as many as there are cores to use.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    bus: bus::Args,
    /// Take scripts: hands whose decks are written down, not shuffled, at tables made for that. For replays of recorded
    /// hands; never where people play
    #[arg(long)]
    scripted_decks: bool,
}

fn main() -> anyhow::Result<()> {
    bus::runtime::runtime().context("cannot start threads")?.block_on(run())
}

async fn run() -> anyhow::Result<()> {
    bus::log_to_stderr();
    let cli = Cli::parse();
    let stop = Stop::listen().context("cannot listen for signals")?;
    let bus = cli.bus.connect(Role::TableWorker).await?;
    let node = cli.bus.node_id(Role::TableWorker.name())?;
    worker::run(bus, node, cli.scripted_decks, &stop).await
}
