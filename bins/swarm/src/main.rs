//! The load generator, and the measurements that are made with it.
//!
//! | module | for |
//! | --- | --- |
//! | `play` | players over real sockets, checked: `swarm play` |
//! | `replay` | recorded hands, played again and compared: `swarm replay` |
//! | `room` | accounts, tables and seats for them on a fleet that is up |
//! | `plan`, `tally` | the orders to worker processes, and what their players count |
//! | `crew` | worker processes: tens of thousands of players each, which all follow the same orders |
//! | `fleet` | a running fleet: its processes and their usage |
//! | `raw` | the same traffic without poker, sessions or views: the limit that measurements are compared with |
//! | `bench` | `swarm bench`, which is `make bench` |
//!
//! Invariants: players know only the frames from their sockets; every random choice follows from a
//! printed seed.

mod bench;
mod crew;
mod fleet;
mod latency;
mod pace;
mod plan;
mod play;
mod raw;
mod replay;
mod room;
mod tally;
mod usage;

use anyhow::Context;
use clap::{Parser, Subcommand};
use std::io::{IsTerminal, stderr};
use tracing_subscriber::EnvFilter;

/// The allocator of the fleet's roles, so that the raw limit is as fast.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Plays poker with very many players, and measures the fleet.
#[derive(Debug, Parser)]
#[command(name = "swarm", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play at many tables of a fleet that is up; ends with one line of JSON
    Play(play::Args),
    /// Play recorded hands on a fleet that is up with --scripted-decks, and compare; ends with one
    /// line of JSON
    Replay(replay::Args),
    /// Measure; prints one line of JSON per measurement
    Bench(bench::Args),
    /// Players of one process: started by the other commands
    #[command(hide = true)]
    Worker,
    /// A gateway without sessions and views: started by `bench`
    #[command(hide = true)]
    RawGateway(raw::gateway::Args),
    /// A table worker without poker: started by `bench`
    #[command(hide = true)]
    RawWorker(raw::worker::Args),
}

fn main() -> anyhow::Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    lines.with_ansi(stderr().is_terminal()).init();
    match Cli::parse().command {
        Command::Worker => play::worker::run(),
        Command::Play(args) => many_threads(play::run(args)),
        Command::Replay(args) => many_threads(replay::run(args)),
        Command::Bench(args) => many_threads(bench::run(args)),
        Command::RawGateway(args) => as_in_the_fleet(raw::gateway::run(args)),
        Command::RawWorker(args) => as_in_the_fleet(raw::worker::run(args)),
    }
}

fn many_threads(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Runs a stand-in on the runtime of the role that it stands in for.
fn as_in_the_fleet(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    bus::runtime::runtime().context("cannot start threads")?.block_on(work)
}
