//! Table worker: owns partitions of tables, keeps each table's journal, runs the clocks, publishes
//! to viewers.
//!
//! `worker` joins the fleet and answers queries; `hosting` runs the partitions, and `poker` has the
//! rules; `service` connects a table's host with the fleet: `outside` sends requests to cashier and
//! coordinators, `feed` publishes to gateways, `worker_index` has the answers to queries.

mod feed;
mod outside;
mod service;
mod worker;
mod worker_index;

use anyhow::Context;
use bus::Stop;
use clap::Parser;
use wire::fleet::Role;

/// Takes a tenth less processor time per action than the system's allocator
/// (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Hosts poker tables; start one for each core that tables may use
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    bus: bus::Args,
    /// Accept scripts: hands whose decks are written down and not shuffled, at tables created for
    /// them. For replays of recorded hands; never in a room where people play
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
