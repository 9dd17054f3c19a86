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
use poker::hosted::{CHAT_RATE, OwnerOptions};
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
    /// Lines of chat per second that one table takes over a long time; more are refused by name. A
    /// player may say a fifth of them. From 1,001 on there is no limit
    #[arg(long, value_name = "N", default_value_t = CHAT_RATE, value_parser = clap::value_parser!(u32).range(1..))]
    chat_rate: u32,
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
    let options = OwnerOptions { takes_scripts: cli.scripted_decks, chat_rate: cli.chat_rate };
    worker::run(bus, node, options, &stop).await
}
