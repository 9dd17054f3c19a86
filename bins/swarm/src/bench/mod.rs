//! `swarm bench`: measurements, one line of JSON each. docs/performance/method.md explains the
//! figures.

mod archive;
mod bare;
mod bench_fleet;
mod bots;
mod days;
mod growth;
mod handoff;
mod limit;
mod node;
mod pipeline;
mod replay;
mod takeover;
mod whole;

use crate::room::RoomArgs;
use clap::ValueEnum;
use std::time::Duration;

/// Most connections of one gateway: 20,000 open files are allowed.
const PER_GATEWAY: usize = 18_000;
/// Time of play before a measurement.
const WARM_UP: Duration = Duration::from_secs(3);
/// How often players think before a measurement.
const THOUGHTS: u32 = 5;
/// Median time to think at human pace: 27,000 tables then see about 5,000 actions a second.
const THINK_MS: u32 = 4_500;

/// Options of `bench`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Only these measurements [default: all]
    #[arg(long, value_delimiter = ',')]
    only: Vec<Bench>,
    /// Tables, instead of each measurement's own sizes
    #[arg(long, value_delimiter = ',')]
    tables: Vec<usize>,
    /// How long each is measured, in seconds
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Seed of every choice by chance [default: another one each time; it is printed]
    #[arg(long)]
    seed: Option<u64>,
    /// Gateways [default: as many as the players need, at least 2]
    #[arg(long)]
    gateways: Option<usize>,
    /// Table workers
    #[arg(long, default_value_t = 2)]
    table_workers: usize,
    /// Archivists; 0 leaves journals as they are
    #[arg(long, default_value_t = 1)]
    archivists: usize,
    /// Silence after which gateways take a connection for lost, in milliseconds: a client that has
    /// sent no frame for two thirds of it pings. The default leaves pings out, so that only actions
    /// are measured
    #[arg(long, default_value_t = 600_000)]
    idle_ms: u32,
    /// Days of `days`: so often every table is replaced by another one
    #[arg(long, default_value_t = 7)]
    days: u32,
    /// Processes that play [default: as for `play`]
    #[arg(long)]
    processes: Option<usize>,
}

/// A measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Bench {
    /// Actions per second through sockets, gateways, table workers and the journal
    Pipeline,
    /// A whole room at human pace
    Room,
    /// WebSocket players on one gateway
    Node,
    /// Death of the worker that owns half of the tables
    Takeover,
    /// Cost per action as tables grow in number
    Growth,
    /// Decisions of bots
    Bots,
    /// Connections through the look-up of the least loaded gateway
    HandOff,
    /// Recorded hands, all at once, each compared with its record
    Replay,
    /// Measure the archivist at human pace: rows, bytes, lag, processor time
    Archive,
    /// Takeover, memory and lobby after very many tables were played, closed and replaced
    Days,
}

impl Args {
    fn sizes(&self, own: &[usize]) -> Vec<usize> {
        if self.tables.is_empty() { own.to_vec() } else { self.tables.clone() }
    }

    const fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Returns a room of five-handed tables, with its seed.
    fn room(&self, tables: usize) -> anyhow::Result<RoomArgs> {
        let mut room = RoomArgs::of(tables);
        (room.seed, room.processes) = (self.seed, self.processes);
        room.seed = Some(room.seed()?);
        Ok(room)
    }

    /// Returns the number of gateways for the players, with some capacity to spare.
    fn gateways_for(&self, room: &RoomArgs) -> usize {
        self.gateways.unwrap_or_else(|| room.connections().div_ceil(PER_GATEWAY - 500).max(2))
    }
}

/// Carries out the measurements that were asked for.
///
/// # Errors
/// When a fleet cannot be started, or violations were found.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let all = Bench::value_variants();
    let wanted = all.iter().filter(|bench| args.only.is_empty() || args.only.contains(bench));
    for bench in wanted {
        match bench {
            Bench::Pipeline => pipeline::run(&args).await?,
            Bench::Room => whole::run(&args).await?,
            Bench::Node => node::run(&args).await?,
            Bench::Takeover => takeover::run(&args).await?,
            Bench::Growth => growth::run(&args).await?,
            Bench::Bots => bots::run(&args).await?,
            Bench::HandOff => handoff::run(&args).await?,
            Bench::Replay => replay::run(&args).await?,
            Bench::Archive => archive::run(&args).await?,
            Bench::Days => days::run(&args).await?,
        }
    }
    Ok(())
}
